"""What a UE answers to a challenge: the digest worked out, what it takes over, what it cannot accept."""

from __future__ import annotations

import pytest
from forged import (
    BOB,
    HOME,
    IMPU,
    Forged,
    challenge,
    credentials,
    empty,
    mac_failure,
    nonce_of,
    sync_failure,
    vector,
)

from imsreg.aka.sqn import join
from imsreg.aka.vector import AuthenticationVector
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

AV = vector()
RES = AV.xres.reveal()


def with_nul(*, first: bool = False) -> AuthenticationVector:
    """A vector whose RES has a zero octet."""
    found = (vector(number) for number in range(1, 100_000))
    return next(av for av in found if 0 in av.xres.reveal() and (not first or av.xres.reveal()[0] == 0))


def answered(av: AuthenticationVector = AV, authorization: str | None = None, **challenge: str | None) -> Forged:
    """An initial REGISTER, a challenge, and what the UE sent then."""
    return Forged().sends().challenged(av, **challenge).sends(Authorization=authorization or credentials(av))


RESPONSE = "24.229-5.1.1.5.1-01"


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (credentials(AV), Held),
        (credentials(AV, qop=None), Held),
        (credentials(AV, changes={"uri": '"sip:127.0.1.1"'}), Breach),
        (credentials(AV, RES.hex().encode()), Breach),
        (credentials(AV, b""), Breach),
        (credentials(AV, b"secret"), Breach),
        (credentials(AV, algorithm="AKAv1-MD5-sess", changes={"algorithm": "AKAv1-MD5"}), Breach),
        (credentials(AV, qop="auth-int", changes={"qop": "auth"}), Breach),
        (credentials(AV, changes={"nc": None}), Unmet),
        (credentials(AV, changes={"qop": '"auth,auth-int"'}), Unmet),
        (credentials(AV, changes={"response": f'"{"A" * 32}"'}), Breach),
        (mac_failure(AV), Breach),
        (empty(), Breach),
        (sync_failure(AV, join(0, 0)), Breach),
        (sync_failure(AV, join(900, 0)), Unmet),
    ],
)
def test_the_response(authorization: str, expected: type[Outcome]) -> None:
    assert answered(AV, authorization).kinds(RESPONSE) == {expected}


@pytest.mark.parametrize(
    ("authorization", "words"),
    [
        (credentials(AV, RES.hex().encode()), "RES in hexadecimal"),
        (credentials(AV, qop="auth-int", changes={"qop": "auth"}), "auth-int"),
        (credentials(AV, b""), "empty password"),
    ],
)
def test_a_finding_says_what_was_computed_instead(authorization: str, words: str) -> None:
    (outcome,) = answered(AV, authorization).rule(RESPONSE)
    assert isinstance(outcome, Breach)
    assert words in outcome.actual
    assert RES.hex() not in outcome.actual


def test_upper_case_digits_are_odd() -> None:
    right = credentials(AV)
    value = right.partition('response="')[2].partition('"')[0]
    assert answered(AV, right.replace(value, value.upper())).kinds(RESPONSE) == {Observed}


def test_silence_counts_once_the_ue_was_watched() -> None:
    talk = Forged().sends().challenged(AV)
    assert talk.kinds(RESPONSE) == {Unmet}
    assert talk.passes(32).kinds(RESPONSE) == {Breach}


@pytest.mark.parametrize("action", ["register", "reset", "deregister"])
def test_a_ue_that_is_told_otherwise_owes_no_answer(action: str) -> None:
    talk = Forged().sends().challenged(AV).told(action).sends(Call_ID="two").passes(60)
    assert talk.kinds(RESPONSE) == {Unmet}


def test_a_challenge_that_comes_too_late_is_owed_nothing() -> None:
    talk = Forged().sends()
    talk.now = 40.0
    assert talk.challenged(AV).passes(60).kinds(RESPONSE) == {Unmet}


def test_a_401_without_security_server_is_owed_nothing_in_mode_headers() -> None:
    bare = Forged(security="headers").sends().gets(401, "WWW-Authenticate: " + _challenge_text())
    assert bare.passes(60).kinds(RESPONSE) == {Unmet}


def _challenge_text() -> str:
    return f'Digest realm="{HOME}", nonce="{nonce_of(AV)}", algorithm=AKAv1-MD5, qop="auth"'


def test_a_challenged_refresh_is_answered_too() -> None:
    talk = Forged().registered(AV).passes(30).sends(Authorization=credentials(AV)).challenged(vector(2))
    assert talk.sends(Authorization=credentials(vector(2))).kinds(RESPONSE) == {Held}
    again = Forged().registered(AV).passes(30).sends(Authorization=credentials(AV)).challenged(vector(2))
    assert again.passes(40).kinds(RESPONSE) == {Held, Breach}


def test_the_challenge_for_akav1_is_chosen_among_several() -> None:
    unknown = f'WWW-Authenticate: Digest realm="{HOME}", nonce="x", algorithm=AKAv9-MD5'
    lines = (unknown, f"WWW-Authenticate: {_challenge_text()}")
    talk = Forged().sends().gets(401, *lines).sends(Authorization=credentials(AV, changes={"opaque": None}))
    assert talk.kinds(RESPONSE) == {Held}
    assert talk.kinds("rfc8760-2.4-01") == {Held}


@pytest.mark.parametrize("av", [with_nul(), with_nul(first=True)])
def test_res_with_a_zero_octet(av: AuthenticationVector) -> None:
    res = av.xres.reveal()
    row = "rfc3310-3.3-01"
    assert answered(av).kinds(row) == {Held}
    cut = answered(av, credentials(av, res[: res.index(0)]))
    assert cut.kinds(row) == {Breach}
    assert cut.kinds(RESPONSE) == {Unmet}
    assert answered(AV).kinds(row) == {Unmet}


@pytest.mark.parametrize("data", [b"x", b"server data of some length", bytes(3)])
def test_server_data_behind_autn(data: bytes) -> None:
    row = "rfc3310-3.2-03"
    right = Forged().sends().challenged(AV, data).sends(Authorization=credentials(AV, data=data))
    assert right.kinds(row) == {Held}
    assert right.kinds(RESPONSE) == {Held}
    wrong = Forged().sends().challenged(AV, data).sends(Authorization=mac_failure(AV, nonce=f'"{nonce_of(AV, data)}"'))
    assert wrong.kinds(row) == {Breach}
    assert wrong.kinds(RESPONSE) == {Unmet}
    assert answered().kinds(row) == {Unmet}


@pytest.mark.parametrize(
    ("row", "changes", "expected"),
    [
        ("24.229-5.1.1.5.1-02", {}, Held),
        ("24.229-5.1.1.5.1-02", {"nonce": f'"{nonce_of(AV).replace("=", "")}"'}, Breach),
        ("24.229-5.1.1.5.1-02", {"nonce": None}, Breach),
        ("24.229-5.1.1.5.1-03", {}, Held),
        ("24.229-5.1.1.5.1-03", {"realm": '"HOME.example"'}, Breach),
        ("24.229-5.1.1.5.1-04", {}, Held),
        ("24.229-5.1.1.5.1-04", {"algorithm": '"akav1-md5"'}, Held),
        ("24.229-5.1.1.5.1-04", {"algorithm": "MD5"}, Breach),
        ("24.229-5.1.1.5.1-04", {"algorithm": None}, Breach),
        ("24.229-5.1.1.5.1-05", {}, Held),
        ("24.229-5.1.1.5.1-05", {"username": f'"{IMPU}"'}, Breach),
        ("24.229-5.1.1.5.1-05", {"uri": '"sip:127.0.1.1:5060"'}, Breach),
        ("rfc7616-3.4-01", {}, Held),
        ("rfc7616-3.4-01", {"opaque": '"p"'}, Breach),
        ("rfc7616-3.4-01", {"opaque": None}, Breach),
        ("rfc7616-3.4-02", {}, Held),
        ("rfc7616-3.4-02", {"qop": "auth-int"}, Breach),
        ("rfc7616-3.4-02", {"qop": '"auth,auth-int"'}, Breach),
        ("rfc7616-3.4-02", {"qop": None}, Unmet),
        ("rfc3261-22.4-03", {}, Held),
        ("rfc3261-22.4-03", {"qop": None}, Breach),
        ("rfc3261-22.4-03", {"cnonce": None}, Breach),
        ("rfc7616-3.4-03", {}, Held),
        ("rfc7616-3.4-03", {"nc": "00000002"}, Breach),
        ("rfc7616-3.4-03", {"nc": "1"}, Breach),
        ("rfc7616-3.4-03", {"nc": None}, Breach),
        ("rfc7616-3.4-04", {}, Held),
        ("rfc7616-3.4-04", {"qop": '"auth"'}, Breach),
        ("rfc7616-3.4-04", {"nc": '"00000001"'}, Breach),
        ("rfc7616-3.4-04", {"algorithm": '"AKAv1-MD5"'}, Breach),
        ("rfc7616-3.4-04", {"cnonce": "c0"}, Breach),
    ],
)
def test_what_the_answer_takes_over(row: str, changes: dict[str, str | None], expected: type[Outcome]) -> None:
    found = answered(AV, credentials(AV, changes=changes)).kinds(row)
    assert expected in found
    assert (Breach in found) is (expected is Breach)


@pytest.mark.parametrize(
    ("qop", "changes", "expected"),
    [
        (None, {}, Held),
        ("auth", {}, Observed),
        ("auth-int", {}, Breach),
        (None, {"cnonce": '"c0"'}, Breach),
        (None, {"qop": "auth"}, Breach),
    ],
)
def test_a_challenge_without_qop(qop: str | None, changes: dict[str, str | None], expected: type[Outcome]) -> None:
    """By default it means auth, and qop is in every answer, says RFC 8760 2.6 against RFC 3261 22.4."""
    talk = answered(AV, credentials(AV, qop=qop, changes=changes), qop=None)
    assert talk.kinds("rfc3261-22.4-03") == {expected}
    assert talk.kinds("rfc7616-3.4-02") == {Unmet}
    assert "qop" in changes or talk.kinds(RESPONSE) == {Held}


@pytest.mark.parametrize("realm", [HOME, "another realm"])
def test_the_realm_is_that_of_the_challenge(realm: str) -> None:
    talk = answered(AV, credentials(AV, realm=realm), realm='"another realm"')
    assert talk.kinds("24.229-5.1.1.5.1-03") == {Breach if realm == HOME else Held}
    assert talk.kinds(RESPONSE) == {Held}


def test_an_opaque_that_was_not_sent_need_not_come_back() -> None:
    assert answered(AV, credentials(AV, changes={"opaque": None}), opaque=None).kinds("rfc7616-3.4-01") == {Unmet}


@pytest.mark.parametrize(("call_id", "expected"), [("one", Held), ("two", Breach)])
@pytest.mark.parametrize("authorization", [credentials(AV), mac_failure(AV), sync_failure(AV, join(900, 0))])
def test_the_call_id_of_an_answer(call_id: str, authorization: str, expected: type[Outcome]) -> None:
    talk = Forged().sends().challenged(AV).sends(Authorization=authorization, Call_ID=call_id)
    assert talk.kinds("24.229-5.1.1.5.1-06") == {expected}


def test_credentials_that_cannot_be_read_are_an_answer() -> None:
    talk = answered(AV, 'Digest username="x')
    assert talk.kinds("24.229-5.1.1.5.1-02") == {Breach}
    assert talk.kinds(RESPONSE) == {Breach}


COUNT = "rfc7616-3.4-03"


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (credentials(AV), {Held}),
        (credentials(AV, count=2), {Held}),
        (credentials(AV, count=4), {Held, Observed}),
        (credentials(AV, changes={"cnonce": '"c1"'}), {Held, Breach}),
    ],
    ids=["repeated", "counted", "counted on", "neither"],
)
def test_the_nonce_count_of_a_refresh_with_aka(authorization: str, expected: set[type[Outcome]]) -> None:
    talk = Forged().registered(AV).passes(30).sends(Authorization=authorization)
    assert talk.kinds(COUNT) == expected


@pytest.mark.parametrize(("count", "expected"), [(1, {Held, Breach}), (2, {Held})])
def test_the_nonce_count_of_a_refresh_with_a_password(count: int, expected: set[type[Outcome]]) -> None:
    first = credentials(AV, b"secret", algorithm="MD5")
    talk = Forged(subscriber=BOB).sends(Authorization=None).challenged(AV, algorithm="MD5").sends(Authorization=first)
    talk.ok().passes(30).sends(Authorization=credentials(AV, b"secret", algorithm="MD5", count=count))
    assert talk.kinds(COUNT) == expected


@pytest.mark.parametrize(("cseq", "expected"), [("2", Breach), ("3", Observed)])
def test_a_lost_request_has_taken_the_first_count(cseq: str, expected: type[Outcome]) -> None:
    """Its number is missing in CSeq, too."""
    second = credentials(AV, b"secret", algorithm="MD5", count=2)
    talk = Forged(subscriber=BOB).sends(Authorization=None).challenged(AV, algorithm="MD5").passes(5)
    assert talk.sends(Authorization=second, CSeq=f"{cseq} REGISTER").kinds(COUNT) == {expected}


PASSWORD, GOES_ON = "rfc7616-3.4.1-01", "rfc3261-22.2-01"


def by_password(authorization: str | None, **challenge: str | None) -> Forged:
    """A UE with a password is challenged, and answers so, or not at all."""
    talk = Forged(subscriber=BOB).sends(Authorization=None).challenged(AV, **({"algorithm": "MD5"} | challenge))
    return talk.sends(Authorization=authorization) if authorization is not None else talk.passes(60)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (credentials(AV, b"secret", algorithm="MD5"), Held),
        (credentials(AV, b"Secret", algorithm="MD5"), Breach),
        (credentials(AV, b"secret", qop="auth-int", algorithm="MD5", changes={"qop": "auth"}), Breach),
        (credentials(AV, b"", algorithm="MD5", changes={"username": '"anonymous"'}), Breach),
    ],
)
def test_the_answer_with_a_password(authorization: str, expected: type[Outcome]) -> None:
    talk = by_password(authorization)
    assert talk.kinds(PASSWORD) == {expected}
    assert talk.kinds(GOES_ON) == {Held}
    assert talk.kinds(RESPONSE) == {Moot}


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        ({}, Breach),
        ({"algorithm": None}, Breach),
        ({"qop": None}, Breach),
        ({"qop": '"auth-int, auth"'}, Breach),
        ({"algorithm": "SHA-256"}, Moot),
        ({"algorithm": "MD5-sess"}, Moot),
        ({"qop": '"auth-int"'}, Moot),
        ({"qop": '"conf"'}, Moot),
        ({"nonce": None}, Moot),
        ({"realm": '"elsewhere"'}, Moot),
    ],
)
def test_no_answer_with_a_password(challenge: dict[str, str | None], expected: type[Outcome]) -> None:
    """Which is a matter of what the UE can do, and never of the response."""
    talk = by_password(None, **challenge)
    assert talk.kinds(GOES_ON) == {expected}
    assert talk.kinds(PASSWORD) == {Unmet}


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-512-256"])
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_what_a_ue_answers_though_it_need_not(algorithm: str, qop: str) -> None:
    talk = by_password(credentials(AV, b"secret", algorithm=algorithm, qop=qop), algorithm=algorithm, qop=f'"{qop}"')
    assert talk.kinds(PASSWORD) == {Held}
    assert talk.kinds(GOES_ON) == {Held}


def test_nobody_has_a_password_for_another_realm() -> None:
    nobody = credentials(AV, b"", algorithm="MD5", realm="elsewhere", changes={"username": '"anonymous"'})
    assert by_password(nobody, realm='"elsewhere"').kinds(PASSWORD) == {Unmet}


def test_the_answer_to_the_second_of_two_challenges_with_one_nonce() -> None:
    """Of two hashes a UE takes one that it knows: a SHOULD has it take the topmost (RFC 8760 2.4)."""
    talk = Forged(subscriber=BOB).sends(Authorization=None)
    talk.gets(401, *(f"WWW-Authenticate: {challenge(AV, algorithm=name)}" for name in ("SHA-256", "MD5")))
    talk.sends(Authorization=credentials(AV, b"secret", algorithm="MD5"))
    for row in (PASSWORD, GOES_ON, "24.229-5.1.1.5.1-04"):
        assert talk.kinds(row) == {Held}, row


def test_a_proxy_asks_for_something_else() -> None:
    """What answers a 407 stands in Proxy-Authorization."""
    talk = Forged(subscriber=BOB).sends(Authorization=None)
    talk.gets(407, f"Proxy-Authenticate: {challenge(AV, algorithm='MD5')}")
    answer = credentials(AV, b"secret", algorithm="MD5")
    for row in (PASSWORD, GOES_ON, "24.229-5.1.1.5.1-02"):
        assert talk.sends(Authorization=None, Proxy_Authorization=answer).kinds(row) == {Unmet}, row


def test_rows_of_aka_and_of_a_password_are_for_their_subscribers() -> None:
    assert answered().kinds(PASSWORD) == {Moot}
    by_password = Forged(subscriber=BOB).sends(Authorization=None)
    for row in (
        "24.229-5.1.1.5.3-01",
        "24.229-5.1.1.5.3-02",
        "24.229-5.1.1.5.12-01",
        "rfc3310-3.2-03",
        "rfc3310-3.4-02",
    ):
        assert by_password.kinds(row) == {Moot}


@pytest.mark.parametrize(("stale", "expected"), [("true", {Held, Observed}), (None, {Held})])
def test_rejected_credentials_need_not_be_sent_again(stale: str | None, expected: set[type[Outcome]]) -> None:
    talk = by_password(credentials(AV, b"secret", algorithm="MD5")).challenged(vector(2), algorithm="MD5", stale=stale)
    assert talk.passes(60).kinds(GOES_ON) - {Moot} == expected
    assert talk.kinds(PASSWORD) == {Held, Unmet}


WITHOUT_AKA = "rfc3310-3.1-01"


@pytest.mark.parametrize("algorithm", ["MD5", None])
@pytest.mark.parametrize(
    ("password", "expected"), [(RES, Breach), (b"another", Observed), (None, Held)], ids=["RES", "another", "none"]
)
def test_a_challenge_without_aka(algorithm: str | None, password: bytes | None, expected: type[Outcome]) -> None:
    talk = Forged().sends().challenged(AV, algorithm=algorithm)
    if password is None:
        assert talk.kinds(WITHOUT_AKA) == {Unmet}
        talk.passes(32)
    else:
        changes = {"algorithm": algorithm}
        talk.sends(Authorization=credentials(AV, password, algorithm="MD5", changes=changes))
    assert talk.kinds(WITHOUT_AKA) == {expected}
    assert talk.kinds(RESPONSE) == {Unmet}


UNKNOWN = "rfc8760-2.4-01"


def test_an_unknown_algorithm() -> None:
    talk = Forged().sends().challenged(AV, algorithm="AKAv9-MD5")
    assert talk.kinds(UNKNOWN) == {Unmet}
    assert talk.passes(32).kinds(UNKNOWN) == {Held}
    for algorithm in ("AKAv9-MD5", "MD5", "AKAv1-MD5"):
        wrong = Forged().sends().challenged(AV, algorithm="AKAv9-MD5")
        wrong.sends(Authorization=credentials(AV, changes={"algorithm": algorithm}))
        assert wrong.kinds(UNKNOWN) == {Breach}
    assert Forged().sends().challenged(AV, algorithm="AKAv9-MD5").sends().kinds(UNKNOWN) == {Held}
    assert answered().kinds(UNKNOWN) == {Unmet}
