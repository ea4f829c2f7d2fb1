"""Whose message it is: the subscribers that a message names, by the private identity first (TS 24.229 5.4.1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imsreg.identity.subscribers import Subscriber
from imsreg.registration.challenge import is_digest
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.name_addr import From, To
from imsreg.sip.message import Message
from imsreg.sip.uri import Uri


class Directory:
    """The subscribers of a run by what a message may say of them. Nothing in a message makes `named` raise."""

    def __init__(self, subscribers: Sequence[Subscriber]) -> None:
        self._by_impi = {subscriber.impi: subscriber for subscriber in subscribers}
        self._by_record: dict[str, list[Subscriber]] = {}
        for subscriber in subscribers:
            for impu in subscriber.impus:
                self._by_record.setdefault(_record(impu), []).append(subscriber)

    def named(self, message: Message) -> Iterator[Subscriber]:
        """The subscribers whom a message may belong to, the likeliest first; several share a public identity."""
        impi = _impi(message)
        if impi in self._by_impi:
            yield self._by_impi[impi]
            return
        for header in (From, To):
            record = _named_record(message, header)
            if record is not None:
                yield from self._by_record.get(record, ())


def _impi(message: Message) -> str:
    for field in message.fields("Authorization"):
        try:
            if is_digest(field.value):
                return Authorization.parse(field.value).username or ""
        except HeaderError:
            continue
    return ""


def _named_record(message: Message, header: type[From | To]) -> str | None:
    try:
        address = message.get(header)
    except HeaderError:
        return None
    return None if address is None else address.uri.address_of_record()


def _record(impu: str) -> str:
    try:
        return Uri.parse(impu).address_of_record()
    except UriError:
        return impu
