"""The names of header fields: canonical long names, compact forms, and which headers are comma-separated lists."""

from __future__ import annotations

from collections.abc import Mapping

COMPACT: Mapping[str, str] = {
    "Accept-Contact": "a",  # RFC 3841 10
    "Allow-Events": "u",  # RFC 6665 8.2.2
    "Call-ID": "i",  # this and the others without a note: RFC 3261 20
    "Contact": "m",
    "Content-Encoding": "e",
    "Content-Length": "l",
    "Content-Type": "c",
    "Event": "o",  # RFC 6665 8.2.1
    "From": "f",
    "Identity": "y",  # RFC 8224 4
    "Refer-To": "r",  # RFC 3515 2.1
    "Referred-By": "b",  # RFC 3892 3
    "Reject-Contact": "j",  # RFC 3841 10
    "Request-Disposition": "d",  # RFC 3841 10
    "Session-Expires": "x",  # RFC 4028 4
    "Subject": "s",
    "Supported": "k",
    "To": "t",
    "Via": "v",
}
"""The compact form of every header that has one."""

_LIST_NAMES = """
    Accept Accept-Contact Accept-Encoding Accept-Language Accept-Resource-Priority Alert-Info Allow Allow-Events
    Call-Info Contact Content-Encoding Content-Language Error-Info Feature-Caps Geolocation History-Info In-Reply-To
    P-Access-Network-Info P-Asserted-Identity P-Associated-URI P-Charging-Function-Addresses P-Media-Authorization
    P-Preferred-Identity P-Visited-Network-ID Path Permission-Missing Policy-Contact Proxy-Require Reason Record-Route
    Recv-Info Reject-Contact Request-Disposition Require Resource-Priority Route Security-Client Security-Server
    Security-Verify Service-Route Supported Unsupported Via Warning
"""
LISTS: frozenset[str] = frozenset(_LIST_NAMES.split())
"""Headers whose value is a comma-separated list, so that one field with a list means the same as several fields
(RFC 3261 7.3.1). Every other comma, in a Date, in Digest parameters, in an unknown header, is a character."""

_OTHER_NAMES = """
    Answer-Mode Authentication-Info Authorization CSeq Call-ID Content-Disposition Content-Length Content-Type Date
    Event Expires Flow-Timer From Geolocation-Error Geolocation-Routing Identity Info-Package Join MIME-Version
    Max-Breadth Max-Forwards Min-Expires Min-SE Organization P-Called-Party-ID
    P-Charging-Vector P-Early-Media P-Private-Network-Indication P-Profile-Key P-Served-User P-User-Database Priority
    Privacy Proxy-Authenticate Proxy-Authorization RAck RSeq Refer-Sub Refer-To Referred-By Replaces Reply-To
    Resource-Share Retry-After SIP-ETag SIP-If-Match Server Session-Expires Session-ID Subject Subscription-State
    Suppress-If-Match Target-Dialog Timestamp To User-Agent User-to-User WWW-Authenticate
"""

_LONG: dict[str, str] = {name.lower(): name for name in (*LISTS, *_OTHER_NAMES.split(), *COMPACT)}
_LONG.update({short: name for name, short in COMPACT.items()})

_FROM_WIRE: dict[bytes, str] = {name.encode("ascii"): name for name in _LONG.values()}
_FROM_WIRE.update({short.encode("ascii"): name for name, short in COMPACT.items()})

_KEYS: dict[str, str] = {name: name.lower() for name in _LONG.values()}
_KEYS_FROM_WIRE: dict[bytes, str] = {octets: name.lower() for octets, name in _FROM_WIRE.items()}


def canonical(name: str) -> str:
    """The long name as its specification writes it: "v", "VIA" and "via" are "Via". Unknown names stay as they are."""
    return _LONG.get(name.lower(), name)


def is_known(name: str) -> bool:
    """Whether a specification names this header, in its long or compact form and in any case."""
    return name.lower() in _LONG


def canonical_from_wire(name: bytes) -> str:
    """`canonical` for the octets of a message, without the blanks around them.

    What is not UTF-8 becomes lone surrogates (surrogateescape).
    """
    known = _FROM_WIRE.get(name)
    return known if known is not None else canonical(name.strip(b" \t").decode("utf-8", "surrogateescape"))


def key_of(name: str) -> str:
    """What tells headers apart: the long name in lower case."""
    known = _KEYS.get(name)
    return known if known is not None else canonical(name).lower()


def key_from_wire(name: bytes) -> str:
    """`key_of` for the octets of a message, without the blanks around them."""
    known = _KEYS_FROM_WIRE.get(name)
    return known if known is not None else canonical_from_wire(name).lower()
