"""A request at Gm, and on which set of associations it came (TS 33.203 7.1, 7.4.2a)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from imsreg.registration.replies import Discarded
from imsreg.secagree.negotiation import Agreement
from imsreg.secagree.sets import LiveSet
from imsreg.secagree.table import Contact
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Flow
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.name_addr import To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Request

__all__ = [
    "Arrival",
    "Discarded",
    "Held",
    "Step",
    "address_of_record",
    "credentials_of",
    "names_its_source",
    "private_identity",
    "step_of",
    "user_of",
]


class Step(Enum):
    """What a request is to the authentication of its user."""

    REGISTER = auto()
    """Begins one, or goes without: no response, or the response to a challenge that is not open."""
    ANSWER = auto()
    """Carries the response to an open challenge that has made a set."""
    REPORT = auto()
    """Says that the challenge was wrong: auts, or an empty response to a nonce (TS 24.229 5.1.1.5.3)."""
    OTHER = auto()
    """No REGISTER."""


@dataclass(slots=True, eq=False)
class Held:
    """A set that the P-CSCF holds, and what was agreed on when it was made."""

    contact: Contact
    live: LiveSet
    nonce: str
    """Of the challenge that made it."""
    agreement: Agreement
    began: Flow | None
    """The flow of the REGISTER that began the authentication, if a set protected it."""
    user: str | None
    """The private identity that the UE gave itself; None as long as it has given none."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A request, and whose it is by where it came.

    `held` is the set that it came on, None: in the clear. `answers` is the set that the challenge has made that it
    answers; the same one where everything is right. `fault` says why a P-CSCF discards it, None: it does not.
    """

    request: Request
    flow: Flow
    contact: Contact
    step: Step
    held: Held | None
    answers: Held | None
    fault: str | None

    @property
    def protected(self) -> bool:
        """Whether it came on an association."""
        return self.held is not None


def credentials_of(request: Request) -> Authorization | None:
    """The credentials of a request, None for none that can be read."""
    try:
        return request.get(Authorization)
    except HeaderError:
        return None


def step_of(request: Request, answers: Held | None) -> Step:
    """What a request is; `answers` is the set whose challenge it answers."""
    if request.method != "REGISTER":
        return Step.OTHER
    if answers is not None:
        return Step.ANSWER
    credentials = credentials_of(request)
    if credentials is not None and credentials.nonce and (credentials.auts or not credentials.response):
        return Step.REPORT
    return Step.REGISTER


def user_of(request: Request) -> str | None:
    """The private identity that a request gives in its credentials."""
    credentials = credentials_of(request)
    return None if credentials is None else credentials.username or None


def private_identity(request: Request) -> str | None:
    """The IMPI that a request names, else what TS 24.229 5.3.1.2 derives from To: that without its scheme.

    None if neither can be read.
    """
    user = user_of(request)
    if user is not None:
        return user
    record = address_of_record(request)
    return None if record is None else record.partition(":")[2]


def address_of_record(request: Request) -> str | None:
    """The public identity that a request is about, None if To cannot be read."""
    try:
        to = request.get(To)
    except HeaderError:
        return None
    return None if to is None else to.uri.address_of_record()


def names_its_source(request: Request, flow: Flow) -> bool:
    """Whether the topmost Via has the address that the packet came from (TS 33.203 7.1 rule 2).

    A host name says nothing without DNS, and passes. Raises HeaderError for a Via that cannot be read.
    """
    via = request.get(Via)
    return via is None or via.sent_from(flow.remote.host) or not _is_address(via.host)


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
