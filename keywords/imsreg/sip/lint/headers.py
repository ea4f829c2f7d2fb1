"""What lint knows of each header that has a grammar: where it is written, how often it may come, what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """How values of a header come together (RFC 3261 7.3.1)."""

    SINGLE = "one field with one value"
    LIST = "any number of fields, each with a comma list"
    ROWS = "any number of fields with one value each, never combined"


class HeaderInfo(NamedTuple):
    """A header: its clause, its kind, and whether each of its values is an address (name-addr or addr-spec)."""

    clause: str
    kind: Kind
    address: bool = False


_TABLE = """
    Accept                         20.1   list
    Accept-Encoding                20.2   list
    Accept-Language                20.3   list
    Alert-Info                     20.4   list
    Allow                          20.5   list
    Allow-Events                   RFC_6665_8.4 list
    Authentication-Info            20.6   list
    Authorization                  20.7   rows
    CSeq                           20.16  single
    Call-ID                        20.8   single
    Call-Info                      20.9   list
    Contact                        20.10  list   address
    Content-Disposition            20.11  single
    Content-Encoding               20.12  list
    Content-Language               20.13  list
    Content-Length                 20.14  single
    Content-Type                   20.15  single
    Date                           20.17  single
    Error-Info                     20.18  list
    Event                          RFC_6665_8.4 single
    Expires                        20.19  single
    Flow-Timer                     RFC_5626_12 single
    From                           20.20  single address
    In-Reply-To                    20.21  list
    MIME-Version                   20.24  single
    Max-Forwards                   20.22  single
    Min-Expires                    20.23  single
    Min-SE                         RFC_4028_5 single
    Organization                   20.25  single
    P-Access-Network-Info          RFC_7315_5.4 list
    P-Asserted-Identity            RFC_3325_9.1 list address
    P-Associated-URI               RFC_7315_5.1 list address
    P-Called-Party-ID              RFC_7315_5.2 single address
    P-Charging-Function-Addresses  RFC_7315_5.5 list
    P-Charging-Vector              RFC_7315_5.6 single
    P-Preferred-Identity           RFC_3325_9.2 list address
    P-Visited-Network-ID           RFC_7315_5.3 list
    Path                           RFC_3327_4 list address
    Priority                       20.26  single
    Privacy                        RFC_3323_4.2 single
    Proxy-Authenticate             20.27  rows
    Proxy-Authorization            20.28  rows
    Proxy-Require                  20.29  list
    RAck                           RFC_3262_7.2 single
    RSeq                           RFC_3262_7.1 single
    Record-Route                   20.30  list   address
    Reply-To                       20.31  single address
    Require                        20.32  list
    Retry-After                    20.33  single
    Route                          20.34  list   address
    Security-Client                RFC_3329_2.2 list
    Security-Server                RFC_3329_2.2 list
    Security-Verify                RFC_3329_2.2 list
    Server                         20.35  single
    Service-Route                  RFC_3608_5 list address
    Session-Expires                RFC_4028_4 single
    Subject                        20.36  single
    Subscription-State             RFC_6665_8.4 single
    Supported                      20.37  list
    Timestamp                      20.38  single
    To                             20.39  single address
    Unsupported                    20.40  list
    User-Agent                     20.41  single
    Via                            20.42  list
    WWW-Authenticate               20.44  rows
    Warning                        20.43  list
"""


def _info(words: list[str]) -> HeaderInfo:
    clause, kind, *address = words
    full = clause.replace("_", " ") if clause.startswith("RFC") else f"RFC 3261 {clause}"
    return HeaderInfo(full, Kind[kind.upper()], bool(address))


HEADERS: Mapping[str, HeaderInfo] = {
    words[0]: _info(words[1:]) for line in _TABLE.strip().splitlines() if (words := line.split())
}
"""By long name. A bare clause in the table is one of RFC 3261."""


def grammar_clause(info: HeaderInfo) -> str:
    """The clauses that a breach of a header's grammar names."""
    return f"{info.clause}, 25.1" if info.clause.startswith("RFC 3261") else info.clause


_DIGEST_BOTH = {"realm": "realm", "nonce": "nonce", "opaque": "opaque", "algorithm": "algorithm"}
CREDENTIALS: Mapping[str, str] = {
    **_DIGEST_BOTH,
    "username": "username",
    "uri": "digest-uri",
    "response": "dresponse",
    "cnonce": "cnonce",
    "qop": "message-qop",
    "nc": "nonce-count",
    "auts": "auts",
    "integrity-protected": "integrity",
}
"""Digest parameters of a request that have a rule of their own: name to rule."""
CHALLENGE: Mapping[str, str] = {
    **_DIGEST_BOTH,
    "domain": "domain",
    "stale": "stale",
    "qop": "qop-options",
    "ik": "ik",
    "ck": "ck",
}
"""Digest parameters of a challenge that have a rule of their own: name to rule."""

_SECURITY = {"q": "preference", "d-alg": "digest-algorithm", "d-qop": "digest-qop", "d-ver": "digest-verify"}
_TAG = {"tag": "tag-param"}

PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "Accept": {"q": "q-param"},
    "Accept-Encoding": {"q": "q-param"},
    "Accept-Language": {"q": "q-param"},
    "Call-Info": {"purpose": "purpose-param"},
    "Contact": {
        "q": "c-p-q",
        "expires": "c-p-expires",
        "reg-id": "c-p-reg",
        "+sip.instance": "c-p-instance",
        "temp-gruu": "temp-gruu",
        "pub-gruu": "pub-gruu",
    },
    "Content-Disposition": {"handling": "handling-param"},
    "Event": {"id": "event-id"},
    "From": _TAG,
    "P-Charging-Vector": {"icid-generated-at": "icid-gen-addr", "related-icid-generated-at": "icid-gen-addr"},
    "Retry-After": {"duration": "retry-duration"},
    "Security-Client": _SECURITY,
    "Security-Server": _SECURITY,
    "Security-Verify": _SECURITY,
    "Session-Expires": {"refresher": "refresher-param"},
    "Subscription-State": {"reason": "substate-reason", "expires": "substate-expires", "retry-after": "substate-retry"},
    "To": _TAG,
    "Via": {
        "ttl": "via-ttl",
        "maddr": "via-maddr",
        "received": "via-received",
        "branch": "via-branch",
        "rport": "response-port",
        "keep": "keep",
    },
}
"""Parameters behind semicolons that have a rule of their own, by header: name to rule. Their headers' grammars also
have generic-param, which takes these names with any value; what the specification says of them is their own rule."""

WITH_PARAMETERS: frozenset[str] = frozenset(
    (
        *(name for name, info in HEADERS.items() if info.address),
        *("Accept", "Accept-Encoding", "Accept-Language", "Alert-Info", "Call-Info", "Content-Disposition"),
        *("Content-Type", "Error-Info", "Event", "Min-SE", "P-Access-Network-Info", "P-Charging-Vector"),
        *("P-Visited-Network-ID", "Retry-After", "Security-Client", "Security-Server", "Security-Verify"),
        *("Session-Expires", "Subscription-State", "Via"),
    )
)
"""Headers with parameters behind semicolons. P-Charging-Function-Addresses is not one of them: up to RFC 3455 a name
could come twice there."""
