"""Accept (RFC 3261 20.1)."""

from __future__ import annotations

from imsreg.sip import scan
from imsreg.sip.headers.media import Media


class Accept(Media):
    """A range of media types that the sender can take; "*" stands for every type or subtype."""

    NAME = "Accept"
    LIST = True

    @property
    def q(self) -> float | None:
        """The preference between 0, which means not at all, and 1; None if it is absent or no qvalue."""
        return scan.qvalue(self.params.get("q"))

    def covers(self, media: Media) -> bool:
        """Whether `media` is within the range, whatever the preference and the parameters."""
        return self.type in ("*", media.type) and self.subtype in ("*", media.subtype)
