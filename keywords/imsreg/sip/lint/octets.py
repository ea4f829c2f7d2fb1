"""The octets of a head: line ends, UTF-8, and the empty line behind it (RFC 3261 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imsreg.sip.lint.source import Source
from imsreg.sip.lint.violation import Violation

_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
# UTF-8 as RFC 2279 had it, which RFC 3261 refers to: any lead octet with as many octets behind it as it announces.
_UTF8 = re.compile(
    rb"(?:[\x00-\x7f]++|[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}"
    rb"|[\xf8-\xfb][\x80-\xbf]{4}|[\xfc\xfd][\x80-\xbf]{5})*"
)


def line_ends(source: Source) -> Iterator[Violation]:
    """LF without CR, and CR without LF: each once, at its first place."""
    head = source.head
    for pattern, what in ((_BARE_LF, "an LF without a CR before it"), (_BARE_CR, "a CR without an LF behind it")):
        places = [match.start() for match in pattern.finditer(head.octets)]
        if places:
            more = f", and {len(places) - 1} more of the kind" if len(places) > 1 else ""
            yield source.find("line-end", head.at + places[0], what + more, "CRLF at the end of a line, and only there")


def utf8(source: Source) -> Iterator[Violation]:
    """The first octet that is no UTF-8 in the head."""
    head = source.head
    match = _UTF8.match(head.octets)
    assert match is not None  # which matches nothing, too
    if match.end() < len(head.octets):
        what = f"the octet 0x{head.octets[match.end()]:02x} is no UTF-8"
        yield source.find("utf-8", head.at + match.end(), what, "text in UTF-8")
        return
    try:
        head.octets.decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"the octets {head.octets[error.start : error.start + 2].hex(' ')} are a form of UTF-8 that is no more"
        yield source.find("utf-8-form", head.at + error.start, what, "UTF-8 as in RFC 3629")


def head_end(source: Source) -> Iterator[Violation]:
    """A head that is the whole message, without its empty line."""
    head = source.head
    if not head.octets.endswith((b"\n\r\n", b"\n\n")):
        yield source.find("head-end", head.at + len(head.octets), "no empty line ends the header", "CRLF on its own")
