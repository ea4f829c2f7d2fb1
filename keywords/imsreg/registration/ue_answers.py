"""What a UE that registers and does nothing else answers to requests of the network (RFC 3261 8.2, 11.2, 12.2.2)."""

from __future__ import annotations

from contextlib import suppress

from imsreg.registration.admission import require_syntax
from imsreg.registration.replies import Refusal, reply, unreadable
from imsreg.sip.draft import Draft
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import To
from imsreg.sip.message import Request
from imsreg.sip.reginfo_model import MEDIA_TYPE

ALLOW = "NOTIFY, OPTIONS, CANCEL"
"""The methods that it does not refuse as such."""

UNDERSTOOD = frozenset(("path", "sec-agree"))
"""Option tags that a request may require of it."""


def admissible(request: Request) -> None:
    """Check what holds for every request. Raises Refusal (RFC 3261 8.2.1, 8.2.2)."""
    try:
        require_syntax(request)
    except HeaderError as error:
        raise unreadable(error) from error
    if request.method not in ALLOW.split(", "):
        raise Refusal(481) if _to_tag(request) else Refusal(405, headers={"Allow": ALLOW})
    unknown = [tag for tag in request.option_tags("Require") if tag not in UNDERSTOOD]
    if unknown and request.method != "CANCEL":
        raise Refusal(420, headers={"Unsupported": ", ".join(unknown)})


def answer_to(request: Request) -> Draft:
    """The response to an admissible request that is no NOTIFY. Raises Refusal."""
    if request.method == "CANCEL" or _to_tag(request):
        # There is nothing to cancel, and no dialog but the subscription's, in which only NOTIFY comes.
        raise Refusal(481)
    return reply(request, 200).add("Allow", ALLOW).add("Accept", MEDIA_TYPE).add("Supported", "path")


def _to_tag(request: Request) -> str | None:
    with suppress(HeaderError):
        to = request.get(To)
        return to.tag if to is not None else None
    return None
