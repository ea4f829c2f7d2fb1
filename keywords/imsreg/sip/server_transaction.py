"""The non-INVITE server transaction (RFC 3261 17.2.2, figure 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto

from imsreg.sip.flow import Flow, Packet
from imsreg.sip.matching import ServerKey
from imsreg.sip.message import Request
from imsreg.sip.timers import Timers

_PROVISIONAL = re.compile(rb"[^\s]+[ \t]+1[0-9][0-9](?![0-9])")


class ServerState(Enum):
    """Where the transaction is."""

    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class Trigger(Enum):
    """What moves the transaction on."""

    REQUEST = auto()  # the request once more
    PROVISIONAL = auto()  # a response from the user of the transaction
    FINAL = auto()
    TIMER_J = auto()
    TRANSPORT_ERROR = auto()


class Action(Enum):
    """What the transaction does."""

    NOTHING = auto()
    SEND = auto()  # send the new response, and keep it
    REPEAT = auto()  # send the kept response again


_TRYING, _PROCEEDING, _COMPLETED, _TERMINATED = ServerState

TABLE: Mapping[tuple[ServerState, Trigger], tuple[ServerState, Action]] = {
    (_TRYING, Trigger.PROVISIONAL): (_PROCEEDING, Action.SEND),
    (_TRYING, Trigger.FINAL): (_COMPLETED, Action.SEND),
    (_PROCEEDING, Trigger.REQUEST): (_PROCEEDING, Action.REPEAT),
    (_PROCEEDING, Trigger.PROVISIONAL): (_PROCEEDING, Action.SEND),
    (_PROCEEDING, Trigger.FINAL): (_COMPLETED, Action.SEND),
    (_PROCEEDING, Trigger.TRANSPORT_ERROR): (_TERMINATED, Action.NOTHING),
    (_COMPLETED, Trigger.REQUEST): (_COMPLETED, Action.REPEAT),
    (_COMPLETED, Trigger.TIMER_J): (_TERMINATED, Action.NOTHING),
    (_COMPLETED, Trigger.TRANSPORT_ERROR): (_TERMINATED, Action.NOTHING),
}
"""Figure 8 as data. A pair that is not in the table changes nothing: a repeated request before the first response and
a second final response are dropped that way."""


class ServerTransaction:
    """One request that was received, on its way to its final response.

    Responses leave on the flow that the request came on, from the address that received it to the address that sent
    it (RFC 3261 18.2.2, RFC 3581 4). Times are seconds on the owner's clock.
    """

    def __init__(self, request: Request, flow: Flow, timers: Timers) -> None:
        self.request = request
        self.flow = flow
        self.timers = timers
        self.key = ServerKey.of(request)
        self.state = ServerState.TRYING
        self.deadline: float | None = None
        """When Timer J fires; None outside COMPLETED."""
        self._response = b""

    def receive(self, request: Request, now: float) -> list[Packet]:
        """`request` has the key of this transaction: the last response once more, if there is one.

        The ACK of an INVITE only confirms the response, and is never answered (RFC 3261 17.2.1).
        """
        return [] if request.method == "ACK" else self._step(Trigger.REQUEST, now)

    def respond(self, response: bytes, now: float) -> list[Packet]:
        """The packets that carry `response`: none after a final response. What is no response counts as final."""
        return self._step(Trigger.PROVISIONAL if _PROVISIONAL.match(response) else Trigger.FINAL, now, response)

    def on_time(self, now: float) -> None:
        """Ends the transaction if Timer J is due."""
        if self.deadline is not None and now >= self.deadline:
            self._step(Trigger.TIMER_J, now)

    def fail(self, now: float) -> bool:
        """The transport could not deliver a response; True if that ended the transaction (RFC 3261 17.2.4)."""
        before = self.state
        self._step(Trigger.TRANSPORT_ERROR, now)
        return self.state is not before

    def _step(self, trigger: Trigger, now: float, response: bytes = b"") -> list[Packet]:
        before = self.state
        self.state, action = TABLE.get((before, trigger), (before, Action.NOTHING))
        if action is Action.SEND:
            self._response = response
        packets = [Packet(self.flow, self._response)] if action in (Action.SEND, Action.REPEAT) else []
        if self.state is _COMPLETED and before is not _COMPLETED:
            self.deadline = now + self.timers.timer_j(reliable=self.flow.reliable)
            self.on_time(now)  # over a reliable transport Timer J is zero: it fires at once
        elif self.state is _TERMINATED:
            self.deadline = None
        return packets
