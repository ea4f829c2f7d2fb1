"""What a simulated UE offers where a test names the algorithms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.secagree.transforms import ALL_TRANSFORMS, CURRENT_TRANSFORMS, LEGACY_TRANSFORMS, Transform
from imsreg.tester.cscf_case import offered_by
from imsreg.tester.outcome import NotApplicable
from imsreg.verdict.profile import Profile, load_profile

GMAC, GCM = Transform("aes-gmac", "null"), Transform("null", "aes-gcm")

ProfileOf = Callable[..., Profile]


@pytest.fixture(scope="module")
def profile_of() -> ProfileOf:
    """The reference core's profile with another release, and what it claims of algorithms: by default nothing."""
    profile = load_profile(data("fixtures", "profiles") / "embedded-core-ipsec.yaml")

    def make(release: int, *claimed: str) -> Profile:
        features = msgspec.structs.replace(profile.features, ipsec_algorithms=claimed)
        return replace(profile, release=release, features=features)

    return make


def test_the_order_is_that_of_the_words(profile_of: ProfileOf) -> None:
    assert offered_by(profile_of(14), "current", " null/AES-GCM ,aes-gmac/null") == (GCM, GMAC)


@pytest.mark.parametrize("transform", ALL_TRANSFORMS)
def test_each_combination_belongs_to_a_release(profile_of: ProfileOf, transform: Transform) -> None:
    name = f"{transform.alg}/{transform.ealg}"
    for release, known in ((13, LEGACY_TRANSFORMS), (14, CURRENT_TRANSFORMS)):
        if transform in known:
            assert offered_by(profile_of(release), "current", name) == (transform,)
        else:
            with pytest.raises(NotApplicable, match=f"release {release} does not have {name}"):
                offered_by(profile_of(release), "current", name)


@pytest.mark.parametrize("words", ["", "aes-cbc", "null/null", "aes-gmac/null;null/aes-gcm", "aes-gmac/null,\x1b[2J"])
def test_words_that_name_none(profile_of: ProfileOf, words: str) -> None:
    with pytest.raises(InputError, match="no release of ipsec-3gpp knows") as raised:
        offered_by(profile_of(14), "current", words)
    assert str(raised.value).isprintable()


def test_what_the_dut_does_not_claim(profile_of: ProfileOf) -> None:
    modest = profile_of(14, "hmac-sha-1-96", "aes-cbc")
    assert offered_by(modest, "current", "hmac-sha-1-96/null") == (Transform("hmac-sha-1-96", "null"),)
    with pytest.raises(NotApplicable, match="without aes-gmac"):
        offered_by(modest, "current", "hmac-sha-1-96/null,aes-gmac/null")


def test_without_words_release_and_proposals_decide(profile_of: ProfileOf) -> None:
    assert offered_by(profile_of(14), "current", None) == CURRENT_TRANSFORMS
    assert offered_by(profile_of(13), "current", None) == LEGACY_TRANSFORMS
    assert offered_by(profile_of(14), "legacy", None) == LEGACY_TRANSFORMS
