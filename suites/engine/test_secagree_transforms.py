"""The algorithms of ipsec-3gpp and their keys as objects (TS 33.203 Annexes H and I)."""

from __future__ import annotations

import pytest

from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import (
    ALL_TRANSFORMS,
    CURRENT_TRANSFORMS,
    LEGACY_TRANSFORMS,
    Transform,
    why_unknown,
)
from imsreg.secret import Secret

CK, IK = Secret(bytes(range(16))), Secret(bytes(range(16, 32)))


def test_there_are_eight_combinations() -> None:
    assert len(ALL_TRANSFORMS) == len(set(ALL_TRANSFORMS)) == 8
    assert {*LEGACY_TRANSFORMS, *CURRENT_TRANSFORMS} == {*ALL_TRANSFORMS}
    assert all(why_unknown(each) is None for each in ALL_TRANSFORMS)


@pytest.mark.parametrize(
    ("alg", "ealg", "reason"),
    [
        ("hmac-sha-256-128", "null", "alg names no known algorithm"),
        ("", "null", "alg names no known algorithm"),
        ("hmac-sha-1-96", "aes-ctr", "ealg names no known algorithm"),
        ("null", "null", "alg=null does not go with ealg=null"),
        ("null", "aes-cbc", "alg=null does not go with ealg=aes-cbc"),
        ("aes-gmac", "aes-cbc", "alg=aes-gmac does not go with ealg=aes-cbc"),
        ("hmac-sha-1-96", "aes-gcm", "alg=hmac-sha-1-96 does not go with ealg=aes-gcm"),
    ],
)
def test_other_combinations_have_no_keys(alg: str, ealg: str, reason: str) -> None:
    assert why_unknown(Transform(alg, ealg)) == reason
    with pytest.raises(ValueError, match=reason):
        expand(Transform(alg, ealg), CK, IK)


@pytest.mark.parametrize(("ck", "ik"), [(CK, Secret(bytes(20))), (Secret(bytes(15)), IK)])
def test_ck_and_ik_have_sixteen_octets(ck: Secret, ik: Secret) -> None:
    with pytest.raises(ValueError, match="16 octets each"):
        expand(ALL_TRANSFORMS[0], ck, ik)


@pytest.mark.parametrize("each", ALL_TRANSFORMS, ids="/".join)
def test_keys_never_show_themselves(each: Transform) -> None:
    keys = expand(each, CK, IK)
    shown = f"{keys} {keys!r}"
    assert shown.count("<secret>") == 6
    for secret in (CK, IK, keys.integrity, keys.encryption, keys.salt):
        octets = secret.reveal()
        assert not octets or (octets.hex() not in shown and repr(octets) not in shown)
