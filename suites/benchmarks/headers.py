"""Reading a REGISTER against the PyPI package sipmessage, on a message that both read.

    python suites/benchmarks/headers.py [--rounds N]

`parse`: what a caller waits for before the first question. Ours finds the fields and makes none of them: it is lazy.
sipmessage divides names from values and reads the Request-URI; so `parse, fields` adds that every field has its name
and value, and `parse, fields, Request-URI` that URI. `all typed`: parsed, and then each of the headers below once as an
object of its type.
"""

from __future__ import annotations

import importlib.util
import sys

from ratios import Ratio, measure, report, rounds

from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.base import Header
from imsreg.sip.headers.call_id import CallId
from imsreg.sip.headers.content_length import ContentLength
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.max_forwards import MaxForwards
from imsreg.sip.headers.name_addr import Contact, From, Route, To
from imsreg.sip.headers.option_tag import ProxyRequire, Require, Supported
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request, parse
from imsreg.sip.uri import Uri

CREDENTIALS = (
    b'username="001010000000001@ims.mnc001.mcc001.3gppnetwork.org", realm="ims.mnc001.mcc001.3gppnetwork.org", '
    b'uri="sip:ims.mnc001.mcc001.3gppnetwork.org", nonce="qlWqVapVqlWqVapVqlWqVUUQA5HEt9VVZ3t1TM221cg=", '
    b'algorithm=AKAv1-MD5, qop=auth, nc=00000001, cnonce="11259375", response="a3f549b13f477562f4445b7277cd83c1"'
)
REGISTER = b"\r\n".join(
    (
        b"REGISTER sip:ims.mnc001.mcc001.3gppnetwork.org SIP/2.0",
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK3941737881;rport",
        b"Max-Forwards: 70",
        b"From: <sip:001010000000001@ims.mnc001.mcc001.3gppnetwork.org>;tag=2922225",
        b"To: <sip:001010000000001@ims.mnc001.mcc001.3gppnetwork.org>",
        b"Call-ID: 2922206_181933240@192.0.2.1",
        b"CSeq: 2922203 REGISTER",
        b'Contact: <sip:001010000000001@192.0.2.1:5060>;+sip.instance="<urn:gsma:imei:35425006-000655-0>"',
        b"Route: <sip:192.0.2.2:5060;lr>",
        b"Expires: 600000",
        b"Require: sec-agree",
        b"Proxy-Require: sec-agree",
        b"Supported: path, sec-agree",
        b"Authorization: Digest " + CREDENTIALS,
        b"Content-Length: 0",
        b"",
        b"",
    )
)
OURS: dict[type[Header], str] = {
    Via: "via",
    MaxForwards: "max_forwards",
    From: "from_address",
    To: "to_address",
    CallId: "call_id",
    CSeq: "cseq",
    Contact: "contact",
    Route: "route",
    Expires: "expires",
    Require: "require",
    ProxyRequire: "proxy_require",
    Supported: "supported",
    Authorization: "authorization",
    ContentLength: "content_length",
}
"""Our type, and the property of sipmessage's Message that gives the same header."""


def our_typed() -> None:
    """Each header once, all its values."""
    message = parse(REGISTER)
    for header in OURS:
        message.get_all(header)


def our_fields() -> object:
    """Every name and value."""
    return parse(REGISTER).headers


def our_fields_and_uri() -> object:
    """What sipmessage has after its parse."""
    message = parse(REGISTER)
    assert isinstance(message, Request)
    return message.headers, Uri.parse(message.request_uri)


def main() -> int:
    """Print the figures; 1 below a least ratio."""
    if importlib.util.find_spec("sipmessage") is None:
        print("Reading headers: skipped, sipmessage is not installed (pip install sipmessage)")
        return 0
    import sipmessage

    def their_typed() -> None:
        message = sipmessage.Message.parse(REGISTER)
        for name in OURS.values():
            getattr(message, name)

    figures = measure(
        {
            "sipmessage: parse": lambda: sipmessage.Message.parse(REGISTER),
            "ours: parse, lazy": lambda: parse(REGISTER),
            "ours: parse, fields": our_fields,
            "ours: parse, fields, Request-URI": our_fields_and_uri,
            "sipmessage: all typed": their_typed,
            "ours: all typed": our_typed,
        },
        rounds(__doc__),
    )
    ratios = (
        Ratio("lazy parse / parse", "ours: parse, lazy", "sipmessage: parse", 3.0),
        Ratio("parse, fields / parse", "ours: parse, fields", "sipmessage: parse", None),
        Ratio("parse, fields, URI / parse", "ours: parse, fields, Request-URI", "sipmessage: parse", None),
        Ratio("all typed / all typed", "ours: all typed", "sipmessage: all typed", 0.5),
    )
    title = f"A REGISTER of {len(REGISTER)} octets, {len(OURS)} headers"
    return report(title, figures, ratios)


if __name__ == "__main__":
    sys.exit(main())
