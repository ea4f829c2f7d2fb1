"""Content-Encoding (RFC 3261 20.12)."""

from __future__ import annotations

from imsreg.sip.headers.tokens import LowerWord


class ContentEncoding(LowerWord):
    """A coding that was applied to the body, in the order in which they were."""

    NAME = "Content-Encoding"
