"""How an attendant authenticates its UE: the open challenge and its answer (TS 33.203 6.1; RFC 3310; RFC 7616)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import ClassVar

from imsreg.aka import nonce
from imsreg.aka.akav2 import aka_password
from imsreg.aka.digest_algorithms import DigestError
from imsreg.aka.vector import AuthenticationVector
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.attendant_auc import AttendantAuc
from imsreg.registration.challenge import NONCE_LIFETIME, REG_AWAIT_AUTH, Challenge, OpenChallenge
from imsreg.registration.core_messages import DRAWN, Av, CannotWrite, Drawn
from imsreg.registration.s_cscf import digest_credentials, procedure_for
from imsreg.registration.schemes import Aka, Procedure, Scheme, SipDigest
from imsreg.secret import Secret
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.message import Request


class AutsOutcome(StrEnum):
    """What an AUTS turned out to be."""

    VERIFIED = "verified"
    """MAC-S is right: the AuC goes on from SQN_MS."""
    WRONG = "wrong"
    """MAC-S is not that of this subscriber and RAND."""
    UNREADABLE = "unreadable"
    """No base64 of 14 octets."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the credentials of a REGISTER come to. `right`: the response, or the AUTS, is the subscriber's own.

    `proof` is what the 200 to a right response says in Authentication-Info.
    """

    procedure: Procedure
    right: bool = False
    proof: AuthenticationInfo | None = None


@dataclass(frozen=True, slots=True)
class _NamedAka:
    """AKA under whatever algorithm a challenge names: the password of AKAv2 is another one (RFC 4169 2.1)."""

    algorithm: ClassVar[str] = Aka.algorithm
    counts: ClassVar[bool] = False

    vector: AuthenticationVector
    named: str | None
    server_data: bytes

    @property
    def nonce(self) -> str:
        """RAND, AUTN and the server's own data (RFC 3310 3.2)."""
        return nonce.encode(self.vector.rand, self.vector.autn, self.server_data)

    @property
    def password(self) -> Secret:
        """What the named algorithm makes of RES; RES itself for one that is none of AKA."""
        try:
            return aka_password(self.named, self.vector.xres, self.vector.ck, self.vector.ik)
        except DigestError:
            return self.vector.xres

    def procedure(self, authorization: Authorization) -> Procedure:
        """As for every AKA challenge."""
        return Aka(self.vector).procedure(authorization)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeParts:
    """What a challenge is asked to be; None leaves a parameter out, but `stale`, which is then said where it is true.

    `algorithm` AKAv1-MD5 is MD5 for a subscriber with a password.
    """

    av: Av = Av.RIGHT
    realm: str
    algorithm: str | None = Aka.algorithm
    qop: str | None = "auth"
    opaque: str | Drawn | None = DRAWN
    server_data: bytes = b""
    stale: str | None = None


class Authentication:
    """The authentication of one subscriber. `random` draws RAND, nonces and opaque; `clock` gives seconds."""

    def __init__(self, subscriber: Subscriber, random: Random, clock: Callable[[], float]) -> None:
        self._subscriber = subscriber
        self._random = random
        self._clock = clock
        self._auc = None if subscriber.algorithm is None else AttendantAuc(subscriber, random)
        self._open: OpenChallenge | None = None
        self.last_auts: AutsOutcome | None = None
        """What became of the last AUTS that answered a challenge; None before any."""

    @property
    def keys(self) -> tuple[Secret, Secret] | None:
        """CK and IK of the open challenge; None if none is open, or a password is what it asks for."""
        vector = None if self._open is None else self._open.scheme.vector
        return None if vector is None else (vector.ck, vector.ik)

    def forget(self) -> None:
        """No challenge is open any more, and the USIM may be another one. The AuC stays where it is."""
        self._open = None
        self.last_auts = None
        if self._auc is not None:
            self._auc.forget_usim()

    def challenge(self, request: Request, parts: ChallengeParts) -> str:
        """A WWW-Authenticate value. From now on it is the open challenge (TS 33.203 6.1.2.3). Raises CannotWrite."""
        credentials = self._credentials(request)
        scheme = self._scheme(parts)
        password = self._subscriber.password is not None
        sent = Challenge(
            realm=parts.realm,
            nonce=scheme.nonce,
            algorithm=scheme.algorithm if password and parts.algorithm == Aka.algorithm else parts.algorithm,
            qop=parts.qop,
            opaque=self._random.randbytes(12).hex() if parts.opaque is DRAWN else parts.opaque,
            stale=parts.stale,
            keys=False,
        )
        impi, call_id = self._subscriber.impi, request.value("Call-ID") or ""
        opened = OpenChallenge(impi, call_id, scheme, sent, self._clock() + REG_AWAIT_AUTH)
        if parts.stale is None and scheme.counts and credentials is not None and opened.verifies(credentials, request):
            # The password is right, so that nothing but the nonce is wrong with these credentials (RFC 7616 3.3).
            sent = replace(sent, stale="true")
        self._open = replace(opened, sent=sent)
        return sent.header(None)

    def heed(self, request: Request) -> Heard:
        """Take in what a REGISTER says to the open challenge, which is used up by that (TS 24.229 5.4.1.2.2).

        Raises HeaderError for Digest credentials that cannot be read.
        """
        credentials = digest_credentials(request)
        challenge = self._open if self._open is not None and self._open.until > self._clock() else None
        procedure = procedure_for(request, credentials, challenge)
        if procedure is Procedure.CHALLENGE or credentials is None or challenge is None:
            return Heard(Procedure.CHALLENGE)
        self._open = None
        match procedure:
            case Procedure.RESYNCHRONISE:
                self.last_auts = self._resynchronise(challenge, credentials.auts or "")
                return Heard(procedure, self.last_auts is AutsOutcome.VERIFIED)
            case Procedure.VERIFY if challenge.verifies(credentials, request):
                return self._verified(challenge, credentials)
            case _:
                return Heard(procedure)

    def heed_anyway(self, request: Request) -> Heard:
        """`heed` for a request that is answered whatever it says: credentials that cannot be read say nothing."""
        try:
            return self.heed(request)
        except HeaderError:
            return Heard(Procedure.CHALLENGE)

    def _verified(self, challenge: OpenChallenge, credentials: Authorization) -> Heard:
        if challenge.scheme.counts:
            if not challenge.counts_up(credentials):
                return Heard(Procedure.CHALLENGE)
            self._open = challenge.going_on(credentials, self._clock() + NONCE_LIFETIME)
        if self._auc is not None and challenge.scheme.vector is not None:
            self._auc.accepted(challenge.scheme.vector)
        return Heard(Procedure.VERIFY, True, challenge.proof(credentials))

    def _resynchronise(self, challenge: OpenChallenge, auts: str) -> AutsOutcome:
        try:
            octets = nonce.decode_auts(auts)
        except nonce.NonceError:
            return AutsOutcome.UNREADABLE
        vector = challenge.scheme.vector
        if self._auc is not None and vector is not None and self._auc.resynchronise(vector.rand, octets):
            return AutsOutcome.VERIFIED
        return AutsOutcome.WRONG

    def _scheme(self, parts: ChallengeParts) -> Scheme:
        if self._auc is not None:
            return _NamedAka(self._auc.vector(parts.av), parts.algorithm, parts.server_data)
        if parts.av is not Av.RIGHT or parts.server_data or self._subscriber.password is None:
            raise CannotWrite(f"{self._subscriber.name} has a password: there is no AKA vector for this challenge")
        return SipDigest(self._subscriber.password, self._random.randbytes(16).hex())

    @staticmethod
    def _credentials(request: Request) -> Authorization | None:
        try:
            return digest_credentials(request)
        except HeaderError:
            return None
