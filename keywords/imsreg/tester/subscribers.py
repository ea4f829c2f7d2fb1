"""Which subscriber a test gets: one that no other test is using, in a known state."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.text import safe_text


class SubscriberPool:
    """Hands out subscribers in turn, so that what one test left behind at the DUT has the longest time to go away.

    A simulated UE registers with AKA keys, and with a password only where a test asks for that (`take_with_password`);
    for UEs under test the two are alike (`with_password`). `worker` of `workers` takes every n-th subscriber: parallel
    processes never share one.
    """

    def __init__(
        self, subscribers: Sequence[Subscriber], *, worker: int = 0, workers: int = 1, with_password: bool = False
    ) -> None:
        self._all = {s.name: s for s in subscribers}
        self._with_password = with_password
        share = [s for s in subscribers if with_password or s.algorithm is not None][worker::workers]
        if not share:
            raise InputError(
                "subscribers",
                "",
                f"{len(subscribers)} subscribers are too few for {workers} parallel workers, which need AKA keys",
                "add some",
            )
        self._free = deque(share)
        self._passwords = deque([s for s in subscribers if s.algorithm is None][worker::workers])
        self._dirty: set[str] = set()

    def take(self, name: str | None = None) -> Subscriber:
        """The next free subscriber, with AKA keys if there is one, or the one of that name. Raises InputError."""
        if name is not None:
            if name not in self._all:
                known = ", ".join(self._all)
                raise InputError("subscribers", safe_text(name), "there is no such subscriber", f"there are {known}")
            chosen = self._all[name]
            if chosen.algorithm is None and not self._with_password:
                raise InputError("subscribers", name, "has a password and no AKA keys to register with", "take another")
            if chosen in self._free:
                self._free.remove(chosen)
            return chosen
        if not self._free:
            raise InputError("subscribers", "", "every subscriber is in use", "add subscribers, or power UEs off")
        chosen = next((s for s in self._free if s.algorithm is not None), self._free[0])
        self._free.remove(chosen)
        return chosen

    def take_with_password(self) -> Subscriber | None:
        """The next free subscriber with a password, None if there is none."""
        return self._passwords.popleft() if self._passwords else None

    def give_back(self, subscriber: Subscriber, *, clean: bool) -> None:
        """End of use. Not `clean`: the DUT may still hold a binding of it."""
        free = self._free if subscriber.algorithm is not None or self._with_password else self._passwords
        if subscriber not in free:
            free.append(subscriber)
        if clean:
            self._dirty.discard(subscriber.name)
        else:
            self._dirty.add(subscriber.name)

    def is_dirty(self, subscriber: Subscriber) -> bool:
        """Whether an earlier test may have left a binding of this subscriber behind."""
        return subscriber.name in self._dirty
