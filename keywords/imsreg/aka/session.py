"""A client's authentication session: nonce, count and opaque from challenge to challenge (RFC 7616 3.4 to 3.6)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from imsreg.aka import digest
from imsreg.aka.selection import Challenge, choose_qop
from imsreg.secret import Secret


class ServerChallenge(Challenge, Protocol):
    """All of a challenge that a session keeps."""

    @property
    def nonce(self) -> str | None:
        """The nonce."""
        ...

    @property
    def opaque(self) -> str | None:
        """What goes back as it came."""
        ...

    @property
    def stale(self) -> bool:
        """Whether only the nonce of the refused request was wrong."""
        ...


class Reaction(StrEnum):
    """What a challenge means to a client."""

    ANSWER = "answer"
    """It is the first, or says that the nonce was stale: the same password, another nonce."""
    GIVE_UP = "give up"
    """It refuses a response to a nonce that was not stale: the password is wrong (RFC 7616 3.3)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The parameters of one Authorization header field, without quotes. None is left out."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str | None
    opaque: str | None
    qop: str | None
    nc: str | None
    cnonce: str | None


class DigestSession:
    """One user's session with one server. Nothing is drawn here: a cnonce comes with each request."""

    def __init__(self, username: str, password: Secret) -> None:
        self._username = username
        self._password = password
        self._challenge: ServerChallenge | None = None
        self._use("")
        self._first: tuple[str, str] | None = None
        self._last: Credentials | None = None

    def challenged(self, challenge: ServerChallenge) -> Reaction:
        """Begin a session with this challenge, whatever it means."""
        refused = self._last is not None and not challenge.stale
        self._challenge = challenge
        self._use(challenge.nonce or "")
        self._first = self._last = None
        return Reaction.GIVE_UP if refused else Reaction.ANSWER

    def credentials(self, method: str, uri: str, *, cnonce: str, body: bytes = b"") -> Credentials:
        """Credentials for the next request; nc counts up with each (RFC 7616 3.4).

        Raises DigestError while there is no challenge, or for one whose algorithm is unknown.
        """
        challenge = self._challenge
        if challenge is None:
            raise digest.DigestError("there is no challenge to answer")
        self._count += 1
        self._first = self._first or (self._nonce, cnonce)
        qop = choose_qop(challenge)
        nc = None if qop is None else f"{self._count:08x}"
        made = Credentials(
            username=self._username,
            realm=challenge.realm or "",
            nonce=self._nonce,
            uri=uri,
            response=digest.response(
                username=self._username,
                realm=challenge.realm or "",
                password=self._password.reveal(),
                method=method,
                uri=uri,
                nonce=self._nonce,
                algorithm=challenge.algorithm or "MD5",
                qop=qop,
                nc=nc,
                cnonce=cnonce,
                body=body,
                session=self._first,
            ),
            algorithm=challenge.algorithm,
            opaque=challenge.opaque,
            qop=qop,
            nc=nc,
            cnonce=cnonce if qop is not None or self._needs_cnonce(challenge) else None,
        )
        self._last = made
        return made

    def proven(self, rspauth: str, *, qop: str | None, body: bytes = b"") -> bool:
        """Whether the server knows the password: `rspauth` and `qop` of its Authentication-Info (RFC 7616 3.5).

        False before any credentials were sent, and for a qop of which no digest can be computed.
        """
        last = self._last
        if last is None:
            return False
        try:
            expected = digest.rspauth(
                username=last.username,
                realm=last.realm,
                password=self._password.reveal(),
                uri=last.uri,
                nonce=last.nonce,
                algorithm=last.algorithm or "MD5",
                qop=qop,
                nc=last.nc,
                cnonce=last.cnonce,
                body=body,
                session=self._first,
            )
        except digest.DigestError:
            return False
        return hmac.compare_digest(expected.encode(), rspauth.encode("utf-8", "surrogateescape"))

    def next_nonce(self, nonce: str) -> None:
        """Go on with the `nextnonce` of the server (RFC 7616 3.5): the count begins again, the session key stays."""
        self._use(nonce)

    def _use(self, nonce: str) -> None:
        self._nonce = nonce
        self._count = 0

    @staticmethod
    def _needs_cnonce(challenge: ServerChallenge) -> bool:
        return (challenge.algorithm or "").lower().endswith("-sess")
