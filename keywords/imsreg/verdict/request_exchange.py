"""What is told alike of every exchange, whichever side has sent the request."""

from __future__ import annotations

from imsreg.sip.message import Request, Response
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry


class RequestExchange:
    """A request in its exchange: numbers, times in seconds of the transcript, final response."""

    __slots__ = ()

    exchange: Exchange
    request: Request

    @property
    def number(self) -> int:
        """Entry number of the request."""
        return self.exchange.request.number

    @property
    def at(self) -> float:
        """When the request was first sent, in seconds of the transcript."""
        return self.exchange.request.at

    @property
    def accepted(self) -> bool:
        """Whether it got a 2xx."""
        return self.status // 100 == 2

    @property
    def concluded(self) -> Entry | None:
        """The entry of the final response that counts, None while there is none: the first."""
        return self.exchange.final

    @property
    def final(self) -> Response | None:
        """The final response."""
        entry = self.concluded
        return entry.message if entry is not None and isinstance(entry.message, Response) else None

    @property
    def final_entry(self) -> Entry:
        """The entry of the final response; only to be asked where there is one."""
        entry = self.concluded
        assert entry is not None
        return entry

    @property
    def status(self) -> int:
        """Status of the final response, 0 while there is none."""
        return self.final.status if self.final is not None else 0

    @property
    def call_id(self) -> str:
        """Call-ID of the request."""
        return self.request.value("Call-ID") or ""
