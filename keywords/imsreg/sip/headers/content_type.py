"""Content-Type (RFC 3261 20.15)."""

from __future__ import annotations

from imsreg.sip.headers.media import Media


class ContentType(Media):
    """The type of the body."""

    NAME = "Content-Type"
