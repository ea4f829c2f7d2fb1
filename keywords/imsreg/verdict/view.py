"""One transcript as checks read it: REGISTER exchanges, told from the wire, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from imsreg.sip.challenges import digest_challenges
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authorization import WwwAuthenticate
from imsreg.sip.headers.base import Header
from imsreg.sip.message import Message, Request, Response
from imsreg.sip.split import split_list
from imsreg.text import safe_text
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.authentication import Attempt, attempts
from imsreg.verdict.bindings import Ledger
from imsreg.verdict.core_notices import notices
from imsreg.verdict.facts import Facts
from imsreg.verdict.strays import reclaimed

if TYPE_CHECKING:
    # Of no use to a run without associations, or before there is something to judge.
    from imsreg.verdict.esp_view import SecuredView
    from imsreg.verdict.subscriptions import Subscriptions
    from imsreg.verdict.ue_view import UeView

H = TypeVar("H", bound=Header)


@dataclass(frozen=True, slots=True)
class Answered:
    """A REGISTER of the tester with its final response; `entry` is the number of that response."""

    attempt: Attempt
    entry: int
    response: Response


@dataclass(frozen=True, slots=True)
class Challenged:
    """A digest challenge in a 401 or 407 that can be read; `line` is where it stands in the response."""

    attempt: Attempt
    entry: int
    response: Response
    header: WwwAuthenticate
    line: int

    @property
    def aka(self) -> bool:
        """Whether it asks for AKA, of any version and with any hash (RFC 3310 3.1)."""
        return (self.header.algorithm or "").lower().startswith("akav")


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
        """Every digest challenge that can be read: a 401 may hold several."""
        return tuple(
            Challenged(answered.attempt, answered.entry, answered.response, header, line)
            for answered in self.answered
            for line, header in digest_challenges(answered.response)
        )

    @cached_property
    def ledger(self) -> Ledger:
        """Which bindings the 2xx responses have granted, by address of record."""
        return Ledger(self.attempts, tuple(notices(self.transcript)))

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """What the tester's UEs have subscribed to, and what they were notified of."""
        # Of no use before there is something to judge.
        from imsreg.verdict.subscriptions import Subscriptions

        return Subscriptions(self.transcript)

    @cached_property
    def ue(self) -> UeView:
        """The same transcript where a UE is under test."""
        from imsreg.verdict.ue_view import UeView

        return UeView(self.transcript, self.facts)

    @cached_property
    def secured(self) -> SecuredView:
        """The security associations of the transcript, whichever side is under test; none in another mode."""
        from imsreg.secagree.associations import Side
        from imsreg.verdict.esp_steps import of_tester, of_ue
        from imsreg.verdict.esp_view import SecuredView

        side = Side.UE if self.facts.role == "ue" else Side.P_CSCF
        if self.facts.security != "ipsec":
            return SecuredView(self.transcript, side, ())
        steps = of_ue(self.ue.all_registers) if side is Side.UE else of_tester(self.attempts)
        return SecuredView(self.transcript, side, tuple(steps))

    @cached_property
    def replies(self) -> tuple[Replied, ...]:
        """Every response to a request of the tester, repetitions left out; `reclaimed` strays are among them."""
        answers = [(x, entry) for x in self.transcript.exchanges if x.by_tester for entry in x.responses]
        return tuple(
            Replied(exchange, exchange.request.message, entry.number, entry.message)
            for exchange, entry in sorted((*answers, *reclaimed(self.transcript)), key=lambda pair: pair[1].number)
            if isinstance(exchange.request.message, Request)
            and isinstance(entry.message, Response)
            and self.transcript.repeat_of(entry) is None
        )

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


def readable(message: Message, header: type[H]) -> tuple[H, ...]:
    """Every value of a header; none where one of them cannot be read."""
    try:
        return message.get_all(header)
    except HeaderError:
        return ()


def elements(message: Message, name: str) -> Iterator[tuple[int, str]]:
    """Every value of a list header with the line of its field; a field without any value gives an empty one."""
    for field in message.fields(name):
        for element in split_list(field.value) or ("",):
            yield field.line, element
