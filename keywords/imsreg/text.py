"""One way in which text from the device under test becomes text for people."""

from __future__ import annotations

import hashlib
import re

LIMIT = 4096
"""Characters of DUT text that a report shows; the rest is named by its length and digest."""

_ROOM_FOR_DIGEST = 128

# Printable by category, and yet nothing is drawn: combining grapheme joiner, Hangul and Khmer fillers, Mongolian and
# other variation selectors, the empty braille cell (Unicode Default_Ignorable_Code_Point where it is not Cf or Cn).
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")

# Everything that needs a closer look; all of printable ASCII passes without one.
_SUSPECT = re.compile(r"[^\x20-\x7e]")
_SUSPECT_WITHIN_LINES = re.compile(r"[^\x20-\x7e\n\t]")


def safe_text(value: str | bytes, *, limit: int = LIMIT, keep_newlines: bool = False) -> str:
    """`value` made harmless for terminals, logs, XML and reports (source: Unicode categories, UAX #44).

    Octets that are no UTF-8, also as the lone surrogates that surrogateescape makes of them, become `\\xNN`. Control,
    bidi, zero-width and blank characters, spaces other than U+0020 and other lone surrogates become `\\xNN`, `\\uNNNN`
    or `\\UNNNNNNNN`. A backslash of the text itself stays alone: the escapes are for reading, not for decoding. With
    `keep_newlines`, LF and TAB stay and CRLF becomes LF.

    The result has at most `limit` (>= 3) characters. Where it was cut it ends in the number of octets and the SHA-256
    of the whole, or in `...` alone if `limit` is below 128. It always encodes as UTF-8, and passing it through again
    with the same arguments changes nothing.

    The result is text, not markup, and nothing here looks at what it begins with: Robot Framework renders a message
    that starts with `*HTML*` as HTML. So whoever hands DUT text to a runner puts words of the tester in front of it.
    """
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
    # No escape is shorter than its character, only CRLF shrinks: what lies behind this many characters cannot show.
    text = text[: 2 * limit + 2]
    if keep_newlines:
        text = text.replace("\r\n", "\n")
    text = (_SUSPECT_WITHIN_LINES if keep_newlines else _SUSPECT).sub(_shown, text)
    if len(text) <= limit:
        return text
    note = "..."
    if limit >= _ROOM_FOR_DIGEST:
        octets = _octets(value)
        note += f" [{len(octets)} octets in all, sha256 {hashlib.sha256(octets).hexdigest()[:16]}]"
    return text[: max(0, limit - len(note))] + note


def _shown(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable() and not _BLANK.match(character):
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _octets(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
