"""Which of several challenges a UA answers: the topmost that it understands (RFC 8760 2.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar

QOPS = ("auth", "auth-int")
"""The qualities of protection that can be computed, the one that a UA takes first."""


class Challenge(Protocol):
    """What a digest challenge says, as far as the choice depends on it."""

    @property
    def realm(self) -> str | None:
        """The realm."""
        ...

    @property
    def algorithm(self) -> str | None:
        """The algorithm as written; None means MD5."""
        ...

    @property
    def qop_options(self) -> tuple[str, ...]:
        """The qualities of protection on offer, in lower case; none at all from an old server."""
        ...


C = TypeVar("C", bound=Challenge)


def select(challenges: Iterable[C], algorithms: Collection[str], realms: Collection[str] | None = None) -> C | None:
    """The first of `challenges`, in the order of the response, that can be answered; None if there is none.

    The network puts first what it prefers (RFC 8760 2.3), so strength is not looked at: RFC 3310 5.3, which wants the
    strongest, is older. `algorithms` are those that there are credentials for, in whatever case. `realms` are the
    realms that there are credentials for, all if None. Raises nothing: what is not understood is passed over.
    """
    known = {name.lower() for name in algorithms}
    for challenge in challenges:
        if (challenge.algorithm or "MD5").lower() not in known:
            continue
        if realms is not None and challenge.realm not in realms:
            continue
        if not challenge.qop_options or choose_qop(challenge) is not None:
            return challenge
    return None


def choose_qop(challenge: Challenge) -> str | None:
    """`auth` before `auth-int`; None where the challenge has neither (RFC 7616 3.3: unknown ones do not count)."""
    return next((qop for qop in QOPS if qop in challenge.qop_options), None)
