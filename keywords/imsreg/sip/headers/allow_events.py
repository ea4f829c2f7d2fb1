"""Allow-Events (RFC 6665 8.2.2)."""

from __future__ import annotations

from imsreg.sip.headers.tokens import Word


class AllowEvents(Word):
    """An event type that the sender supports, compared octet by octet (RFC 6665 8.2.1)."""

    NAME = "Allow-Events"

    @property
    def package(self) -> str:
        """The event type, as `Event.package`."""
        return self.word
