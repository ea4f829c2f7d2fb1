"""What the network side writes to a UE: 401, 200 to REGISTER and to SUBSCRIBE. Pure: all values are arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum
from typing import Final, Literal, TypeAlias

from imsreg.registration.replies import reply
from imsreg.sip.draft import Draft
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Request

Where: TypeAlias = Literal["contact", "header", "both"]
"""Where a 200 says how long a binding lives: the Contact parameter, Expires, or both (RFC 3261 10.3 step 8)."""

ALLOW = "REGISTER, SUBSCRIBE, OPTIONS"
"""The methods that the network side answers with anything but a refusal."""


class Av(StrEnum):
    """Which authentication vector a challenge carries."""

    RIGHT = "right"
    WRONG_MAC = "wrong-mac"
    """One bit of MAC-A turned over; SQN is fresh."""
    SQN_TOO_OLD = "sqn-too-old"
    """MAC-A is right; SQN is one that the USIM has accepted before, or whose SEQ is zero, which no USIM accepts."""
    SQN_TOO_FAR = "sqn-too-far"
    """MAC-A is right; SEQ lies more than delta above all before (TS 33.102 C.2.1): a USIM with that limit refuses."""
    RES_WITH_NUL = "res-with-nul"
    """A right vector whose RES holds an octet 0x00 between others."""


class Drawn(Enum):
    """Stands for a value that is drawn at random."""

    DRAWN = "drawn"


DRAWN: Final = Drawn.DRAWN


class CannotWrite(Exception):
    """A message that there is no way to write: the text says why."""


def unauthorised(request: Request, challenge: str) -> Draft:
    """A 401 with one WWW-Authenticate value (RFC 3261 22.2)."""
    return reply(request, 401).add("WWW-Authenticate", challenge)


def accepted(
    request: Request,
    contacts: Sequence[tuple[Contact, int]],
    *,
    where: Where,
    path: Sequence[str],
    service_route: Sequence[str],
    associated: Sequence[str],
    proof: AuthenticationInfo | None,
) -> Draft:
    """The 200 to a REGISTER. `contacts` come with the seconds that they are bound for; the other lists as they stand.

    A URI without angle brackets gets them; a value that has some goes out as it is, with commas and parameters. With
    `where` "header" or "both" Expires is that of the contact that lives longest, 0 if there is none.
    """
    response = reply(request, 200)
    for contact, seconds in contacts:
        bare = contact.without("expires")
        response.add("Contact", bare if where == "header" else bare.with_param("expires", seconds))
    if where != "contact":
        response.add("Expires", max((seconds for _, seconds in contacts), default=0))
    for name, values in (("Path", path), ("Service-Route", service_route), ("P-Associated-URI", associated)):
        for value in values:
            response.add(name, value if "<" in value else f"<{value}>")
    if proof is not None:
        response.add(proof.NAME, proof)
    return response


def subscribed(request: Request, contact: str, expires: int) -> Draft:
    """The 200 to a SUBSCRIBE: where the notifier is reached in the dialog, and seconds (RFC 6665 4.2.1.1).

    The proxies that want to stay in the dialog are copied (RFC 3261 12.1.1).
    """
    response = reply(request, 200)
    for route in request.values("Record-Route"):
        response.add("Record-Route", route)
    return response.add("Contact", f"<{contact}>").add("Expires", expires)


def options(target: str, *, via: str, user: str, home_domain: str, token: str) -> Draft:
    """An OPTIONS for `user` from the home domain (RFC 3261 11.1). `token` makes what has to be unique."""
    return (
        Draft.request("OPTIONS", target)
        .add("Via", via)
        .add("Max-Forwards", "70")
        .add("From", f"<sip:{home_domain}>;tag={token[:8]}")
        .add("To", f"<{user}>")
        .add("Call-ID", f"{token}@{home_domain}")
        .add("CSeq", "1 OPTIONS")
        .add("Accept", "application/sdp")
    )


def plain(request: Request, status: int, reason: str | None, headers: Mapping[str, str]) -> Draft:
    """Any response: what RFC 3261 8.2.6.2 copies, and these header fields."""
    response = reply(request, status, reason)
    for name, value in headers.items():
        response.add(name, value)
    return response
