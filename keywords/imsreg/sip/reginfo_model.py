"""Registration information: what a NOTIFY of the event package "reg" carries (RFC 3680 5.1, RFC 5628)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imsreg.sip.defects import Defect
from imsreg.sip.errors import UriError
from imsreg.sip.params import NO_PARAMS, Params
from imsreg.sip.uri import Uri

PACKAGE = "reg"
"""The event package of registration state (RFC 3680 4.1)."""
MEDIA_TYPE = "application/reginfo+xml"
"""The type of the document in Content-Type and Accept (RFC 3680 4.5)."""
NAMESPACE = "urn:ietf:params:xml:ns:reginfo"
"""The namespace of the document (RFC 3680 5.1)."""
GRUU_NAMESPACE = "urn:ietf:params:xml:ns:gruuinfo"
"""The namespace of the GRUU elements (RFC 5628)."""

VERSION_LIMIT = 2**32 - 1
"""The largest version: it has to fit 32 bits (RFC 3680 5.1)."""
REGISTRATION_STATES = ("init", "active", "terminated")
"""The states of a registration (RFC 3680 5.1)."""
CONTACT_STATES = ("active", "terminated")
"""The states of a contact (RFC 3680 5.1)."""
CONTACT_EVENTS = (
    *("registered", "created", "refreshed", "shortened", "expired", "deactivated", "probation", "unregistered"),
    "rejected",
)
"""What may bring a contact into its state (RFC 3680 5.1)."""


@dataclass(frozen=True, slots=True)
class TempGruu:
    """A temporary GRUU, and the CSeq number of the REGISTER that got the first one still valid (RFC 5628)."""

    uri: str
    first_cseq: int | None = None


@dataclass(frozen=True, slots=True)
class RegContact:
    """One contact. Texts are as written, "" where a mandatory one is missing; spans in seconds.

    None: not written, or not readable as what it has to be. `unknown_params` are the Contact parameters that RFC 3261
    does not define.
    """

    id: str
    state: str
    event: str
    uri: str
    expires: int | None = None
    retry_after: int | None = None
    duration_registered: int | None = None
    q: float | None = None
    callid: str | None = None
    cseq: int | None = None
    display_name: str | None = None
    display_lang: str | None = None
    unknown_params: Params = NO_PARAMS
    pub_gruu: str | None = None
    temp_gruu: TempGruu | None = None


@dataclass(frozen=True, slots=True)
class RegistrationInfo:
    """The registration of one address-of-record. Texts are as written, "" where a mandatory one is missing."""

    aor: str
    id: str
    state: str
    contacts: tuple[RegContact, ...] = ()


@dataclass(frozen=True, slots=True)
class Reginfo:
    """One document. `defects` are what a conformant document would not have; their lines are those of the document."""

    version: int
    state: Literal["full", "partial"]
    registrations: tuple[RegistrationInfo, ...] = ()
    defects: tuple[Defect, ...] = ()

    def registration(self, aor: str) -> RegistrationInfo | None:
        """The registration of this address-of-record, in whatever form (RFC 3261 10.3 step 5), or None."""
        wanted = _record(aor)
        return next((each for each in self.registrations if _record(each.aor) == wanted), None)


def _record(aor: str) -> str:
    try:
        return Uri.parse(aor).address_of_record()
    except UriError:
        return aor
