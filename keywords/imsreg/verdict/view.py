"""One transcript as checks read it: REGISTER exchanges, told from the wire, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from imsreg.sip.headers.authorization import WwwAuthenticate
from imsreg.sip.message import Message, Request, Response
from imsreg.text import safe_text
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.authentication import Attempt, attempts
from imsreg.verdict.bindings import Ledger
from imsreg.verdict.facts import Facts


@dataclass(frozen=True, slots=True)
class Answered:
    """A REGISTER of the tester with its final response; `entry` is the number of that response."""

    attempt: Attempt
    entry: int
    response: Response


@dataclass(frozen=True, slots=True)
class Challenged:
    """A 401 whose digest challenge can be read."""

    attempt: Attempt
    entry: int
    response: Response
    header: WwwAuthenticate


@dataclass(frozen=True, slots=True)
class Replied:
    """Any response, provisional or final, and the request of the tester that it belongs to."""

    exchange: Exchange
    request: Request
    entry: int
    response: Response


class View:
    """What a check gets. Everything in it is worked out once and comes from the wire, the facts only beside it."""

    def __init__(self, transcript: Transcript, facts: Facts) -> None:
        self.transcript = transcript
        self.facts = facts

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """The tester's REGISTER requests in order, each with what it is: unauthenticated, an answer, and so on."""
        return tuple(attempts(self.transcript, self.facts))

    @cached_property
    def answered(self) -> tuple[Answered, ...]:
        """The attempts that got a final response."""
        return tuple(Answered(a, a.final_entry.number, a.final) for a in self.attempts if a.final is not None)

    @cached_property
    def accepted(self) -> tuple[Answered, ...]:
        """The attempts that got a 2xx."""
        return tuple(a for a in self.answered if a.response.status // 100 == 2)

    @cached_property
    def registered(self) -> tuple[Answered, ...]:
        """The accepted attempts that asked for at least one contact with an expiry above zero."""
        return tuple(a for a in self.accepted if a.attempt.binds)

    @cached_property
    def challenges(self) -> tuple[Challenged, ...]:
        """The 401 responses whose first digest challenge can be read."""
        return tuple(
            Challenged(a.attempt, a.entry, a.response, a.attempt.challenge)
            for a in self.answered
            if a.attempt.challenge is not None
        )

    @cached_property
    def ledger(self) -> Ledger:
        """Which bindings the 2xx responses have granted, by address of record."""
        return Ledger(self.attempts)

    @cached_property
    def replies(self) -> tuple[Replied, ...]:
        """Every response to a request of the tester, repetitions left out."""
        return tuple(self._replies())

    def _replies(self) -> Iterator[Replied]:
        for exchange in self.transcript.exchanges:
            request = exchange.request.message
            if not exchange.by_tester or not isinstance(request, Request):
                continue
            for entry in exchange.responses:
                if isinstance(entry.message, Response) and self.transcript.repeat_of(entry) is None:
                    yield Replied(exchange, request, entry.number, entry.message)

    def where(self, number: int, line: int | None = None) -> str:
        """The place of a finding in words: "message 4 of the ladder, 200 OK, P-CSCF -> UE, line 7"."""
        entry = self.transcript.entries[number - 1]
        way = f"{self.transcript.name(entry.source)} -> {self.transcript.name(entry.destination)}"
        place = f"message {number} of the ladder, {safe_text(entry.label, limit=60)}, {way}"
        return f"{place}, line {line}" if line is not None else place


def line_of(message: Message, name: str) -> int | None:
    """The line of the first field of a header, None if there is none."""
    field = message.field(name)
    return field.line if field is not None else None
