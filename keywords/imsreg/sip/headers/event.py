"""Event (RFC 6665 8.2.1, 8.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, read_value


@dataclass(frozen=True)
class Event(ParamHeader):
    """The event type: a package, "reg" for registration state (RFC 3680), with its templates as in "reg.winfo"."""

    NAME = "Event"

    package: str
    """The whole event type as written: it is compared octet by octet."""
    params: Params = NO_PARAMS

    @property
    def templates(self) -> tuple[str, ...]:
        """What follows the package, after a dot each."""
        return tuple(self.package.split(".")[1:])

    @property
    def id(self) -> str | None:
        """The deprecated id parameter, which tells subscriptions of one dialog apart."""
        return self.params.get("id")

    def matches(self, other: Event) -> bool:
        """Whether the one names the subscription of the other: same type and same id, or none in both (8.2.1)."""
        return (self.package, "id" in self.params, self.id) == (other.package, "id" in other.params, other.id)

    @classmethod
    def _read(cls, text: str) -> Self:
        return cls(*read_value(text, "the event package"))

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.package}{self.params}"
