"""The UEs that are registered through a P-CSCF, as REGISTER and its 200 show (TS 24.229 5.2.2.1, 5.2.6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.headers.expires import Expires
from imsreg.sip.headers.name_addr import Contact, From, PAssociatedUri, PPreferredIdentity, To
from imsreg.sip.message import Request, Response
from imsreg.sip.uri import Uri, equivalent

MAX_USERS = 4096
"""Registrations that are kept; of more the oldest is forgotten, and its UE may do nothing but register again."""


@dataclass(frozen=True, slots=True)
class RegisteredUe:
    """An implicit registration set that a UE has registered. `until` is a clock value in seconds.

    `host` is where the UE is; `impi` its private identity, None where nothing proves it. `identities` are those that
    the home network has associated, the default one first.
    """

    host: str
    impi: str | None
    identities: tuple[str, ...]
    service_route: tuple[str, ...]
    until: float

    @property
    def records(self) -> frozenset[str]:
        """The identities as addresses of record."""
        return frozenset(record for each in self.identities if (record := record_of(each)) is not None)

    def asserted(self, request: Request) -> str:
        """The identity that the network vouches for: the one that the UE prefers, else the default one."""
        by_record = {record_of(each): each for each in reversed(self.identities)}
        preferred = (by_record.get(each) for each in _preferred(request))
        return next((each for each in preferred if each is not None), self.identities[0])


class RegisteredUes:
    """Every registration that a 200 has confirmed and none has ended, oldest first."""

    def __init__(self) -> None:
        self._all: list[RegisteredUe] = []

    def find(self, request: Request, host: str, impi: str | None, now: float) -> RegisteredUe | None:
        """Who sends a request from `host`; None: nobody who is registered.

        With `impi` an association proves who it is. Without one the request has to name an identity of the user.
        """
        here = [each for each in reversed(self._all) if (each.host, each.impi) == (host, impi) and each.until > now]
        claims = [*_preferred(request), *_sender(request)]
        named = (each for claim in claims for each in here if claim in each.records)
        return next(named, here[0] if here and impi is not None else None)

    def registered(self, request: Request, ok: Response, host: str, impi: str | None, now: float) -> None:
        """Learn from the 200 to a REGISTER that came from `host`."""
        identities = _associated(request, ok)
        until = now + _seconds_left(request, ok, host)
        new = RegisteredUe(host, impi, identities, ok.values("Service-Route"), until)
        self._all = [each for each in self._all if each.until > now and not _same(each, new)]
        if identities and until > now:
            self._all = [*self._all, new][-MAX_USERS:]


def record_of(uri: str) -> str | None:
    """A URI as address of record, None for what is no URI."""
    try:
        return Uri.parse(uri).address_of_record()
    except UriError:
        return None


def _same(one: RegisteredUe, other: RegisteredUe) -> bool:
    return (one.host, one.impi) == (other.host, other.impi) and not one.records.isdisjoint(other.records)


def _preferred(request: Request) -> list[str]:
    with suppress(HeaderError):
        return [each.uri.address_of_record() for each in request.get_all(PPreferredIdentity)]
    return []


def _sender(request: Request) -> list[str]:
    with suppress(HeaderError):
        sender = request.get(From)
        return [] if sender is None else [sender.uri.address_of_record()]
    return []


def _associated(request: Request, ok: Response) -> tuple[str, ...]:
    """What P-Associated-URI lists; for want of it the identity of To."""
    with suppress(HeaderError):
        if listed := ok.get_all(PAssociatedUri):
            return tuple(each.uri.text for each in listed)
    with suppress(HeaderError):
        to = request.get(To)
        return () if to is None else (to.uri.text,)
    return ()


def _seconds_left(request: Request, ok: Response, host: str) -> int:
    """How long the last contact of the UE lives by a 200: one that the request names, or one at its host; 0: none."""
    listed, named = _contacts(ok), _contacts(request)
    own = [each for each in listed if each.uri.host == host or any(equivalent(each.uri, one.uri) for one in named)]
    default = _default(ok)
    return max((default if each.expires is None else each.expires for each in own), default=0)


def _contacts(message: Request | Response) -> Sequence[Contact]:
    with suppress(HeaderError):
        return [each for each in message.get_all(Contact) if not each.star]
    return ()


def _default(message: Response) -> int:
    with suppress(HeaderError):
        expires = message.get(Expires)
        return 0 if expires is None else expires.seconds
    return 0
