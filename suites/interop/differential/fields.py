"""What of a message is compared: field values in one form, whoever read them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

Values = tuple[str, ...]
Fields = Mapping[str, Values]
"""Field to values in order; a reader leaves out what it cannot give at all. No value: the message has none."""

NAMES = (
    *(
        "method",
        "request-uri",
        "status",
        "via host",
        "via port",
        "via branch",
        "from uri",
        "from tag",
        "to uri",
        "to tag",
    ),
    *("cseq", "call-id", "contact uri", "contact expires", "authorization", "authorization auts"),
)
AUTHORIZATION = (*("username", "realm", "nonce", "uri", "response", "algorithm", "cnonce", "opaque", "qop", "nc"),)
"""The parameters that are compared; auts is a field by itself, since a peer drops it."""

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_URI = re.compile(
    r"(?P<scheme>[^:]*):(?:(?P<user>[^@]*)@)?(?P<host>\[[^\]]*\]|[^:;?]*)(?::(?P<port>[0-9]*))?", re.DOTALL
)


def host(text: str) -> str:
    """A host without brackets, in lower case, an IPv6 address in its shortest form."""
    bare = text.strip("[]").lower()
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare


def present(values: Iterable[str | int | None]) -> Values:
    """What is there, of values that may not be: peers that list them leave out the same."""
    return tuple(str(value) for value in values if value not in (None, ""))


def ports(values: Iterable[str | int | None]) -> Values:
    """The ports that are there, as numbers; what is no number as it is."""
    return tuple(str(int(port)) if port.isdecimal() else port for port in present(values))


def unquoted(text: str) -> str:
    """What a quoted string stands for, of peers that keep its quotes."""
    return _ESCAPE.sub(r"\1", text[1:-1]) if text.startswith('"') else text


def uri(scheme: str, user: str | None, name: str, port: str | int | None) -> str:
    """Scheme, user without its escapes and without password, host and port of a SIP URI, in one text."""
    return " ".join((scheme.lower(), unquote(user or ""), host(name), *ports((port,))))


def uri_text(text: str) -> str:
    """The same out of the text of a URI; of another scheme the text itself."""
    match = _URI.match(text)
    if match is None or match["scheme"].lower() not in ("sip", "sips"):
        return text
    return uri(match["scheme"], (match["user"] or "").partition(":")[0], match["host"], match["port"])


def authorization(parameters: Mapping[str, str]) -> Values:
    """The compared parameters that have a value, with their names."""
    return tuple(f"{name}={parameters[name]}" for name in AUTHORIZATION if parameters.get(name))


def differing(ours: Fields, theirs: Fields) -> Sequence[str]:
    """The fields that both give and that differ."""
    return [name for name in NAMES if name in ours and name in theirs and ours[name] != theirs[name]]
