"""Which messages belong together, told from the wire alone (RFC 3261 17.1.3)."""

from __future__ import annotations

from dataclasses import dataclass

from imsreg.sip.matching import ClientKey
from imsreg.sip.message import Message, Request, Response
from imsreg.transcript.entries import Entry


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and what came back. It grows while the transcript is being recorded.

    `requests` starts with `request`; the others are retransmissions. `responses` has every response in order, with
    retransmissions. `final` is the first final response, `by_tester` says who asked.
    """

    request: Entry
    requests: tuple[Entry, ...]
    responses: tuple[Entry, ...]
    final: Entry | None
    method: str
    by_tester: bool

    @property
    def provisional(self) -> tuple[Entry, ...]:
        """The 1xx responses."""
        return tuple(entry for entry in self.responses if _status(entry) < 200)


class Correlator:
    """Sorts entries into exchanges, one by one, each in constant time.

    A response belongs to the request in the other direction with the same top Via branch and CSeq method; where a
    sender used one branch for several requests, to the one with the same Call-ID and CSeq, else to the latest.
    A request with the very octets of an earlier one is its retransmission.
    """

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.strays: list[Entry] = []
        self.repeats: dict[int, int] = {}
        """Number of an entry that repeats an earlier one of its exchange octet by octet -> number of that one."""
        self._by_octets: dict[tuple[bool, bytes], Exchange] = {}
        self._by_key: dict[tuple[object, ...], Exchange] = {}
        self._responses: dict[tuple[int, bytes], int] = {}

    def add(self, entry: Entry) -> None:
        """Takes the next entry of the transcript."""
        if isinstance(entry.message, Request):
            self._add_request(entry, entry.message)
        elif isinstance(entry.message, Response):
            self._add_response(entry, entry.message)

    def _add_request(self, entry: Entry, request: Request) -> None:
        known = self._by_octets.get((entry.sent, entry.raw))
        if known is not None:
            known.requests += (entry,)
            self.repeats[entry.number] = known.request.number
            return
        exchange = Exchange(entry, (entry,), (), None, request.method, entry.sent)
        self.exchanges.append(exchange)
        self._by_octets[entry.sent, entry.raw] = exchange
        key = ClientKey.of_request(request)
        if key is not None:
            self._by_key[entry.sent, key] = exchange
            self._by_key[entry.sent, key, *_identity(request)] = exchange

    def _add_response(self, entry: Entry, response: Response) -> None:
        key = ClientKey.of_response(response)
        asked = not entry.sent
        exchange = self._by_key.get((asked, key, *_identity(response))) or self._by_key.get((asked, key))
        if exchange is None:
            self.strays.append(entry)
            return
        exchange.responses += (entry,)
        if exchange.final is None and response.status >= 200:
            exchange.final = entry
        first = self._responses.setdefault((exchange.request.number, entry.raw), entry.number)
        if first != entry.number:
            self.repeats[entry.number] = first


def _identity(message: Message) -> tuple[str | None, str]:
    return message.value("Call-ID"), " ".join((message.value("CSeq") or "").split())


def _status(entry: Entry) -> int:
    return entry.message.status if isinstance(entry.message, Response) else 0
