"""The life of one set of associations as a table (TS 33.203 7.4; TS 24.229 5.1.1.5.1, 5.2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto


class Phase(Enum):
    """Where a set is in its life."""

    TEMPORARY = auto()
    """Made by a challenge whose answer has not been accepted yet."""
    ESTABLISHED = auto()
    """Made by the latest successful authentication."""
    OLD = auto()
    """Replaced by a newer one, and in use until a message comes on that."""
    RETIRING = auto()
    """For nothing but transactions that began on it."""
    DELETED = auto()


class Event(Enum):
    """What happens to a set."""

    SUCCEEDED = auto()  # the 200 to the answer passes on it
    FAILED = auto()  # the authentication does not succeed
    SUPERSEDED = auto()  # another registration or another challenge begins
    KEPT = auto()  # a newer set is established; the registration of that began on this one
    DISPLACED = auto()  # a newer set is established whose registration began elsewhere
    CONFIRMED = auto()  # a further message comes on the newer set
    DRAINED = auto()  # no transaction is left that began on it
    RELEASED = auto()  # the last public identity is de-registered
    EXPIRED = auto()  # its lifetime is over
    ABANDONED = auto()  # the address of the UE changes


_TEMPORARY, _ESTABLISHED, _OLD, _RETIRING, _DELETED = Phase

TABLE: Mapping[tuple[Phase, Event], Phase] = {
    (_TEMPORARY, Event.SUCCEEDED): _ESTABLISHED,
    (_TEMPORARY, Event.FAILED): _DELETED,
    (_TEMPORARY, Event.SUPERSEDED): _DELETED,
    (_TEMPORARY, Event.RELEASED): _DELETED,
    (_TEMPORARY, Event.EXPIRED): _DELETED,
    (_TEMPORARY, Event.ABANDONED): _DELETED,
    (_ESTABLISHED, Event.KEPT): _OLD,
    (_ESTABLISHED, Event.DISPLACED): _DELETED,
    (_ESTABLISHED, Event.RELEASED): _RETIRING,
    (_ESTABLISHED, Event.EXPIRED): _DELETED,
    (_ESTABLISHED, Event.ABANDONED): _DELETED,
    (_OLD, Event.DISPLACED): _DELETED,
    (_OLD, Event.CONFIRMED): _RETIRING,
    (_OLD, Event.RELEASED): _RETIRING,
    (_OLD, Event.EXPIRED): _DELETED,
    (_OLD, Event.ABANDONED): _DELETED,
    (_RETIRING, Event.DISPLACED): _DELETED,
    (_RETIRING, Event.DRAINED): _DELETED,
    (_RETIRING, Event.EXPIRED): _DELETED,
    (_RETIRING, Event.ABANDONED): _DELETED,
}
"""A pair that is not in the table changes nothing."""
