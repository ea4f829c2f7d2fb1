"""What a challenge of the tester is to a UE, by the subscriber's keys and by what the UE has accepted on this wire."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imsreg.aka import nonce
from imsreg.aka.digest_algorithms import DigestAlgorithm, DigestError, algorithm_of
from imsreg.aka.sqn import DELTA, split
from imsreg.aka.vector import open_autn
from imsreg.identity.absent import KeysMissing
from imsreg.identity.subscribers import Subscriber
from imsreg.sip.challenges import digest_challenges
from imsreg.sip.headers.authorization import WwwAuthenticate
from imsreg.sip.message import Response
from imsreg.transcript.entries import Entry


class Put(StrEnum):
    """What a challenge asks of the subscriber's UE."""

    FRESH = "MAC right, SQN in range"
    OPEN = "MAC right, SQN in range as far as this transcript tells"
    WRONG_MAC = "MAC wrong"
    TOO_OLD = "MAC right, SQN not above one accepted before with its IND"
    TOO_FAR = "MAC right, SQN beyond delta"
    NO_AKA = "an algorithm without AKA"
    PASSWORD = "for the password"  # noqa: S105 - a description
    UNKNOWN = "an algorithm that nobody knows, or that the subscriber has no credentials for"
    UNREADABLE = "no RAND and AUTN in the nonce"


REFUSED = frozenset((Put.WRONG_MAC, Put.TOO_OLD))
"""Challenges that no USIM accepts. One beyond delta is another matter: how large delta is, is the USIM's."""


@dataclass(frozen=True, slots=True)
class Posed:
    """The challenge in a 401 to the UE. `entry` is that response, `headers` are its Digest challenges.

    `header` is the one for the subscriber's credentials, the topmost for want of one. `standing` says which keys are
    missing where only they would tell.
    """

    entry: Entry
    headers: tuple[WwwAuthenticate, ...]
    header: WwwAuthenticate
    standing: Put | KeysMissing
    nonce: nonce.Nonce | None = None
    sqn: int | None = None

    @property
    def put(self) -> Put:
        """What it asks of the UE. Raises KeysMissing if only keys would tell."""
        if isinstance(self.standing, KeysMissing):
            raise self.standing.again()
        return self.standing

    def offers(self, value: str | None) -> bool:
        """Whether this is the nonce of one of its challenges."""
        return bool(value) and any(header.nonce == value for header in self.headers)

    def answered_by(self, value: str | None, algorithm: str | None) -> WwwAuthenticate:
        """The challenge with this nonce, else the one for the subscriber's credentials.

        Of several with one nonce, as a server that knows more than one hash may send, the one for this algorithm.
        """
        found = [header for header in self.headers if value and header.nonce == value]
        named = (algorithm or "MD5").lower()
        chosen = next((header for header in found if (header.algorithm or "MD5").lower() == named), None)
        return chosen or (found[0] if found else self.header)


class SeenSqns:
    """What this transcript tells of one USIM's array of sequence numbers (TS 33.102 C.2)."""

    def __init__(self) -> None:
        self._accepted: dict[int, int] = {}
        self._highest: int | None = None
        """SEQ of SQN_MS, once the UE has told it in auts."""

    def place(self, sqn: int) -> Put:
        """Whether an SQN is in range, before the UE has reacted."""
        seq, ind = split(sqn)
        if seq <= self._accepted.get(ind, -1):
            return Put.TOO_OLD
        lowest = max(self._accepted.values(), default=None) if self._highest is None else self._highest
        if lowest is not None and seq - lowest > DELTA:
            return Put.TOO_FAR
        return Put.FRESH if self._highest is not None and seq > self._highest else Put.OPEN

    def accepted(self, sqn: int) -> None:
        """The UE has taken it."""
        seq, ind = split(sqn)
        self._accepted[ind] = max(seq, self._accepted.get(ind, -1))
        if self._highest is not None:
            self._highest = max(seq, self._highest)

    def reported(self, sqn_ms: int) -> None:
        """The UE says that this is the highest that it has accepted; not believed if it is below what is known."""
        seq, ind = split(sqn_ms)
        if not self.below_known(sqn_ms):
            self._accepted[ind] = max(seq, self._accepted.get(ind, -1))
            self._highest = seq

    def below_known(self, sqn_ms: int) -> bool:
        """Whether a higher SEQ than that of `sqn_ms` has been accepted on this wire."""
        return split(sqn_ms)[0] < max(self._accepted.values(), default=0)


def posed(response: Response, entry: Entry, subscriber: Subscriber | None, seen: SeenSqns) -> Posed | None:
    """The challenge in a 401; None if there is none that can be read.

    What answers a proxy's 407 stands in another header field, Proxy-Authorization, which no row is about.
    """
    headers = tuple(header for _, header in digest_challenges(response)) if response.status == 401 else ()
    if not headers:
        return None
    aka = subscriber is None or subscriber.algorithm is not None
    header = _meant(headers, aka=aka)
    algorithm = known_algorithm(header)
    if algorithm is None or (algorithm.aka and not aka):
        return Posed(entry, headers, header, Put.UNKNOWN)
    if not algorithm.aka:
        return Posed(entry, headers, header, Put.NO_AKA if aka else Put.PASSWORD)
    try:
        token = nonce.decode(header.nonce or "")
    except nonce.NonceError:
        return Posed(entry, headers, header, Put.UNREADABLE)
    if subscriber is None or subscriber.algorithm is None:
        return Posed(entry, headers, header, Put.UNKNOWN, token)
    try:
        sqn = open_autn(subscriber.algorithm, token.rand, token.autn)
    except KeysMissing as missing:
        return Posed(entry, headers, header, missing.again(), token)
    return Posed(entry, headers, header, Put.WRONG_MAC if sqn is None else seen.place(sqn), token, sqn)


def known_algorithm(header: WwwAuthenticate) -> DigestAlgorithm | None:
    """The algorithm of a challenge; None if nobody knows it."""
    try:
        return algorithm_of(header.algorithm)
    except DigestError:
        return None


def _meant(headers: tuple[WwwAuthenticate, ...], *, aka: bool) -> WwwAuthenticate:
    """The topmost that asks for AKA, or for a password (RFC 8760 2.4): AKAv1-MD5 before other forms of AKA."""
    if aka and (ims := next((h for h in headers if (h.algorithm or "").lower() == "akav1-md5"), None)):
        return ims
    algorithms = ((header, known_algorithm(header)) for header in headers)
    return next((h for h, algorithm in algorithms if algorithm and bool(algorithm.aka) == aka), headers[0])
