"""The non-INVITE client transaction (RFC 3261 17.1.2, figure 6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from imsreg.sip.errors import MessageError
from imsreg.sip.flow import Flow, Packet
from imsreg.sip.matching import ClientKey
from imsreg.sip.message import Request, Response, parse
from imsreg.sip.timers import Timers


class ClientState(Enum):
    """Where the transaction is."""

    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class Trigger(Enum):
    """What moves the transaction on."""

    PROVISIONAL = auto()
    FINAL = auto()
    TIMER_E = auto()
    TIMER_F = auto()
    TIMER_K = auto()
    TRANSPORT_ERROR = auto()


class Outcome(Enum):
    """What the owner of the transaction has to do."""

    NOTHING = auto()
    SEND = auto()  # send the request again
    DELIVER = auto()  # hand the response to the user of the transaction
    ABSORB = auto()  # forget the response: a repetition
    TIMED_OUT = auto()  # tell the user that no final response came
    FAILED = auto()  # tell the user that the transport failed


_TRYING, _PROCEEDING, _COMPLETED, _TERMINATED = ClientState

TABLE: Mapping[tuple[ClientState, Trigger], tuple[ClientState, Outcome]] = {
    (_TRYING, Trigger.TIMER_E): (_TRYING, Outcome.SEND),
    (_TRYING, Trigger.PROVISIONAL): (_PROCEEDING, Outcome.DELIVER),
    (_TRYING, Trigger.FINAL): (_COMPLETED, Outcome.DELIVER),
    (_TRYING, Trigger.TIMER_F): (_TERMINATED, Outcome.TIMED_OUT),
    (_TRYING, Trigger.TRANSPORT_ERROR): (_TERMINATED, Outcome.FAILED),
    (_PROCEEDING, Trigger.TIMER_E): (_PROCEEDING, Outcome.SEND),
    (_PROCEEDING, Trigger.PROVISIONAL): (_PROCEEDING, Outcome.DELIVER),
    (_PROCEEDING, Trigger.FINAL): (_COMPLETED, Outcome.DELIVER),
    (_PROCEEDING, Trigger.TIMER_F): (_TERMINATED, Outcome.TIMED_OUT),
    (_PROCEEDING, Trigger.TRANSPORT_ERROR): (_TERMINATED, Outcome.FAILED),
    (_COMPLETED, Trigger.PROVISIONAL): (_COMPLETED, Outcome.ABSORB),
    (_COMPLETED, Trigger.FINAL): (_COMPLETED, Outcome.ABSORB),
    (_COMPLETED, Trigger.TIMER_K): (_TERMINATED, Outcome.NOTHING),
}
"""Figure 6 as data. A pair that is not in the table changes nothing."""


class ClientTransaction:
    """One request on its way to a final response.

    The owner sends `packet` at once, hands over responses, and calls `on_time` when `deadline` has come. Times are
    seconds on the owner's clock.
    """

    def __init__(self, request: Request | bytes, flow: Flow, timers: Timers, now: float) -> None:
        self.request: Request | None
        """None if the request was given as octets that are no request."""
        if isinstance(request, Request):
            self.request, octets = request, request.raw
        else:
            self.request, octets = _read(request, flow), request
        self.packet = Packet(flow, octets)
        self.key = ClientKey.of_request(self.request) if self.request else None
        """None if no response can be told to belong to the request."""
        self.timers = timers
        self.state = ClientState.TRYING
        self._interval = timers.t1
        self._resend = None if flow.reliable else now + timers.t1  # Timer E
        self._end: float | None = now + timers.timer_f  # Timer F, in COMPLETED Timer K

    @property
    def flow(self) -> Flow:
        """The flow that the request was sent on."""
        return self.packet.flow

    @property
    def deadline(self) -> float | None:
        """When `on_time` has something to do; None once terminated."""
        if self._resend is None or self._end is None:
            return self._end
        return min(self._resend, self._end)

    def receive(self, response: Response, now: float) -> Outcome:
        """A response with the key of this transaction has come."""
        return self._step(Trigger.PROVISIONAL if 100 <= response.status < 200 else Trigger.FINAL, now)

    def on_time(self, now: float) -> Outcome:
        """Fires the timer that is due, if any. A late call repeats the request once, not once for every interval."""
        if self._end is not None and now >= self._end:
            return self._step(Trigger.TIMER_K if self.state is ClientState.COMPLETED else Trigger.TIMER_F, now)
        if self._resend is not None and now >= self._resend:
            return self._step(Trigger.TIMER_E, now)
        return Outcome.NOTHING

    def fail(self, now: float) -> Outcome:
        """The transport could not deliver the request (RFC 3261 17.1.4)."""
        return self._step(Trigger.TRANSPORT_ERROR, now)

    def _step(self, trigger: Trigger, now: float) -> Outcome:
        before = self.state
        self.state, outcome = TABLE.get((before, trigger), (before, Outcome.NOTHING))
        if outcome is Outcome.SEND:
            self._interval = min(2 * self._interval, self.timers.t2) if before is _TRYING else self.timers.t2
            self._resend = now + self._interval
        elif self.state is _COMPLETED and before is not _COMPLETED:
            self._resend = None
            self._end = now + self.timers.timer_k(reliable=self.flow.reliable)
            self.on_time(now)  # over a reliable transport Timer K is zero: it fires at once
        elif self.state is _TERMINATED:
            self._resend = self._end = None
        return outcome


def _read(octets: bytes, flow: Flow) -> Request | None:
    try:
        message = parse(octets, stream=flow.reliable)
    except MessageError:
        return None
    return message if isinstance(message, Request) else None
