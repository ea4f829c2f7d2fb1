"""Sets of octets in words, for messages."""

from __future__ import annotations

from collections.abc import Set
from string import ascii_letters, digits

_GROUPS = (
    ("a token character", frozenset((ascii_letters + digits + "-.!%*_+`'~").encode())),
    ("a letter", frozenset(ascii_letters.encode())),
    ("a hexadecimal digit", frozenset(b"0123456789abcdefABCDEF")),
    ("a lower-case hexadecimal digit", frozenset(b"0123456789abcdef")),
    ("a digit", frozenset(digits.encode())),
)
_NAMES = {0x09: "a tab", 0x0D: "a line end", 0x20: "a blank", 0x22: "a double quote", 0x27: "an apostrophe"}
_MOST = 8
"""Single characters that are listed; of more, the reader sees what matters sooner from the rule itself."""


def words(octets: Set[int], *, or_end: bool = False) -> str:
    """What the octets are, as in "a digit, ';' or the end"; "nothing" for none of them.

    Letters come as "a letter", or each by itself in upper case where only some are meant. What is not ASCII is left
    out: no rule asks for it alone.
    """
    rest = {octet for octet in octets if octet < 0x80}
    found: list[str] = []
    for name, group in _GROUPS:
        if group <= rest:
            found.append(name)
            rest -= group
    rest -= {octet for octet in rest if 0x61 <= octet <= 0x7A and octet - 0x20 in rest}
    singles = [_NAMES.get(octet) or f"'{chr(octet)}'" for octet in sorted(rest, key=_punctuation_first) if octet >= 9]
    found += singles[:_MOST]
    if len(singles) > _MOST:
        found.append("one of some more characters")
    if or_end:
        found.append("the end")
    if len(found) < 2:
        return found[0] if found else "nothing"
    return f"{', '.join(found[:-1])} or {found[-1]}"


def _punctuation_first(octet: int) -> tuple[bool, bool, int]:
    """Separators say most about what a rule wants next, blanks least."""
    character = chr(octet)
    return character.isalnum(), character.isspace(), octet
