"""What the headers share that are a list of words (RFC 3261 25.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from imsreg.sip.errors import SyntaxFault, show
from imsreg.sip.headers.base import Header

_NO_WORD = re.compile(r'[\s,;="<>]')


@dataclass(frozen=True)
class Word(Header):
    """One word of a list."""

    LIST = True

    word: str

    @classmethod
    def _read(cls, text: str) -> Self:
        word = text.strip(" \t")
        if not word:
            raise SyntaxFault("the word is missing")
        if odd := _NO_WORD.search(word):
            raise SyntaxFault(f"{show(odd.group())} cannot be in a word", text.index(word) + odd.start() + 1)
        return cls(word)

    def __str__(self) -> str:
        """Canonical text."""
        return self.word


class LowerWord(Word):
    """One word of a list in which case says nothing; `word` is in lower case (RFC 3261 7.3.1)."""

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(super()._read(text).word.lower())
