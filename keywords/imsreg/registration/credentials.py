"""The answer to a challenge: USIM first, digest second (RFC 3310 3; TS 24.229 5.1.1.5)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum

from imsreg.aka import digest
from imsreg.aka.nonce import NonceError, decode
from imsreg.aka.usim import Accepted, MacFailure, SyncFailure, Usim
from imsreg.registration.seams import Seams
from imsreg.registration.ue_request import UeIdentity
from imsreg.secret import Secret
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate

ALGORITHM = "AKAv1-MD5"
FIRST_USE = "00000001"
"""nc of the first request with a nonce: an AKA nonce is answered once (RFC 7616 3.4, TS 33.203 6.1.1)."""


class Answer(StrEnum):
    """What kind of answer a challenge got."""

    AUTHENTICATED = "authenticated"
    SYNC_FAILURE = "sync failure"
    MAC_FAILURE = "MAC failure"


class ResChoice(StrEnum):
    """Which RES goes into the digest: the right one, or wrong on purpose in one way."""

    RIGHT = "right"
    WRONG = "wrong"
    """One bit of RES turned over."""
    EMPTY = "empty"
    """The empty password."""
    HEX = "hex"
    """RES written in hexadecimal instead of its octets."""


class CannotAnswer(Exception):
    """A challenge that this UE cannot answer: its text says why, and completes "the challenge cannot be answered:"."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An Authorization value and how it came about. `keys` are CK and IK of a challenge that the USIM has accepted."""

    kind: Answer
    value: str
    keys: tuple[Secret, Secret] | None = None


def answer(
    challenge: WwwAuthenticate,
    identity: UeIdentity,
    usim: Usim,
    *,
    cnonce: str,
    nc: str = FIRST_USE,
    res: ResChoice = ResChoice.RIGHT,
    seams: Seams | None = None,
) -> Credentials:
    """The Authorization value for a challenge: realm, nonce, opaque and algorithm go back as they were received.

    With a failed AUTN: an empty response (MAC failure, TS 24.229 5.1.1.5.3), or `auts` and a digest over the empty
    password (synchronisation failure, RFC 3310 3.4). A qop is answered in each of them (RFC 3261 22.4 item 8). Raises
    CannotAnswer for another algorithm, a missing one meaning MD5 (RFC 3310 3.1): RES is no password for those. So it
    does for a nonce without RAND and AUTN.
    """
    if (challenge.algorithm or "").lower() != ALGORITHM.lower():
        raise CannotAnswer(f"its algorithm is not {ALGORITHM}")
    try:
        nonce = decode(challenge.nonce or "")
    except NonceError as error:
        raise CannotAnswer(f"its nonce {error.why}") from error
    seam = seams or Seams()
    outcome = seam("ue.autn", usim.authenticate(nonce.rand, nonce.autn), usim=usim, rand=nonce.rand)
    written = _written(challenge, identity, outcome, cnonce, nc, res)
    value = seam("ue.credentials", written.value, challenge=challenge, identity=identity, outcome=outcome)
    return Credentials(written.kind, value, (outcome.ck, outcome.ik) if isinstance(outcome, Accepted) else None)


def _written(
    challenge: WwwAuthenticate,
    identity: UeIdentity,
    outcome: Accepted | SyncFailure | MacFailure,
    cnonce: str,
    nc: str,
    res: ResChoice,
) -> Credentials:
    qop = chosen_qop(challenge)
    if isinstance(outcome, MacFailure):
        value = authorization(challenge, identity, response="", qop=qop, nc=nc, cnonce=cnonce)
        return Credentials(Answer.MAC_FAILURE, value)
    response = digest.response(
        username=identity.impi,
        realm=challenge.realm or "",
        password=b"" if isinstance(outcome, SyncFailure) else _password(outcome, res),
        method="REGISTER",
        uri=identity.home_uri,
        nonce=challenge.nonce or "",
        algorithm=ALGORITHM,
        qop=qop,
        nc=nc,
        cnonce=cnonce,
    )
    if isinstance(outcome, SyncFailure):
        auts = base64.b64encode(outcome.auts).decode()
        value = authorization(challenge, identity, response=response, qop=qop, nc=nc, cnonce=cnonce, auts=auts)
        return Credentials(Answer.SYNC_FAILURE, value)
    value = authorization(challenge, identity, response=response, qop=qop, nc=nc, cnonce=cnonce)
    return Credentials(Answer.AUTHENTICATED, value)


def _password(outcome: Accepted, res: ResChoice) -> bytes:
    octets = outcome.res.reveal()
    match res:
        case ResChoice.RIGHT:
            return octets
        case ResChoice.WRONG:
            return bytes((octets[0] ^ 0x01, *octets[1:]))
        case ResChoice.EMPTY:
            return b""
        case ResChoice.HEX:
            return octets.hex().encode()


def chosen_qop(challenge: WwwAuthenticate) -> str | None:
    """The quality of protection that is taken, of those on offer; None if there is none, or none that is known."""
    return next((q for q in ("auth", "auth-int") if q in challenge.qop_options), None)


def authorization(
    challenge: WwwAuthenticate,
    identity: UeIdentity,
    *,
    response: str,
    qop: str | None = None,
    nc: str | None = None,
    cnonce: str = "",
    auts: str | None = None,
) -> str:
    """The value with nc, by default that of a first use, and cnonce only beside a qop (RFC 3261 22.4 item 8)."""
    values = {
        "username": identity.impi,
        "realm": challenge.realm or "",
        "nonce": challenge.nonce or "",
        "uri": identity.home_uri,
        "response": response,
        "algorithm": challenge.algorithm,
        "qop": qop,
        "nc": None if qop is None else nc or FIRST_USE,
        "cnonce": None if qop is None else cnonce,
        "opaque": challenge.opaque,
        "auts": auts,
    }
    return str(Authorization.of(values))
