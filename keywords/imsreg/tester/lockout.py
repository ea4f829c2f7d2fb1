"""How many wrong responses in a row a DUT may see for one subscriber before it locks the subscriber out."""

from __future__ import annotations

from collections import Counter

from imsreg.tester.outcome import NotApplicable


class Lockout:
    """Counts wrong responses by subscriber. `limit` is the profile's `lockout`; None counts nothing."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._wrong: Counter[str] = Counter()

    def spend(self, subscriber: str) -> None:
        """Before a wrong response is made. Raises NotApplicable where one more would exceed the limit."""
        if self._limit is None:
            return
        if self._wrong[subscriber] >= self._limit:
            raise NotApplicable(f"{subscriber} has had {self._limit} wrong responses, which is the profile's lockout")
        self._wrong[subscriber] += 1

    def forgive(self, subscriber: str) -> None:
        """The DUT has accepted a right response of the subscriber: counting begins anew."""
        self._wrong.pop(subscriber, None)
