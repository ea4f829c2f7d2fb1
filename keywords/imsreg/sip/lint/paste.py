"""SIP messages out of a file: a datagram, a stream, or what somebody pasted from a mail or a log."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass

_START = re.compile(
    rb"(?:[A-Za-z][A-Za-z0-9\-.!%*_+`'~]*+[ \t]+[^ \t\r\n]++[ \t]+)?(?i:SIP)/[0-9]+\.[0-9]+(?:[ \t\r\n]|$)"
)
_MARGIN = re.compile(rb"[ \t]*(?:>[ \t]?)*[ \t]*")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\n(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,6})[ \t]*\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pasted:
    """One message of a file.

    `line`: that of the file where it begins, from 1. `octets`: the message as it is judged, with as many line ends as
    in the file. `notes`: what was done to it to get there.
    """

    line: int
    octets: bytes
    notes: tuple[str, ...]


def messages(data: bytes) -> list[Pasted]:
    """The messages of a file, one after the other. Text before the first one and blank lines between them go.

    Octets with CRLF are taken as they are, but for the byte order mark of an editor. In text with LF alone, LF becomes
    CRLF, a margin that all lines of a message share (blanks, "> " of a mail) goes, and the empty line is added that an
    editor may have cut off the end.
    """
    marked = data.startswith(BOM_UTF8)
    data = data.removeprefix(BOM_UTF8)
    notes: tuple[str, ...] = ("a byte order mark in front: taken away",) if marked else ()
    if b"\r\n" in data or not data.strip():
        return [Pasted(line, octets, notes) for line, octets in _split(data)]
    text, margin = _without_margin(data)
    notes += ("line ends are LF alone: read as CRLF", *margin)
    found: list[Pasted] = []
    for line, octets in _split(text.replace(b"\n", b"\r\n")):
        if _EMPTY_LINE.search(octets):
            found.append(Pasted(line, octets, notes))
        else:
            whole = octets.rstrip(b"\r\n") + b"\r\n\r\n"
            found.append(Pasted(line, whole, (*notes, "the empty line at the end is missing: added")))
    return found


def _without_margin(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Text without what stands before its first start line in every line; a line without it stays as it is."""
    for match in _LINE.finditer(data):
        margin = _MARGIN.match(match.group())
        assert margin is not None
        if margin.group() and _START.match(match.group(), margin.end()):
            lines = (_dedented(each.group(), margin.group()) for each in _LINE.finditer(data))
            return b"".join(lines), (f"{margin.group().decode('ascii')!r} before every line: taken away",)
        if _START.match(match.group()):
            break
    return data, ()


def _dedented(line: bytes, margin: bytes) -> bytes:
    if line.startswith(margin):
        return line[len(margin) :]
    return b"\n" if line.rstrip() == margin.rstrip() else line


def _split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Line and octets of each message. Linear: nothing is looked at again for each message."""
    at = _next_start(data, 0)
    line = 1 + data.count(b"\n", 0, at)
    while at < len(data):
        end, next_start = _end(data, at)
        yield line, data[at:end]
        line += data.count(b"\n", at, next_start)
        at = next_start


def _next_start(data: bytes, at: int) -> int:
    """Where the next start line begins, for want of one the next line that is not blank."""
    start = _start_from(data, at)
    if start < len(data):
        return start
    return next((match.start() for match in _LINE.finditer(data, at) if match.group().strip()), len(data))


def _end(data: bytes, at: int) -> tuple[int, int]:
    """Where the message that begins at an index ends, and where the next one begins.

    The next one begins with the first start line behind the body that Content-Length announces; without a length, or
    with one that points behind the end of the data, behind the empty line. What lies before it belongs to the message,
    unless it is blank. A start line inside the header begins the next message, too: no field looks like one.
    """
    first_line = _LINE.match(data, at)
    assert first_line is not None
    next_start = _start_from(data, first_line.end())
    head = _EMPTY_LINE.search(data, at, next_start)
    if head is None:
        return next_start, next_start
    announced = _LENGTH.search(data, at, head.end())
    body = head.end() + (int(announced[1]) if announced else 0)
    if body > len(data):
        body = head.end()
    next_start = _start_from(data, body)
    return body if not data[body:next_start].strip() else next_start, next_start


def _start_from(data: bytes, at: int) -> int:
    """Where the next start line begins, the end of the data if there is none."""
    return next((match.start() for match in _LINE.finditer(data, at) if _START.match(match.group())), len(data))
