"""The password and the session keys of HTTP Digest AKA: RES in version 1, a PRF in version 2 (RFC 3310, RFC 4169)."""

from __future__ import annotations

import base64

from imsreg.aka.digest_algorithms import DigestAlgorithm, DigestError, algorithm_of
from imsreg.secret import Secret

_PASSWORD = b"http-digest-akav2-password"
_CIPHER_KEY = b"http-digest-akav2-cipherkey"
_INTEGRITY_KEY = b"http-digest-akav2-integritykey"


def aka_password(algorithm: str | None, res: Secret, ck: Secret, ik: Secret) -> Secret:
    """The digest password after AKA: RES for AKAv1 (RFC 3310 3.3), base64 of the PRF for AKAv2 (RFC 4169 2.1).

    Raises DigestError for an algorithm that is unknown or has a chosen password, which AKA does not give.
    """
    chosen = _aka(algorithm)
    if chosen.aka == 1:
        return res
    key = res.reveal() + ik.reveal() + ck.reveal()
    return Secret(base64.b64encode(chosen.prf(key, _PASSWORD)))


def session_keys(algorithm: str, ck: Secret, ik: Secret) -> tuple[Secret, Secret]:
    """CK' and IK' of AKAv2, which stand for CK and IK outside AKA (RFC 4169 2.2). Raises DigestError for others."""
    chosen = _aka(algorithm)
    if chosen.aka == 1:
        raise DigestError(f"{chosen.name} has no session keys of its own")
    return Secret(chosen.prf(ck.reveal(), _CIPHER_KEY)), Secret(chosen.prf(ik.reveal(), _INTEGRITY_KEY))


def _aka(name: str | None) -> DigestAlgorithm:
    chosen = algorithm_of(name)
    if not chosen.aka:
        raise DigestError(f"{chosen.name} is not over AKA")
    return chosen
