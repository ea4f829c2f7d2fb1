"""Which of several challenges is answered (RFC 8760 2.4)."""

import pytest

from imsreg.aka.selection import choose_qop, select
from imsreg.sip.headers.authorization import WwwAuthenticate

IMS = ("AKAv1-MD5", "AKAv2-SHA-256")


def _challenge(algorithm=None, realm="r", qop="auth"):
    return WwwAuthenticate.of({"realm": realm, "nonce": "n", "algorithm": algorithm, "qop": qop})


def test_the_order_of_the_response_decides_and_not_strength():
    md5, sha = _challenge("MD5"), _challenge("SHA-256")
    assert select([md5, sha], ["SHA-256", "MD5"]) is md5
    assert select([sha, md5], ["MD5", "SHA-256"]) is sha


@pytest.mark.parametrize("other", ["MD5", None, "SHA-512-256", "AKAv9-MD5", "AKAv1-MD5-sess", "", "\udcff"])
def test_what_there_are_no_credentials_for_is_passed_over(other):
    aka = _challenge("akav1-md5")
    assert select([_challenge(other), aka], IMS) is aka
    assert select([_challenge(other)], IMS) is None


def test_no_algorithm_means_md5():
    plain = _challenge(None)
    assert select([_challenge("SHA-256"), plain], ["md5"]) is plain


def test_the_topmost_of_any_realm_with_credentials():
    ours, theirs = _challenge("AKAv1-MD5", realm="home"), _challenge("AKAv1-MD5", realm="proxy")
    assert select([theirs, ours], IMS) is theirs
    assert select([theirs, ours], IMS, realms=["home"]) is ours
    assert select([theirs], IMS, realms=["home"]) is None


@pytest.mark.parametrize(
    ("qop", "chosen", "answered"),
    [
        ("auth", "auth", True),
        ("auth-int", "auth-int", True),
        ("AUTH-INT , auth", "auth", True),
        ("token,auth", "auth", True),
        ("token", None, False),
        (None, None, True),
        ("", None, True),
    ],
)
def test_a_quality_of_protection_that_nobody_knows_is_no_offer(qop, chosen, answered):
    challenge = _challenge("AKAv1-MD5", qop=qop)
    assert choose_qop(challenge) == chosen
    assert (select([challenge], IMS) is challenge) is answered


def test_without_challenges_there_is_nothing_to_answer():
    assert select([], IMS) is None
    assert select([_challenge("AKAv1-MD5")], []) is None
