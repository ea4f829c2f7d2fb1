"""Key expansion: what each algorithm of ESP makes of CK and IK (TS 33.203 Annex I; KDF of TS 33.220 Annex B).

hmac-md5-96 and des-ede3-cbc left Annex I with release 14; their rules are those that implementations follow.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from imsreg.secagree.transforms import Transform, why_unknown
from imsreg.secret import Secret

KEY_OCTETS = 16
"""Octets of CK and of IK."""
SALT_OCTETS = 4

NO_KEY = Secret(b"")

# FC and P0 of the salts (TS 33.203 Annex I).
_GMAC_SALT = 0x58, b"AES_GMAC_SALT"
_GCM_SALT = 0x59, b"AES_GCM_SALT"


@dataclass(frozen=True, slots=True)
class EspKeys:
    """The keys of a set of four associations: all four share them, in both directions (TS 33.203 Annex I).

    `integrity` belongs to alg, `encryption` to ealg, empty where that is null. `salt` is four octets for aes-gmac and
    aes-gcm, empty otherwise.
    """

    transform: Transform
    integrity: Secret
    encryption: Secret
    salt: Secret


def expand(transform: Transform, ck: Secret, ik: Secret) -> EspKeys:
    """The keys of a combination. Raises ValueError for an unknown one, and for CK or IK of another length than 16."""
    if (reason := why_unknown(transform)) is not None:
        raise ValueError(reason)
    if len(ck) != KEY_OCTETS or len(ik) != KEY_OCTETS:
        raise ValueError(f"CK and IK have {KEY_OCTETS} octets each, not {len(ck)} and {len(ik)}")
    if transform.alg == "aes-gmac":
        return EspKeys(transform, ik, NO_KEY, _salt(*_GMAC_SALT, ck, ik))
    if transform.ealg == "aes-gcm":
        return EspKeys(transform, NO_KEY, ck, _salt(*_GCM_SALT, ck, ik))
    return EspKeys(transform, _integrity(transform.alg, ik), _encryption(transform.ealg, ck), NO_KEY)


def _integrity(alg: str, ik: Secret) -> Secret:
    """160 bits for hmac-sha-1-96: IK and zeros. IK itself for hmac-md5-96."""
    return Secret(ik.reveal() + bytes(4)) if alg == "hmac-sha-1-96" else ik


def _encryption(ealg: str, ck: Secret) -> Secret:
    """CK for aes-cbc; the first half of it again behind it for des-ede3-cbc, whose parity bits do not count."""
    if ealg == "null":
        return NO_KEY
    octets = ck.reveal()
    return Secret(octets + octets[:8]) if ealg == "des-ede3-cbc" else ck


def _salt(fc: int, p0: bytes, ck: Secret, ik: Secret) -> Secret:
    """The last four octets of HMAC-SHA-256 over FC || P0 || L0 with the key CK || IK."""
    string = bytes((fc,)) + p0 + len(p0).to_bytes(2, "big")
    return Secret(hmac.digest(ck.reveal() + ik.reveal(), string, "sha256")[-SALT_OCTETS:])
