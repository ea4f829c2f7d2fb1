"""What the S-CSCF remembers of a challenge, and the WWW-Authenticate value that carries it (TS 24.229 5.4.1.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from imsreg.aka.vector import AuthenticationVector

REG_AWAIT_AUTH = 240.0
"""Seconds that an S-CSCF waits for the answer to its challenge (TS 24.229 table 7.8.1: 4 minutes)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The parameters of one 401. An optional one that is None is left out.

    `keys` says that ik and ck go along for the P-CSCF (TS 33.203 6.1.1).
    """

    realm: str
    nonce: str
    algorithm: str | None = "AKAv1-MD5"
    qop: str | None = "auth"
    opaque: str | None = None
    stale: str | None = None
    keys: bool = True
    extra: str = ""

    def header(self, vector: AuthenticationVector) -> str:
        """The WWW-Authenticate value; realm, nonce, opaque and qop quoted, algorithm not (RFC 3310 3.1)."""
        parts = [f'realm="{self.realm}"', f'nonce="{self.nonce}"']
        if self.algorithm is not None:
            parts.append(f"algorithm={self.algorithm}")
        if self.qop is not None:
            parts.append(f'qop="{self.qop}"')
        if self.opaque is not None:
            parts.append(f'opaque="{self.opaque}"')
        if self.stale is not None:
            parts.append(f"stale={self.stale}")
        if self.keys:
            parts += [f'ik="{vector.ik.reveal().hex()}"', f'ck="{vector.ck.reveal().hex()}"']
        if self.extra:
            parts.append(self.extra)
        return "Digest " + ", ".join(parts)


@dataclass
class OpenChallenge:
    """A challenge that has been sent and not yet answered, by IMPI: a newer one makes it void (TS 33.203 6.1.2.3)."""

    vector: AuthenticationVector
    sent: Challenge
    until: float
    """Clock value in seconds at which reg-await-auth ends."""
