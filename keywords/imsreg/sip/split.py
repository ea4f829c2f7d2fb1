"""Comma-separated lists, taken apart with an eye on quoted strings and angle brackets."""

from __future__ import annotations

import re

# A quoted string or a bracketed URI swallows the commas in it; one that never ends swallows the rest. Possessive
# repeats: no input makes this step back.
_PIECE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"?|<[^>]*+>?|[^"<,]++|,', re.DOTALL)


def split_list(text: str) -> tuple[str, ...]:
    """The elements of a comma list, outer blanks stripped, empty elements left out.

    Commas inside a quoted string (RFC 3261 25.1, with its backslash escapes) or between < and > separate nothing.
    """
    if "," not in text:
        stripped = text.strip(" \t")
        return (stripped,) if stripped else ()
    if '"' not in text and "<" not in text:
        return tuple(element for part in text.split(",") if (element := part.strip(" \t")))
    elements: list[str] = []
    start = 0
    for piece in _PIECE.finditer(text):
        if piece.group() == ",":
            elements.append(text[start : piece.start()])
            start = piece.end()
    elements.append(text[start:])
    return tuple(stripped for element in elements if (stripped := element.strip(" \t")))
