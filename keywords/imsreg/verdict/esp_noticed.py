"""Sets that a P-CSCF may have given up because the network has ended a registration (TS 33.203 7.4.2a)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.uri import Uri
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.core_notices import notices
from imsreg.verdict.esp_history import MadeSet


def doubt_by_notices(sets: Iterable[MadeSet], transcript: Transcript) -> None:
    """Enters from which NOTIFY on a set may be gone: the first that takes the contact away which it is for."""
    said = tuple(notices(transcript))
    for made in sets if said else ():
        record, contacts = _record(made), tuple(_contacts(made))
        since = made.challenge.number if made.established is None else made.established
        after = (n for n in said if n.number > since and any(n.doubts(record, each) for each in contacts))
        first = next(after, None)
        if first is not None and (made.doubtful is None or first.number < made.doubtful):
            made.doubtful = first.number


def _record(made: MadeSet) -> str:
    try:
        to = made.asked.message.get(To) if made.asked.message is not None else None
        return to.uri.address_of_record() if to is not None else ""
    except (HeaderError, UriError):
        return ""


def _contacts(made: MadeSet) -> Iterator[Uri]:
    """Those that its first REGISTER asked for."""
    try:
        contacts = made.asked.message.get_all(Contact) if made.asked.message is not None else ()
    except HeaderError:
        return
    yield from (contact.uri for contact in contacts if not contact.star)
