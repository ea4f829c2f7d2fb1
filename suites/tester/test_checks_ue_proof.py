"""A 200 with an rspauth that the UE's password does not give (RFC 7616 3.5)."""

from __future__ import annotations

import pytest
from forged import BOB, HOME, Forged, credentials, empty, nonce_of, vector

from imsreg.aka import digest
from imsreg.verdict.outcome import Breach, Held, Moot, Unmet

ROW = "rfc7616-3.5-03"
AV = vector()
MD5: dict[str, str | None] = {"algorithm": "MD5"}
RIGHT = digest.response(
    username=BOB.impi,
    realm=HOME,
    password=b"secret",
    method="",
    uri=f"sip:{HOME}",
    nonce=nonce_of(AV),
    qop="auth",
    nc="00000001",
    cnonce="c0",
)
WRONG = ("0" if RIGHT[0] != "0" else "1") + RIGHT[1:]


def accepted(rspauth: str | None, password: bytes = b"secret") -> Forged:
    """A UE with a password answers a challenge, and gets a 200 with this rspauth."""
    answer = credentials(AV, password, algorithm="MD5")
    talk = Forged(subscriber=BOB).sends().challenged(AV, **MD5).sends(Authorization=answer)
    return talk.ok(600, *([] if rspauth is None else [f'Authentication-Info: qop=auth, rspauth="{rspauth}"']))


def test_a_ue_that_leaves_it_is_right() -> None:
    assert accepted(WRONG).passes(31).kinds(ROW) == {Held}
    assert accepted(WRONG).passes(20).kinds(ROW) == {Unmet}
    anew = accepted(WRONG).passes(20)
    anew.call_id = "two"
    assert anew.sends(Authorization=empty()).ok(600).subscribes().kinds(ROW) == {Held}


def test_a_ue_that_goes_on_with_it_is_told_of() -> None:
    assert accepted(WRONG).subscribes().kinds(ROW) == {Breach}
    refreshed = accepted(WRONG).passes(300).sends(Authorization=credentials(AV, b"secret", algorithm="MD5"))
    assert refreshed.kinds(ROW) == {Breach}


@pytest.mark.parametrize("rspauth", [RIGHT, RIGHT.upper(), None])
def test_a_proof_or_none_decides_nothing(rspauth: str | None) -> None:
    assert accepted(rspauth).subscribes().passes(40).kinds(ROW) == {Unmet}


def test_nor_does_a_200_to_a_wrong_response() -> None:
    assert accepted(WRONG, b"other").subscribes().passes(40).kinds(ROW) == {Unmet}


def test_nor_a_ue_with_aka_keys() -> None:
    talk = Forged().registered(AV, 600, f'Authentication-Info: qop=auth, rspauth="{WRONG}"').subscribes().passes(40)
    assert talk.kinds(ROW) == {Moot}


@pytest.mark.parametrize("row", ["24.229-5.1.1.3-01", "24.229-5.1.1.4.1-01", "rfc3261-10.2.4-01"])
def test_a_ue_that_leaves_it_owes_nothing_of_a_registration(row: str) -> None:
    assert accepted(WRONG).passes(700).kinds(row) == {Unmet}
    assert accepted(RIGHT).passes(700).kinds(row) >= {Breach} or row == "rfc3261-10.2.4-01"
