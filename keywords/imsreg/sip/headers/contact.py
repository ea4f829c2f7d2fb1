"""Contact (RFC 3261 20.10, RFC 3840 9, RFC 5626 4, RFC 5627 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from imsreg.sip import scan
from imsreg.sip.headers.address import NameAddr
from imsreg.sip.headers.feature_tags import FeatureTag, feature_tags
from imsreg.sip.uri import Uri

_REG_ID_LIMIT = 2**31 - 1


class Contact(NameAddr):
    """Where a user can be reached. The contact "*" has an empty scheme and `star`."""

    NAME = "Contact"
    LIST = True

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(None, Uri("*", scheme="")) if text == "*" else super()._read(text)

    @property
    def star(self) -> bool:
        """Whether this is "*", every contact of the address-of-record (RFC 3261 10.2.2)."""
        return self.uri.text == "*"

    @property
    def expires(self) -> int | None:
        """The expires parameter in seconds; None if it is absent, or no delta-seconds up to 2**32-1."""
        return scan.optional_number(self.params.get("expires"), scan.DELTA_SECONDS_LIMIT)

    @property
    def q(self) -> float | None:
        """The q parameter between 0 and 1; None if it is absent or no qvalue."""
        return scan.qvalue(self.params.get("q"))

    @property
    def features(self) -> Mapping[str, FeatureTag]:
        """The feature tags by name in lower case; those that cannot be read are left out (RFC 3840 9)."""
        return feature_tags(self.params)

    @property
    def instance(self) -> str | None:
        """The instance-id, a URN without its angle brackets (RFC 5626 4.1); None if absent or not in brackets."""
        value = self.params.get("+sip.instance")
        return value[1:-1] if value is not None and value.startswith("<") and value.endswith(">") else None

    @property
    def reg_id(self) -> int | None:
        """The number of the flow, 1 to 2**31-1 (RFC 5626 4.2); None if absent or no such number."""
        return scan.optional_number(self.params.get("reg-id"), _REG_ID_LIMIT) or None

    @property
    def outbound(self) -> bool:
        """Whether the URI has the parameter ob: requests to it go over the flow it came on (RFC 5626 4.3)."""
        return "ob" in self.uri.params

    @property
    def pub_gruu(self) -> str | None:
        """The public GRUU that the registrar assigned (RFC 5627 4.2), or None."""
        return self.params.get("pub-gruu")

    @property
    def temp_gruu(self) -> str | None:
        """The temporary GRUU that the registrar assigned (RFC 5627 4.2), or None."""
        return self.params.get("temp-gruu")

    def __str__(self) -> str:
        """Canonical text."""
        return "*" if self.star else super().__str__()
