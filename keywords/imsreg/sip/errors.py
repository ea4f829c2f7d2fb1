"""What the SIP room raises: octets that are no message, fields that are no such header."""

from __future__ import annotations

import re

from imsreg.errors import ImsRegError
from imsreg.text import safe_text

_SHOWN = 160
"""Characters of a faulty text that an error shows: enough to find the place in the message."""

# An S-CSCF hands CK and IK to the P-CSCF in its challenge (TS 24.229 7.2A.1); an error about it must not.
_KEYS = re.compile(r'\b([ci]k)[ \t]*+=[ \t]*+"?[0-9A-Fa-f]++', re.IGNORECASE)


class MessageError(ImsRegError):
    """The octets cannot be framed as a SIP message at all (RFC 3261 7), or exceed the bounds.

    `what` says what is wrong and what to look at, `line` where (1-based, the start line is 1).
    """

    def __init__(self, what: str, line: int) -> None:
        self.what = what
        self.line = line
        super().__init__(what, line)

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


class SyntaxFault(Exception):
    """A part of a text does not follow its grammar; `column` is 1-based in the text that was handed over."""

    def __init__(self, why: str, column: int = 1) -> None:
        self.why = why
        self.column = column
        super().__init__(why, column)


class UriError(ImsRegError):
    """A text is no URI of the scheme that it names (RFC 3261 19.1.1, RFC 3966 3)."""

    def __init__(self, text: str, why: str, column: int = 1) -> None:
        self.text = text
        self.why = why
        self.column = column
        super().__init__(text, why, column)

    def __str__(self) -> str:
        return f"URI: {self.why} (column {self.column} of {show(self.text)})"


class HeaderError(ImsRegError):
    """A header field value does not follow the grammar of its header so far that nothing can be read from it.

    `name` is the header, `text` the value (one element of a comma list), `column` the 1-based place in `text`,
    `line` the line of the message where the field begins, or None if the value did not come from a message.
    """

    def __init__(self, name: str, text: str, why: str, column: int = 1, line: int | None = None) -> None:
        self.name = name
        self.text = text
        self.why = why
        self.column = column
        self.line = line
        super().__init__(name, text, why, column, line)

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}, "
        return f"{place}{self.name}: {self.why} (column {self.column} of {show(self.text)})"


def show(text: str | bytes) -> str:
    """`text` from the wire in quotes for an error: escaped, cut, and without keys."""
    shown = _KEYS.sub(r"\1=<secret>", safe_text(text, limit=_SHOWN))
    return f"'{shown}'"
