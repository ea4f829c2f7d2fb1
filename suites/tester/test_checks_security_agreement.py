"""Security-Server and what a changed mirror of it gets, where forged transcripts reach what scenarios do not."""

from __future__ import annotations

import pytest

from imsreg.aka import digest, nonce
from imsreg.aka.milenage import Milenage
from imsreg.aka.vector import generate
from imsreg.identity.subscribers import Subscriber
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import View

FLOW = Flow("UDP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060))
HOME = "home.example"
URI = f"sip:{HOME}"
KEY = Milenage(Secret(bytes(16)), Secret(bytes(16)))
ALICE = Subscriber(
    name="alice",
    imsi="001010000000001",
    mnc_digits=2,
    impi=f"alice@{HOME}",
    home_domain=HOME,
    impus=(f"sip:alice@{HOME}",),
    barred=(),
    algorithm=KEY,
    res_length=8,
    amf=bytes(2),
    sqn=0,
)
VECTOR = generate(KEY, bytes(range(16)), 32, bytes(2), 8)
NONCE = nonce.encode(VECTOR.rand, VECTOR.autn)
CHALLENGE = f'WWW-Authenticate: Digest realm="{HOME}", nonce="{NONCE}", algorithm=AKAv1-MD5'
CLIENT = "ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=1000;spi-s=1001;port-c=2000;port-s=2001"
SERVER = "ipsec-3gpp;q=0.2;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=3000;spi-s=3001;port-c=4000;port-s=4001"
LIST_ROWS = ("33.203-7.1-01", "33.203-H-01", "33.203-H-02", "rfc3329-2.2-01")


class Talk:
    """A transcript in the making: every REGISTER is answered."""

    def __init__(self, release: int = 14) -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self._facts = Facts(home_domain=HOME, security="headers", release=release, subscribers={ALICE.impi: ALICE})
        self._cseq = 0

    def register(self, status: int, *answer: str, credentials: str = 'nonce="", response=""', **headers: str) -> Talk:
        """A REGISTER with further header fields, and its response."""
        self._cseq += 1
        request = (
            Draft.request("REGISTER", URI)
            .add("Via", f"SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK{self._cseq}")
            .add("Max-Forwards", 70)
            .add("From", f"<sip:alice@{HOME}>;tag=1")
            .add("To", f"<sip:alice@{HOME}>")
            .add("Call-ID", "one")
            .add("CSeq", f"{self._cseq} REGISTER")
            .add("Contact", "<sip:u@127.0.1.1:5060>")
            .add("Expires", 600)
            .add("Require", "sec-agree")
            .add("Authorization", f'Digest username="{ALICE.impi}", realm="{HOME}", uri="{URI}", {credentials}')
        )
        for name, value in headers.items():
            request.add(name.replace("_", "-"), value)
        self.transcript.record(True, FLOW, request.to_bytes(), 0.0)
        response = Draft.response(status)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            response.add(name, request.value(name))
        for line in answer:
            name, _, value = line.partition(": ")
            response.add(name, value)
        self.transcript.record(False, FLOW, response.to_bytes(), 0.0)
        return self

    def challenged(self, *server: str, client: str = CLIENT) -> Talk:
        """An initial REGISTER and its 401 with these Security-Server fields."""
        return self.register(401, CHALLENGE, *(f"Security-Server: {s}" for s in server), Security_Client=client)

    def answers(self, status: int, *answer: str, mirror: str = SERVER, client: str = CLIENT) -> Talk:
        """The right response to the challenge."""
        response = digest.response(
            username=ALICE.impi,
            realm=HOME,
            password=VECTOR.xres.reveal(),
            method="REGISTER",
            uri=URI,
            nonce=NONCE,
            algorithm="AKAv1-MD5",
            qop=None,
            nc=None,
            cnonce=None,
            body=b"",
        )
        credentials = f'nonce="{NONCE}", response="{response}", algorithm=AKAv1-MD5'
        return self.register(status, *answer, credentials=credentials, Security_Client=client, Security_Verify=mirror)

    def judge(self, row: str) -> set[type[Outcome]]:
        """The kinds of outcomes that the checks of a row yield."""
        view = View(self.transcript, self._facts)
        return {type(outcome) for check in checks_of(row) for outcome in check(view)}


@pytest.mark.parametrize(
    ("client", "status", "answer", "expected"),
    [
        (CLIENT, 401, (CHALLENGE, f"Security-Server: {SERVER}"), Held),
        (CLIENT, 401, (CHALLENGE, f"Security-Server: tls;q=0.1, {SERVER}"), Held),
        (CLIENT, 401, (CHALLENGE,), Breach),
        (CLIENT, 401, (CHALLENGE, "Security-Server: tls;q=0.1"), Breach),
        (CLIENT, 401, (CHALLENGE, 'Security-Server: ipsec-3gpp;alg="never closed'), Breach),
        (CLIENT, 494, (f"Security-Server: {SERVER}",), Observed),
        (CLIENT, 494, (), Unmet),
        (CLIENT, 403, (), Unmet),
        (CLIENT.replace("alg=", "alg=x-"), 401, (CHALLENGE,), Unmet),
        ("tls", 401, (CHALLENGE,), Unmet),
    ],
)
def test_what_a_proposal_gets(client: str, status: int, answer: tuple[str, ...], expected: type[Outcome]) -> None:
    assert Talk().register(status, *answer, Security_Client=client).judge("33.203-7.2-01") == {expected}


def test_a_proposal_with_two_via_values_decides_nothing() -> None:
    talk = Talk().register(401, CHALLENGE, Security_Client=CLIENT, Via="SIP/2.0/UDP 127.0.1.9;branch=z9hG4bKa")
    assert talk.judge("33.203-7.2-01") == {Unmet}


@pytest.mark.parametrize(
    ("row", "old", "new", "expected"),
    [
        ("33.203-7.1-01", "", "", {Held}),
        ("33.203-7.1-01", "spi-s=3001", "spi-s=0000001000", {Breach}),
        ("33.203-7.1-01", "spi-s=3001", "spi-s=3000", {Breach}),
        ("33.203-7.1-01", "spi-s=3001", "spi-s=255", {Observed}),
        ("33.203-7.1-01", "ipsec-3gpp", "ipsec-ike", {Unmet}),
        ("33.203-H-01", "", "", {Held}),
        ("33.203-H-01", "ipsec-3gpp", "ipsec-ike", {Unmet}),
        ("33.203-H-01", "alg=hmac-sha-1-96;", "", {Breach}),
        ("33.203-H-01", "port-c=4000", "port-c=0", {Breach}),
        ("33.203-H-01", "port-s=4001", "port-s=65536", {Breach}),
        ("33.203-H-01", "spi-c=3000", "spi-c=4294967296", {Breach}),
        ("33.203-H-01", ";ealg=aes-cbc", "", {Held}),
        ("33.203-H-02", "hmac-sha-1-96;ealg=aes-cbc", "HMAC-SHA-1-96", {Held}),
        ("33.203-H-02", "hmac-sha-1-96", "hmac-sha-256-128", {Breach}),
        ("33.203-H-02", "ealg=aes-cbc", "ealg=hmac-sha-1-96", {Breach}),
        ("33.203-H-02", "hmac-sha-1-96;ealg=aes-cbc", "aes-cbc", {Breach}),
        ("33.203-H-02", "hmac-sha-1-96", "hmac-md5-96", {Observed, Held}),
        ("33.203-H-02", "hmac-sha-1-96", "null", {Observed, Held}),
        ("33.203-H-02", "aes-cbc", "aes-gcm", {Observed, Held}),
        ("33.203-H-02", "hmac-sha-1-96;ealg=aes-cbc", "null;ealg=aes-gcm", {Held}),
    ],
)
def test_one_entry_of_the_list(row: str, old: str, new: str, expected: set[type[Outcome]]) -> None:
    assert Talk().challenged(SERVER.replace(old, new, 1)).judge(row) == expected


def test_release_13_still_has_the_old_algorithms() -> None:
    retired = SERVER.replace("hmac-sha-1-96", "hmac-md5-96").replace("aes-cbc", "des-ede3-cbc")
    assert Talk(release=13).challenged(retired).judge("33.203-H-02") == {Held}


@pytest.mark.parametrize(
    ("preferences", "expected"),
    [(("0.2", "0.1"), Held), (("0.1", "0.100"), Breach), (("1", "1.0"), Breach), (("2", "2"), Held)],
)
def test_preferences_are_numbers(preferences: tuple[str, str], expected: type[Outcome]) -> None:
    entries = [SERVER.replace("q=0.2", f"q={q}") for q in preferences]
    assert Talk().challenged(", ".join(entries)).judge("rfc3329-2.2-01") == {expected}
    assert Talk().challenged(*entries).judge("rfc3329-2.2-01") == {expected}


def test_entries_without_preference() -> None:
    without = SERVER.replace("q=0.2;", "")
    assert Talk().challenged(f"{without}, {without}").judge("rfc3329-2.2-01") == {Held}


@pytest.mark.parametrize("hostile", ['ipsec-3gpp;alg="never closed', ";;;", "="])
def test_a_list_that_cannot_be_read_breaks_its_syntax_and_nothing_else(hostile: str) -> None:
    talk = Talk().challenged(SERVER, hostile)
    assert [talk.judge(row) for row in LIST_ROWS] == [{Unmet}, {Breach}, {Unmet}, {Unmet}]


def test_an_empty_field_beside_the_list() -> None:
    talk = Talk().challenged(SERVER, "", ",")
    assert [talk.judge(row) for row in LIST_ROWS] == [{Held}, {Held}, {Held}, {Held}]


@pytest.mark.parametrize(
    ("status", "aborted", "refused"),
    [
        (494, Held, Held),
        (403, Held, Observed),
        (401, Observed, Observed),
        (200, Breach, Breach),
        (500, Observed, Unmet),
        (503, Unmet, Unmet),
    ],
)
@pytest.mark.parametrize("mirror", [SERVER.replace("q=0.2", "q=0.3"), f"{SERVER}, {SERVER}", "tls"])
def test_what_a_changed_mirror_gets(mirror: str, status: int, aborted: type[Outcome], refused: type[Outcome]) -> None:
    talk = Talk().challenged(SERVER).answers(status, mirror=mirror)
    assert talk.judge("33.203-7.3.2.3-01") == {aborted}
    assert talk.judge("rfc3329-2.3.1-01") == {refused}
    assert talk.judge("33.203-H-03") == {Unmet}
    assert Breach not in talk.judge("24.229-5.4.1.2.2-05")


def test_what_a_changed_proposal_gets() -> None:
    changed = CLIENT.replace("1001", "1002")
    talk = Talk().challenged(SERVER).answers(200, client=changed)
    assert talk.judge("33.203-H-03") == {Breach}
    assert talk.judge("33.203-7.3.2.3-01") == {Unmet}


def test_a_right_answer_has_nothing_changed() -> None:
    talk = Talk().challenged(SERVER).answers(200, mirror=SERVER.replace(";", " ; ").upper())
    assert talk.judge("33.203-7.3.2.3-01") == {Unmet}
    assert talk.judge("24.229-5.4.1.2.2-05") == {Held}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (SERVER, Held),
        (SERVER.replace("3000", "3002").replace("4000", "4002"), Observed),
        (SERVER.replace("aes-cbc", "null"), Breach),
        (f"{SERVER}, tls", Breach),
        ("", Breach),
        ('tls;q="', Breach),
    ],
)
def test_the_list_in_a_494(given: str, expected: type[Outcome]) -> None:
    talk = Talk().challenged(SERVER).answers(494, f"Security-Server: {given}", mirror="tls")
    assert talk.judge("rfc3329-2.3.1-02") == {expected}


def test_a_494_without_a_list_before_it() -> None:
    assert Talk().register(494, f"Security-Server: {SERVER}").judge("rfc3329-2.3.1-02") == {Held}
    assert Talk().register(494).judge("rfc3329-2.3.1-02") == {Breach}
