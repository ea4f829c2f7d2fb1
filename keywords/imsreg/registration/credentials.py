"""The answer to a challenge: USIM first, digest second (RFC 3310 3; TS 24.229 5.1.1.5)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum

from imsreg.aka import digest
from imsreg.aka.nonce import decode
from imsreg.aka.usim import Accepted, MacFailure, SyncFailure, Usim
from imsreg.registration.ue_request import UeIdentity
from imsreg.secret import Secret
from imsreg.sip.headers.authorization import WwwAuthenticate


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


@dataclass(frozen=True, slots=True)
class Credentials:
    """An Authorization value and how it came about."""

    kind: Answer
    value: str


def answer(
    challenge: WwwAuthenticate,
    identity: UeIdentity,
    usim: Usim,
    *,
    cnonce: str,
    method: str = "REGISTER",
    body: bytes = b"",
    res: ResChoice = ResChoice.RIGHT,
    nc: int = 1,
) -> Credentials:
    """The Authorization value for a challenge: realm, nonce, opaque and algorithm go back as they were received.

    With a failed AUTN: an empty response (MAC failure), or `auts` and a digest over the empty password (sync failure;
    RFC 3310 3.4). Raises NonceError for a nonce that carries no AUTN, DigestError for an unknown algorithm.
    """
    nonce = decode(challenge.nonce or "")
    outcome = usim.authenticate(nonce.rand, nonce.autn)
    if isinstance(outcome, MacFailure):
        return Credentials(Answer.MAC_FAILURE, _render(challenge, identity, response="", qop=None, cnonce=cnonce, nc=nc))
    qop = _chosen_qop(challenge.qop)
    password = b"" if isinstance(outcome, SyncFailure) else _password(outcome, res)
    response = digest.response(
        username=identity.impi,
        realm=challenge.realm or "",
        password=password,
        method=method,
        uri=identity.home_uri,
        nonce=challenge.nonce or "",
        algorithm=challenge.algorithm or "MD5",
        qop=qop,
        nc=f"{nc:08x}" if qop else None,
        cnonce=cnonce if qop else None,
        body=body,
    )
    value = _render(challenge, identity, response=response, qop=qop, cnonce=cnonce, nc=nc)
    if isinstance(outcome, SyncFailure):
        auts = base64.b64encode(outcome.auts).decode()
        return Credentials(Answer.SYNC_FAILURE, f'{value}, auts="{auts}"')
    return Credentials(Answer.AUTHENTICATED, value)


def _password(outcome: Accepted, res: ResChoice) -> bytes:
    octets: Secret = outcome.res
    match res:
        case ResChoice.RIGHT:
            return octets.reveal()
        case ResChoice.WRONG:
            first, *rest = octets.reveal()
            return bytes((first ^ 0x01, *rest))
        case ResChoice.EMPTY:
            return b""
        case ResChoice.HEX:
            return octets.reveal().hex().encode()


def _chosen_qop(offered: str | None) -> str | None:
    """`auth` wherever it is offered, else `auth-int`, else none (RFC 7616 3.4)."""
    tokens = [token.strip().lower() for token in (offered or "").split(",")]
    return next((q for q in ("auth", "auth-int") if q in tokens), None)


def _render(
    challenge: WwwAuthenticate, identity: UeIdentity, *, response: str, qop: str | None, cnonce: str, nc: int
) -> str:
    parts = [
        f'username="{identity.impi}"',
        f'realm="{challenge.realm or ""}"',
        f'nonce="{challenge.nonce or ""}"',
        f'uri="{identity.home_uri}"',
        f'response="{response}"',
    ]
    if challenge.algorithm is not None:
        parts.append(f"algorithm={challenge.algorithm}")
    if qop is not None:
        parts += [f"qop={qop}", f"nc={nc:08x}", f'cnonce="{cnonce}"']
    if challenge.opaque is not None:
        parts.append(f'opaque="{challenge.opaque}"')
    return "Digest " + ", ".join(parts)
