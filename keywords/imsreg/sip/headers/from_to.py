"""From and To (RFC 3261 20.20, 20.39)."""

from __future__ import annotations

from imsreg.sip.headers.address import NameAddr


class _Tagged(NameAddr):
    @property
    def tag(self) -> str | None:
        """The tag parameter, or None."""
        return self.params.get("tag")


class From(_Tagged):
    """Whom the request comes from (RFC 3261 20.20)."""

    NAME = "From"


class To(_Tagged):
    """Whom the request is for: in a REGISTER the address-of-record (RFC 3261 20.39)."""

    NAME = "To"
