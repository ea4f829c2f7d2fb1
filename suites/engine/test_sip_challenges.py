"""Which of several challenges counts."""

from __future__ import annotations

import pytest

from imsreg.sip.challenges import aka_challenge, digest_challenges, password_challenge
from imsreg.sip.message import Response, parse


def response(status: int, *lines: str) -> Response:
    message = parse("\r\n".join((f"SIP/2.0 {status} No", *lines, "", "")).encode())
    assert isinstance(message, Response)
    return message


def test_a_401_and_a_407_have_challenges_of_their_own() -> None:
    lines = ('WWW-Authenticate: Digest realm="a"', 'Proxy-Authenticate: Digest realm="b"')
    for status, realms in ((401, [(2, "a")]), (407, [(3, "b")]), (403, [])):
        assert [(line, c.realm) for line, c in digest_challenges(response(status, *lines))] == realms


def test_what_cannot_be_read_or_is_no_digest_is_passed_over() -> None:
    lines = ("WWW-Authenticate: Basic realm=a", "WWW-Authenticate: Digest a=1, a=2", "WWW-Authenticate: DIGEST a=1")
    assert [line for line, _ in digest_challenges(response(401, *lines))] == [4]


@pytest.mark.parametrize(
    ("algorithms", "chosen"),
    [
        (["AKAv2-SHA-256", "akav1-md5", "AKAv1-MD5"], "akav1-md5"),
        (["MD5", "AKAv1-MD5"], "AKAv1-MD5"),
        (["SHA-256", "MD5"], "SHA-256"),
    ],
)
def test_a_ue_with_aka_credentials_answers_the_topmost_akav1_md5(algorithms: list[str], chosen: str) -> None:
    found = aka_challenge(response(401, *(f"WWW-Authenticate: Digest algorithm={a}" for a in algorithms)))
    assert found is not None
    assert found.algorithm == chosen


def test_without_a_challenge_there_is_nothing_to_answer() -> None:
    assert aka_challenge(response(401, "WWW-Authenticate: Basic realm=a")) is None


@pytest.mark.parametrize(
    ("algorithms", "answered"),
    [
        (["SHA3-512", "SHA-256", "MD5"], "SHA-256"),
        (["MD5", "SHA-256"], "MD5"),
        ([None], None),
        (["AKAv1-MD5"], "nothing"),
        ([], "nothing"),
    ],
)
def test_a_password_answers_the_topmost_that_is_known(algorithms: list[str | None], answered: str | None) -> None:
    """RFC 8760 2.4; a challenge that names none is for MD5."""
    named = [f", algorithm={name}" if name else "" for name in algorithms]
    found = password_challenge(response(401, *(f'WWW-Authenticate: Digest realm="r"{each}' for each in named)))
    assert (found.algorithm if found is not None else "nothing") == answered
