"""What an endpoint reports to the role that owns it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.flow import Flow, TransportFailure
from imsreg.sip.framing import KeepAlive
from imsreg.sip.message import Message, Request, Response
from imsreg.sip.server_transaction import ServerTransaction


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request that is not the repetition of another one."""

    request: Request
    flow: Flow
    transaction: ServerTransaction


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """A provisional response, or the first final one. `flow` is the one that it came on."""

    response: Response
    flow: Flow
    transaction: ClientTransaction


@dataclass(frozen=True, slots=True)
class TransactionTimeout:
    """No final response came in time (Timer F)."""

    transaction: ClientTransaction


@dataclass(frozen=True, slots=True)
class TransportFailed:
    """The link failed; `transaction` is the one that this ended, None if none waited for a response on that flow."""

    failure: TransportFailure
    transaction: ClientTransaction | None


@dataclass(frozen=True, slots=True)
class Stray:
    """A response that no open transaction asked for, or the ACK of an INVITE that is not known."""

    message: Message
    flow: Flow


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Octets that are no SIP message; `error` says why."""

    data: bytes = field(repr=False)
    flow: Flow
    error: str


@dataclass(frozen=True, slots=True)
class KeepAliveReceived:
    """A ping, already answered, or the pong to a ping that was sent (RFC 5626 4.4.1).

    Over UDP, for which line ends are no keep-alive, a datagram of nothing else counts as a ping without an answer.
    """

    flow: Flow
    kind: KeepAlive


Event: TypeAlias = (
    RequestReceived | ResponseReceived | TransactionTimeout | TransportFailed | Stray | Unreadable | KeepAliveReceived
)
