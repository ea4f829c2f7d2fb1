"""What a request must be for a P-CSCF to pass it on (RFC 3261 16.3; TS 33.203 7.1)."""

from __future__ import annotations

import re
from collections.abc import Set

from imsreg.registration.replies import Refusal
from imsreg.sip.headers.content_length import ContentLength
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.max_forwards import MaxForwards
from imsreg.sip.message import Request

MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")
"""Header fields that every request carries (RFC 3261 8.1.1). A missing Max-Forwards is no error for a proxy (16.3)."""

SINGLE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length")
"""Header fields that a proxy or its transactions read and that come once, being no lists (RFC 3261 7.3.1)."""

PASSING = ("REGISTER", "SUBSCRIBE")
"""What a P-CSCF passes on for a UE: the first for everybody, the other for who is registered."""

LISTED = ("Authorization", "Contact", "Proxy-Require", "Require", "Security-Client", "Security-Verify")
MAX_ELEMENTS = 100
"""Commas that the fields of one LISTED header may hold: an element of a few octets costs hundreds once it is read."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+:")


def admit(request: Request, understood: Set[str], *, protected: bool = False, registered: bool = False) -> None:
    """Check a request; `understood` are the option tags that Proxy-Require may name, in lower case.

    `protected`: it came on a security association. `registered`: it comes from a UE that is registered, and came as
    requests of such a UE have to come.

    Raises Refusal with the response that 16.3 gives, HeaderError for a header field that a proxy reads and cannot.
    """
    require_syntax(request)
    scheme = _SCHEME.match(request.request_uri)
    if scheme is None:
        raise Refusal(400, "Bad Request (Request-URI)")
    # A user may be asked after by his telephone number, but no registrar has one for its name.
    if scheme[0].lower() not in (("sip:", "sips:") if request.method == "REGISTER" else ("sip:", "sips:", "tel:")):
        raise Refusal(416)
    forwards = request.get(MaxForwards)
    if forwards is not None and forwards.hops == 0:
        raise Refusal(483)
    if request.method not in PASSING and protected:
        raise Refusal(405, headers={"Allow": ", ".join(PASSING)})
    if request.method != "REGISTER" and not (request.method in PASSING and registered):
        # Outside a security association nothing else passes (TS 33.203 7.1); to discard it would be as right.
        raise Refusal(403)
    unsupported = [tag for tag in request.option_tags("Proxy-Require") if tag not in understood]
    if unsupported:
        raise Refusal(420, headers={"Unsupported": ", ".join(unsupported)})


def require_syntax(request: Request) -> None:
    """What every element asks of a request that it answers. Raises Refusal, or HeaderError as `admit` does."""
    for name in MANDATORY:
        if not request.values(name) or not request.value(name):
            raise Refusal(400, f"Bad Request (no {name})")
    for name in SINGLE:
        if len(request.fields(name)) > 1:
            raise Refusal(400, f"Bad Request ({name} comes twice)")
    for name in LISTED:
        if sum(field.value.count(",") for field in request.fields(name)) > MAX_ELEMENTS:
            raise Refusal(513)
    if request.version.upper() != "SIP/2.0":
        raise Refusal(505)
    cseq = request.get(CSeq)
    if cseq is None or cseq.method != request.method:
        raise Refusal(400, "Bad Request (CSeq)")
    length = request.get(ContentLength)
    if length is not None and length.octets > len(request.body):
        # A datagram that ends before its body does (RFC 3261 18.3).
        raise Refusal(400, "Bad Request (Content-Length)")
