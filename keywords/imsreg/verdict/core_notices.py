"""What the network says has become of contacts: it may end a registration by itself (RFC 3680 4.7.1, 5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.sip.errors import UriError
from imsreg.sip.message import Request
from imsreg.sip.reginfo import RegContact, ReginfoError, RegistrationInfo, parse_reginfo
from imsreg.sip.uri import Uri, equivalent
from imsreg.transcript.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Notice:
    """A registration in the document of a NOTIFY, which is message `number`.

    `over`: it has no contact any more. `full`: it lists every contact that it has. `stands` are the contacts that it
    has, `ends` those that are terminated, or last shorter than they were granted.
    """

    number: int
    record: str
    over: bool
    full: bool
    stands: tuple[Uri, ...]
    ends: tuple[Uri, ...]

    def doubts(self, record: str, contact: Uri) -> bool:
        """Whether after it a contact of an address of record is certain no more."""
        if any(equivalent(contact, each) for each in self.ends):
            return True
        left_out = self.over or (self.full and not any(equivalent(contact, each) for each in self.stands))
        return record == self.record and left_out


def notices(transcript: Transcript) -> Iterator[Notice]:
    """What each NOTIFY of the DUT says of each registration; nothing where its document cannot be read."""
    for exchange in transcript.exchanges:
        notify = exchange.request.message
        if exchange.by_tester or not isinstance(notify, Request) or notify.method != "NOTIFY" or not notify.body:
            continue
        try:
            document = parse_reginfo(notify.body)
        except ReginfoError:
            continue
        for each in document.registrations:
            yield _notice(exchange.request.number, each, full=document.state == "full")


def _notice(number: int, told: RegistrationInfo, *, full: bool) -> Notice:
    ends = [contact for contact in told.contacts if contact.state == "terminated" or contact.event == "shortened"]
    stands = [contact for contact in told.contacts if contact not in ends]
    over = told.state == "terminated"
    return Notice(number, _record(told.aor), over, full, tuple(_uris(stands)), tuple(_uris(ends)))


def _record(aor: str) -> str:
    try:
        return Uri.parse(aor).address_of_record()
    except UriError:
        return aor


def _uris(contacts: list[RegContact]) -> Iterator[Uri]:
    for contact in contacts:
        try:
            yield Uri.parse(contact.uri)
        except UriError:
            continue
