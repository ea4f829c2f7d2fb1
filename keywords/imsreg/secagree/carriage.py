"""Which set of associations each message of a registration travels on (TS 33.203 7.3.1, 7.4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum, auto


class Carriage(StrEnum):
    """How a message travels, by the set of associations at that moment."""

    CLEAR = "in the clear"
    TEMPORARY = "on the temporary set"
    """Made by the challenge that is open."""
    ESTABLISHED = "on the established set"
    """Made by the latest successful authentication."""
    OLD = "on the old set"
    """Made by the successful authentication before that."""


class Step(Enum):
    """A message of a registration, and what travels beside it. SM numbers are those of TS 33.203."""

    REGISTER = auto()
    """SM1: begins an authentication."""
    CHALLENGE = auto()
    """SM6: the 401."""
    ANSWER = auto()
    """SM7: the REGISTER with the response to it."""
    ACCEPTED = auto()
    """SM12: the 200."""
    USER_REFUSED = auto()
    """The 4xx to a wrong response."""
    NETWORK_REFUSED = auto()
    """A REGISTER that reports a wrong MAC or SQN, and what answers it."""
    OTHER_BEFORE = auto()
    """Any other message until the 200."""
    OTHER_AFTER = auto()
    """Any other message from the 200 on, the first new ones as well as those of pending transactions."""


_CLEAR, _TEMPORARY, _ESTABLISHED, _OLD = (frozenset((each,)) for each in Carriage)
_NEVER: frozenset[Carriage] = frozenset()

PERMITTED: Mapping[tuple[Step, bool], frozenset[Carriage]] = {
    (Step.REGISTER, False): _CLEAR,
    (Step.REGISTER, True): _ESTABLISHED | _OLD,
    (Step.CHALLENGE, False): _CLEAR,
    (Step.CHALLENGE, True): _ESTABLISHED | _OLD,
    (Step.ANSWER, False): _TEMPORARY,
    (Step.ANSWER, True): _TEMPORARY,
    (Step.ACCEPTED, False): _TEMPORARY,
    (Step.ACCEPTED, True): _TEMPORARY,
    (Step.USER_REFUSED, False): _TEMPORARY,
    (Step.USER_REFUSED, True): _ESTABLISHED | _OLD,
    (Step.NETWORK_REFUSED, False): _CLEAR,
    (Step.NETWORK_REFUSED, True): _ESTABLISHED | _OLD,
    (Step.OTHER_BEFORE, False): _NEVER,
    (Step.OTHER_BEFORE, True): _ESTABLISHED | _OLD,
    (Step.OTHER_AFTER, False): _ESTABLISHED | _OLD,
    (Step.OTHER_AFTER, True): _ESTABLISHED | _OLD,
}
"""Where a message may travel, by the step and by whether the REGISTER that began the authentication was protected.

A protected authentication stays on the one set that it began on, established or old, until SM7: who knows which
compares them. Row OTHER_BEFORE without protection is for a UE without associations: with some it may use them. Not in
the table is what TS 33.203 7.1 lets pass in the clear at any time: emergency requests, and errors that answer
messages in the clear.
"""
