"""Subscription-State (RFC 6665 8.2.3, 4.1.3, 8.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params, read_value


@dataclass(frozen=True)
class SubscriptionState(ParamHeader):
    """The state in lower case: "active", "pending", "terminated" or an extension."""

    NAME = "Subscription-State"

    state: str
    params: Params = NO_PARAMS

    @property
    def expires(self) -> int | None:
        """The seconds that are left; None if absent or no delta-seconds."""
        return scan.optional_number(self.params.get("expires"), scan.DELTA_SECONDS_LIMIT)

    @property
    def retry_after(self) -> int | None:
        """The seconds to wait before a new subscription; None if absent or no delta-seconds."""
        return scan.optional_number(self.params.get("retry-after"), scan.DELTA_SECONDS_LIMIT)

    @property
    def reason(self) -> str | None:
        """Why the subscription is in its state, in lower case: "deactivated", "timeout", ... or an extension."""
        reason = self.params.get("reason")
        return None if reason is None else reason.lower()

    @property
    def terminated(self) -> bool:
        """Whether the subscription is over."""
        return self.state == "terminated"

    @classmethod
    def _read(cls, text: str) -> Self:
        state, params = read_value(text, "the state")
        return cls(state.lower(), params)

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.state}{self.params}"
