"""Allow (RFC 3261 20.5)."""

from __future__ import annotations

from imsreg.sip.headers.tokens import Word


class Allow(Word):
    """A method that the sender supports. Methods are case-sensitive (RFC 3261 7.1)."""

    NAME = "Allow"

    @property
    def method(self) -> str:
        """The method."""
        return self.word
