"""What a UE offers in Security-Client, beside what its profile says that it has (TS 24.229 5.1.1.2.2 d)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from forged import CLIENT, Forged, credentials, vector

from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

ROW = "24.229-5.1.1.2.2-06"
AV = vector()
CBC = CLIENT.replace("ealg=null", "ealg=aes-cbc")
GCM = CLIENT.replace("alg=hmac-sha-1-96; ealg=null", "alg=null; ealg=aes-gcm")


def claims(*algorithms: str, client: str, release: int = 14) -> Forged:
    """A REGISTER of a UE whose profile names these algorithms."""
    talk = Forged(security="headers")
    talk.facts = replace(talk.facts, ipsec_algorithms=algorithms, release=release)
    talk.client = client
    return talk.sends()


@pytest.mark.parametrize(
    ("claimed", "client", "expected"),
    [
        ("hmac-sha-1-96", CLIENT, Held),
        ("hmac-sha-1-96", CBC, Held),
        ("hmac-sha-1-96", CLIENT.replace("hmac-sha-1-96", "HMAC-SHA-1-96"), Held),
        ("hmac-sha-1-96", CLIENT.replace("; ealg=null", ""), Held),
        ("hmac-sha-1-96 aes-cbc", f"{CLIENT}, {CBC}", Held),
        ("hmac-sha-1-96 aes-cbc", f"tls, {CBC}", Held),
        ("hmac-sha-1-96 aes-gcm", f"{CLIENT}, {GCM}", Held),
        ("hmac-sha-1-96 aes-cbc", CLIENT, Breach),
        ("hmac-sha-1-96 aes-gcm", CLIENT, Breach),
        ("aes-gmac", CLIENT, Breach),
        ("hmac-sha-1-96 hmac-md5-96", CLIENT, Observed),
        ("hmac-sha-1-96 hmac-sha-256-128", CLIENT, Held),
        ("hmac-sha-256-128", CLIENT, Moot),
        ("", CLIENT, Moot),
        ("hmac-sha-1-96", "tls", Unmet),
        ("hmac-sha-1-96", "ipsec-3gpp; =", Unmet),
    ],
)
def test_an_offer(claimed: str, client: str, expected: type[Outcome]) -> None:
    assert expected in claims(*claimed.split(), client=client).kinds(ROW)
    assert (Breach in claims(*claimed.split(), client=client).kinds(ROW)) == (expected is Breach)


def test_what_the_release_still_has_is_owed() -> None:
    assert claims("hmac-md5-96", client=CLIENT, release=13).kinds(ROW) == {Breach}


def test_an_answer_repeats_the_offer() -> None:
    talk = claims("hmac-sha-1-96", client=CLIENT).challenged(AV)
    talk.client = GCM
    assert talk.sends(Authorization=credentials(AV)).ok().kinds(ROW) == {Held}
    assert talk.passes(9).sends(Authorization=credentials(AV)).kinds(ROW) == {Held, Breach}
