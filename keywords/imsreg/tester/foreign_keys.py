"""What opens the ESP of a capture of somebody else's: keys from its own challenges and from the subscriber file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from imsreg.aka.nonce import NonceError, decode
from imsreg.aka.vector import open_autn
from imsreg.identity.absent import KeysMissing
from imsreg.identity.subscribers import Subscriber
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.esp import Inbound, Outcome, Received
from imsreg.secagree.ip import parse_ip
from imsreg.secagree.keys import KEY_OCTETS, expand
from imsreg.secagree.listing import read_list
from imsreg.secagree.transforms import Transform, why_unknown
from imsreg.secagree.usability import endpoints, transform
from imsreg.secret import Secret
from imsreg.sip.challenges import aka_challenge
from imsreg.sip.errors import HeaderError, MessageError
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.security import SecurityClient, SecurityMechanism, SecurityServer
from imsreg.sip.message import Message, Request, Response, parse
from imsreg.transcript.foreign import ForeignMessage

MAX_REMEMBERED = 4096
"""REGISTER requests, challenges, and SPIs that are remembered; of more the oldest is forgotten."""
MAX_CHALLENGES = 4
"""Challenges that are tried for one SPI, the latest of those that named it."""

MAX_TRIED = 32
"""Combinations of keys and algorithms that are tried for one SPI."""

_TCP, _UDP = 6, 17
_IP_IN_IP = (4, 41)

K = TypeVar("K")
V = TypeVar("V")


class _Asked(NamedTuple):
    """A REGISTER with a Security-Client, and from which host it went to which."""

    request: Request
    ue: str
    p_cscf: str


@dataclass(frozen=True, slots=True)
class _Made:
    """What a challenge makes keys of, with the algorithms that both sides name."""

    rand: bytes
    ck: Secret
    ik: Secret
    transforms: tuple[Transform, ...]


class SubscriberKeys:
    """Learns from REGISTER requests and their challenges which associations there are, and opens their packets.

    CK and IK are those of the subscriber who registers, for the RAND in the challenge; who has no key is passed over.
    In a capture between CSCFs the challenge may hold them itself (TS 24.229 7.2A.1). Which of the algorithms that were
    negotiated a packet has shows: only with the right one its ICV fits.
    """

    def __init__(self, subscribers: Sequence[Subscriber]) -> None:
        self._subscribers = tuple(subscribers)
        self._asked: dict[tuple[str, str, str], _Asked] = {}
        self._told: dict[str, tuple[Secret, Secret]] = {}
        self._ends: dict[tuple[int, str], _End] = {}
        self._by_spi: dict[int, _End] = {}

    def heard(self, message: ForeignMessage) -> None:
        """A message of the capture, in its order."""
        try:
            read = parse(message.octets, stream=message.transport == "TCP")
        except MessageError:
            return
        if isinstance(read, Request):
            if read.method == "REGISTER" and read.fields("Security-Client"):
                ue, p_cscf = message.source.host, message.destination.host
                _remember(self._asked, _transaction(read, ue), _Asked(read, ue, p_cscf))
        elif read.status == 401:
            self._challenged(read, message)

    def end(self, spi: int, destination: str) -> _End | None:
        """What takes packets with this SPI to this host out of ESP.

        Behind a translation of addresses the hosts are others than in the challenge: the SPI alone has to do then.
        """
        return self._ends.get((spi, destination)) or self._by_spi.get(spi)

    def _challenged(self, response: Response, message: ForeignMessage) -> None:
        challenge = aka_challenge(response)
        if challenge is None or challenge.nonce is None:
            return
        told = _told(challenge)
        if told is not None:
            _remember(self._told, challenge.nonce, told)
        asked = self._asked.get(_transaction(response, message.destination.host))
        if asked is None or not response.fields("Security-Server"):
            return
        made = self._made(asked.request, response, challenge.nonce)
        if made is None:
            return
        sides = (SecurityClient, asked.request, asked.ue), (SecurityServer, response, asked.p_cscf)
        for header, where, host in sides:
            for spi in _spis(where, header):
                end = self._ends.get((spi, host)) or _End(spi)
                end.add(made)
                _remember(self._ends, (spi, host), end)
                _remember(self._by_spi, spi, end)

    def _made(self, request: Request, response: Response, nonce: str) -> _Made | None:
        named = dict.fromkeys((*_transforms(response, SecurityServer), *_transforms(request, SecurityClient)))
        transforms = tuple(each for each in named if why_unknown(each) is None)
        try:
            token = decode(nonce)
        except NonceError:
            return None
        keys = self._told.get(nonce) or self._keys(_username(request), token.rand, token.autn)
        return None if keys is None or not transforms else _Made(token.rand, *keys, transforms)

    def _keys(self, impi: str, rand: bytes, autn: bytes) -> tuple[Secret, Secret] | None:
        """CK and IK of the subscriber with this private identity; else of the one whose AUTN it is."""
        known = [each for each in self._subscribers if each.algorithm is not None]
        named = [each.algorithm for each in known if each.impi == impi]
        for algorithm in named or [each.algorithm for each in known]:
            with suppress(KeysMissing, ValueError):
                if algorithm is not None and (named or open_autn(algorithm, rand, autn) is not None):
                    out = algorithm.f2345(rand)
                    return Secret(out.ck), Secret(out.ik)
        return None


class _End:
    """Takes packets with one SPI out of ESP, with whatever keys fit.

    A fitting ICV does not tell the cipher: the key of an HMAC is the same with every one of them. What comes out must
    look like TCP, UDP or IP, too.
    """

    def __init__(self, spi: int) -> None:
        self._spi = spi
        self._made: list[_Made] = []
        self._inbound: list[Inbound] = []
        """In the order in which they are tried."""
        self._proven: Inbound | None = None

    def add(self, made: _Made) -> None:
        """Another challenge has named the SPI."""
        if made in self._made:
            return
        self._made = [*self._made[1 - MAX_CHALLENGES :], made]
        fresh = []
        for each in made.transforms:
            with suppress(ValueError):
                fresh.append(Inbound(self._spi, expand(each, made.ck, made.ik)))
        self._inbound = [*fresh, *self._inbound][:MAX_TRIED]

    def decapsulate(self, packet: bytes) -> Received:
        """What a packet holds. Where no keys fit, that is a bad ICV."""
        received = Received(Outcome.BAD_ICV, self._spi)
        if self._proven is not None:
            received = self._proven.decapsulate(packet)
            if received.outcome not in (Outcome.BAD_ICV, Outcome.REPLAY):
                return received
        for inbound in self._inbound:
            if inbound is not self._proven:
                tried = inbound.decapsulate(packet)
                if tried.outcome is Outcome.OK and _looks_right(tried):
                    self._proven = inbound
                    return tried
        return received


def _looks_right(received: Received) -> bool:
    """Whether a packet that came out of ESP is TCP, UDP or IP by its lengths."""
    octets = received.payload
    if received.next_header == _UDP:
        return len(octets) >= 8 and int.from_bytes(octets[4:6], "big") == len(octets)
    if received.next_header == _TCP:
        return len(octets) >= 20 and 20 <= (octets[12] >> 4) * 4 <= len(octets)
    return received.next_header in _IP_IN_IP and parse_ip(octets) is not None


def _remember(known: dict[K, V], key: K, value: V) -> None:
    if key not in known and len(known) >= MAX_REMEMBERED:
        del known[next(iter(known))]
    known[key] = value


def _transaction(message: Message, ue: str) -> tuple[str, str, str]:
    """What a REGISTER and its challenge have in common."""
    return message.value("Call-ID") or "", " ".join((message.value("CSeq") or "").split()), ue


def _told(challenge: WwwAuthenticate) -> tuple[Secret, Secret] | None:
    ck, ik = challenge.ck, challenge.ik
    if ck is None or ik is None or len(ck) != KEY_OCTETS or len(ik) != KEY_OCTETS:
        return None
    return ck, ik


def _username(request: Request) -> str:
    try:
        authorization = request.get(Authorization)
    except HeaderError:
        return ""
    return (authorization.username or "") if authorization is not None else ""


def _transforms(message: Message, header: type[SecurityMechanism]) -> Iterator[Transform]:
    return (transform(entry) for entry in read_list(message.values(header.NAME), header).entries)


def _spis(message: Message, header: type[SecurityMechanism]) -> Iterator[int]:
    for entry in read_list(message.values(header.NAME), header).entries:
        found = endpoints(entry)
        if isinstance(found, Endpoints):
            yield from found.spis
