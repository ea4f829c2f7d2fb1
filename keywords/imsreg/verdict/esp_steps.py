"""The REGISTER requests of either side as the life of associations reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.name_addr import Contact
from imsreg.sip.message import Response
from imsreg.sip.uri import Uri
from imsreg.verdict.authentication import Attempt
from imsreg.verdict.bindings import granted_seconds
from imsreg.verdict.esp_history import Owner, Step
from imsreg.verdict.ue_registers import Stage, UeRegister


def of_tester(attempts: Iterable[Attempt]) -> Iterator[Step]:
    """Those of the tester's UEs."""
    for attempt in attempts:
        final = attempt.final
        spans = [granted_seconds(final, c.uri) for c in attempt.contacts if not c.star] if final is not None else []
        yield Step(
            attempt,
            Owner(attempt.impi, attempt.exchange.request.source.host),
            attempt.record,
            attempt.answers.number if attempt.answers is not None else None,
            attempt.responds,
            attempt.status // 100 == 2,
            tuple("*" if contact.star else str(contact.uri) for contact in attempt.contacts),
            attempt.binds,
            max((span for span in spans if span is not None), default=None),
            _left(final) if final is not None else None,
        )


def of_ue(registers: Iterable[UeRegister]) -> Iterator[Step]:
    """Those of the UE under test."""
    for register in registers:
        yield Step(
            register,
            Owner(
                register.subscriber.impi if register.subscriber is not None else register.record,
                register.exchange.request.source.host,
                register.emergency,
            ),
            register.record,
            register.answers.number if register.answers is not None else None,
            register.stage is Stage.ANSWER,
            register.accepted,
            tuple("*" if contact.star else str(contact.uri) for contact in register.contacts),
            register.binds,
            register.granted(),
        )


def _left(accepted: Response) -> tuple[Uri, ...] | None:
    """The contacts that a 2xx lists as bound; None if it lists nothing, or something that cannot be read."""
    try:
        contacts = [contact for contact in accepted.get_all(Contact) if not contact.star]
    except HeaderError:
        return None
    spans = [granted_seconds(accepted, contact.uri) for contact in contacts]
    return tuple(c.uri for c, span in zip(contacts, spans, strict=True) if span != 0) if contacts else None
