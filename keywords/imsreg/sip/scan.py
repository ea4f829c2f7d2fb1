"""Small readers that several grammars share (RFC 3261 25.1)."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from imsreg.sip.errors import SyntaxFault, show

HOST = r"(?:\[[^\]\[]*+\]|[A-Za-z0-9._\-]++)"
"""A host: IPv6reference, or a host name or IPv4 address. Underscores are common in laboratories."""
PORT = r"[0-9]++"

_BARE_IPV6 = re.compile(r"(?P<written>[0-9A-Fa-f]*+:[0-9A-Fa-f.:]*+)[ \t]*+")
_THIRD_COLON = re.compile(r":::(?=[0-9]+\.)")

DELTA_SECONDS_LIMIT = 2**32 - 1
"""The largest delta-seconds (RFC 3261 20.19)."""


def number(text: str, limit: int, what: str, column: int = 1) -> int:
    """A decimal number up to `limit`. Raises SyntaxFault; never converts more digits than the limit has."""
    if not (text.isascii() and text.isdecimal()):
        raise SyntaxFault(f"{what} is a decimal number, not {show(text)}", column)
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(limit)) or int(digits) > limit:
        raise SyntaxFault(f"{what} is at most {limit}, not {show(text)}", column)
    return int(digits)


def optional_number(text: str | None, limit: int) -> int | None:
    """The number, or None if `text` is None or no decimal number up to `limit`."""
    try:
        return None if text is None else number(text, limit, "")
    except SyntaxFault:
        return None


def qvalue(text: str | None) -> float | None:
    """A qvalue between 0 and 1, or None if `text` is None or nothing of the kind."""
    if text is None or not re.fullmatch(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?", text):
        return None
    return float(text)


def host(text: str, column: int = 1) -> str:
    """A host in its comparable form: lower case; an IPv6 address compressed and without brackets.

    The third colon that RFC 3261 25.1 has before an IPv4 address inside is passed over. Raises SyntaxFault if brackets
    hold something else than an IPv6 address.
    """
    if not text.startswith("["):
        return text.lower()
    try:
        return str(ipaddress.IPv6Address(_THIRD_COLON.sub("::", text[1:-1])))
    except ValueError:
        raise SyntaxFault(f"{show(text)} is no IPv6 address", column) from None


class BareIpv6(NamedTuple):
    """An IPv6 address without brackets: as written and in comparable form, the port after it, the index after both."""

    written: str
    host: str
    port: int | None
    end: int


def bare_ipv6(text: str, at: int) -> BareIpv6 | None:
    """The IPv6 address that stands at index `at` without the brackets of RFC 3261 25.1; None if there is none.

    What could be the last group of the address or a port is the group. Raises SyntaxFault for a port out of range.
    """
    match = _BARE_IPV6.match(text, at)
    if match is None:
        return None
    written = match["written"]
    if (host := _ipv6(written)) is not None:
        return BareIpv6(written, host, None, match.end())
    written, _, digits = written.rpartition(":")
    if not digits.isdecimal() or (host := _ipv6(written)) is None:
        return None
    return BareIpv6(written, host, port(digits, match.end("written") - len(digits) + 1), match.end())


def _ipv6(text: str) -> str | None:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        return None


def address(text: str) -> str:
    """An IP address in its comparable form, with or without brackets on the wire; other text in lower case."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return text.lower()


def port(text: str | None, column: int = 1) -> int | None:
    """A port number, None if there is none. Raises SyntaxFault."""
    return None if text is None else number(text, 65535, "a port", column)


def bracketed(host: str) -> str:
    """A host as SIP writes it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def same_token(a: str | None, b: str | None) -> bool:
    """Whether two tokens are the same: in any case of letters (RFC 3261 7.3.1). None is the same as None only."""
    return a == b or (a is not None and b is not None and a.lower() == b.lower())
