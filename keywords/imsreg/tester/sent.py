"""A request of the tester on its way, and what came back."""

from __future__ import annotations

from dataclasses import dataclass, field

from imsreg.sip.client_transaction import ClientTransaction
from imsreg.sip.flow import Flow, TransportFailure
from imsreg.sip.message import MessageError, Request, Response, parse
from imsreg.tester.outcome import ScenarioStopped
from imsreg.text import safe_text


@dataclass
class Sent:
    """A request on its way and what came back."""

    request: Request | None
    raw: bytes = field(repr=False)
    transaction: ClientTransaction | None = None
    times: list[float] = field(default_factory=list)
    """When it went out, repetitions included."""
    responses: list[Response] = field(default_factory=list)
    stopped: ScenarioStopped | None = None
    flow: Flow | None = None
    """What it left on, where that is not the same for every request."""

    @property
    def final(self) -> Response | None:
        """The final response, or None while there is none."""
        return next((r for r in self.responses if r.status >= 200), None)

    @property
    def done(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self.final is not None or self.stopped is not None


def request_of(raw: bytes) -> Request | None:
    """The request in `raw`, or None if that is no request, as a test may want it."""
    try:
        message = parse(raw)
    except MessageError:
        return None
    return message if isinstance(message, Request) else None


def transport_stop(failure: TransportFailure) -> ScenarioStopped:
    """Why a request whose packet was not delivered has no answer."""
    where = f"{failure.flow.remote} over {failure.flow.transport}"
    match failure.kind:
        case "unreachable":
            return ScenarioStopped("target-unreachable", f"{where}: {safe_text(failure.detail)}")
        case "denied":
            return ScenarioStopped("tool", safe_text(failure.detail))
        case "refused" | "closed" | "reset" | "timeout":
            return ScenarioStopped("transport", f"{where}: connection {failure.kind}: {safe_text(failure.detail)}")
