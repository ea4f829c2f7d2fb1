"""The integrity and encryption algorithms of ipsec-3gpp and how they go together (TS 33.203 Annex H)."""

from __future__ import annotations

from typing import NamedTuple


class Transform(NamedTuple):
    """An integrity and an encryption algorithm by their names in Annex H."""

    alg: str
    ealg: str


LEGACY_TRANSFORMS = tuple(
    Transform(alg, ealg) for alg in ("hmac-md5-96", "hmac-sha-1-96") for ealg in ("des-ede3-cbc", "aes-cbc", "null")
)
"""The six combinations of releases before 14, in the order of the seed's second REGISTER."""

CURRENT_TRANSFORMS = (
    Transform("hmac-sha-1-96", "aes-cbc"),
    Transform("hmac-sha-1-96", "null"),
    Transform("aes-gmac", "null"),
    Transform("null", "aes-gcm"),
)
"""The combinations of TS 33.203 V14.1.0: hmac-md5-96 and des-ede3-cbc are gone, alg=null goes only with aes-gcm."""

ALL_TRANSFORMS = tuple(dict.fromkeys((*LEGACY_TRANSFORMS, *CURRENT_TRANSFORMS)))
"""The eight combinations of any release, each once."""

_ALGS = {t.alg for t in ALL_TRANSFORMS}
_EALGS = {t.ealg for t in ALL_TRANSFORMS}


def transforms(release: int) -> tuple[Transform, ...]:
    """The combinations that a 3GPP release knows (TS 33.203 Annex H; the release of the change is 14 by V14.1.0)."""
    return CURRENT_TRANSFORMS if release >= 14 else LEGACY_TRANSFORMS


def why_unknown(transform: Transform) -> str | None:
    """Why a combination protects nothing that a release of Annex H describes; None for the eight that do."""
    if transform in ALL_TRANSFORMS:
        return None
    if transform.alg not in _ALGS:
        return "alg names no known algorithm"
    if transform.ealg not in _EALGS:
        return "ealg names no known algorithm"
    return f"alg={transform.alg} does not go with ealg={transform.ealg}"
