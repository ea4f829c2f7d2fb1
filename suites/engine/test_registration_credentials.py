"""The UE's answer to a challenge: USIM first, digest second."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from imsreg.aka import digest
from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.nonce import decode_auts, encode
from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Usim
from imsreg.aka.vector import open_auts
from imsreg.registration.credentials import Answer, CannotAnswer, ResChoice, answer
from imsreg.registration.ue_request import UeIdentity, empty_credentials
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate

RAND = bytes(range(16))


class Card:
    """A subscriber's USIM, its AuC, and a challenge that it accepts."""

    def __init__(self, subscriber):
        self.subscriber = subscriber
        self.identity = UeIdentity(
            subscriber.impi, subscriber.registration_impu, subscriber.home_domain, subscriber.imsi
        )
        self.sqn = SqnArray()
        self.usim = Usim(subscriber.algorithm, subscriber.res_length, self.sqn)
        self.centre = AuthenticationCentre(
            subscriber.algorithm, sqn=subscriber.sqn, amf=subscriber.amf, res_length=subscriber.res_length
        )
        self.vector = self.centre.vector(RAND)
        self.nonce = encode(self.vector.rand, self.vector.autn)

    def challenge(self, **changes):
        values = {"realm": "home.example", "nonce": self.nonce, "algorithm": "AKAv1-MD5", "qop": "auth"}
        return WwwAuthenticate.of({**values, **changes})

    def answer(self, challenge=None, **options):
        return answer(challenge or self.challenge(), self.identity, self.usim, cnonce="c0ffee", **options)

    def expected(self, sent, password):
        """The response that `sent` should carry with this password."""
        return digest.response(
            username=sent.username,
            realm=sent.realm,
            password=password,
            method="REGISTER",
            uri=sent.uri,
            nonce=sent.nonce,
            algorithm=sent.algorithm,
            qop=sent.qop,
            nc=sent.nc,
            cnonce=sent.cnonce,
        )


@pytest.fixture
def card(subscribers):
    return Card(subscribers["sub01"])


def test_the_answer_has_what_the_challenge_had_and_the_digest_over_res(card):
    made = card.answer(card.challenge(opaque="5ccc"))
    sent = Authorization.parse(made.value)
    assert made.kind is Answer.AUTHENTICATED
    assert (sent.username, sent.uri) == (card.subscriber.impi, f"sip:{card.subscriber.home_domain}")
    assert (sent.realm, sent.nonce, sent.opaque, sent.algorithm) == ("home.example", card.nonce, "5ccc", "AKAv1-MD5")
    assert (sent.qop, sent.nc, sent.cnonce) == ("auth", "00000001", "c0ffee")
    assert sent.response == card.expected(sent, card.vector.xres.reveal())


def test_quotes_stand_where_the_grammar_has_them(card):
    value = card.answer(card.challenge(opaque="o")).value
    for quoted in ("username", "realm", "nonce", "uri", "response", "cnonce", "opaque"):
        assert f'{quoted}="' in value
    for token in ("algorithm=AKAv1-MD5", "qop=auth", "nc=00000001"):
        assert token in value


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("auth", "auth"), ("auth-int,auth", "auth"), ("auth-int", "auth-int"), ("AUTH", "auth"), ("token", None)],
)
def test_the_qop_is_one_of_those_on_offer(card, offered, chosen):
    sent = Authorization.parse(card.answer(card.challenge(qop=offered)).value)
    assert sent.qop == chosen
    assert sent.response == card.expected(sent, card.vector.xres.reveal())


def test_without_a_qop_on_offer_there_is_no_nc_and_no_cnonce(card):
    sent = Authorization.parse(card.answer(card.challenge(qop=None)).value)
    assert (sent.qop, sent.nc, sent.cnonce) == (None, None, None)
    assert sent.response == card.expected(sent, card.vector.xres.reveal())


def test_whatever_text_a_challenge_has_goes_back_as_it_came(card):
    random = Random(11)
    alphabet = 'aZ09 ,;="\\<>\t@ü'
    for _ in range(50):
        text = "".join(random.choices(alphabet, k=random.randrange(12)))
        card.sqn = SqnArray()
        card.usim = Usim(card.subscriber.algorithm, card.subscriber.res_length, card.sqn)
        challenge = WwwAuthenticate.parse(str(card.challenge(realm=text, opaque=text)))
        sent = Authorization.parse(card.answer(challenge).value)
        assert (sent.realm, sent.opaque) == (text, text)


def test_an_algorithm_in_another_case_is_the_same_and_goes_back_as_it_came(card):
    sent = Authorization.parse(card.answer(card.challenge(algorithm="akaV1-md5")).value)
    assert sent.algorithm == "akaV1-md5"
    assert sent.response == card.expected(sent, card.vector.xres.reveal())


def test_server_data_behind_autn_is_passed_over(card):
    nonce = encode(card.vector.rand, card.vector.autn, b"data of the server")
    made = card.answer(card.challenge(nonce=nonce))
    assert made.kind is Answer.AUTHENTICATED
    assert Authorization.parse(made.value).nonce == nonce


def test_a_sequence_number_seen_before_is_answered_with_auts_over_the_empty_password(card):
    card.answer()
    made = card.answer()
    sent = Authorization.parse(made.value)
    assert made.kind is Answer.SYNC_FAILURE
    assert open_auts(card.subscriber.algorithm, RAND, decode_auts(sent.auts)) == card.sqn.highest == card.centre.sqn
    assert sent.response == card.expected(sent, b"")


def test_a_wrong_mac_is_answered_with_an_empty_response_and_no_auts(card):
    autn = bytes((*card.vector.autn[:15], card.vector.autn[15] ^ 1))
    made = card.answer(card.challenge(nonce=encode(RAND, autn)))
    sent = Authorization.parse(made.value)
    assert made.kind is Answer.MAC_FAILURE
    assert sent.response == ""
    assert sent.auts is None
    assert sent.nonce == encode(RAND, autn)
    assert (sent.qop, sent.nc, bool(sent.cnonce)) == ("auth", "00000001", True)


def test_the_mac_is_looked_at_before_the_sequence_number(card):
    card.answer()
    autn = bytes((*card.vector.autn[:15], card.vector.autn[15] ^ 1))
    assert card.answer(card.challenge(nonce=encode(RAND, autn))).kind is Answer.MAC_FAILURE


def test_each_wrong_res_is_the_digest_over_its_own_password(card):
    xres = card.vector.xres.reveal()
    passwords = {
        ResChoice.WRONG: bytes((xres[0] ^ 1, *xres[1:])),
        ResChoice.EMPTY: b"",
        ResChoice.HEX: xres.hex().encode(),
        ResChoice.RIGHT: xres,
    }
    assert set(passwords) == set(ResChoice)
    for choice, password in passwords.items():
        fresh = Card(card.subscriber)
        sent = Authorization.parse(fresh.answer(res=choice).value)
        assert sent.response == fresh.expected(sent, password), choice


@pytest.mark.parametrize("algorithm", [None, "MD5", "SHA-256", "AKAv2-MD5", "AKAv1-MD5-sess"])
def test_a_challenge_for_another_algorithm_is_left_alone(card, algorithm):
    with pytest.raises(CannotAnswer, match="algorithm"):
        card.answer(card.challenge(algorithm=algorithm))
    assert card.sqn.highest == 0


@pytest.mark.parametrize(
    "nonce", [None, "", "abc", "=" * 44, encode(RAND, b"")[:-4], "qlWq-_apVqlWqVapVqlWqVUUQA5HEt9V"]
)
def test_a_nonce_without_rand_and_autn_cannot_be_answered(card, nonce):
    with pytest.raises(CannotAnswer, match="nonce"):
        card.answer(card.challenge(nonce=nonce))


def test_no_challenge_makes_it_fail_in_another_way(card):
    random = Random(5)
    text = str(card.challenge(opaque="o", stale="false"))
    answered = 0
    for _ in range(400):
        octets = bytearray(text.encode())
        for _ in range(random.randint(1, 3)):
            octets[random.randrange(len(octets))] = random.randrange(32, 256)
        try:
            challenge = WwwAuthenticate.parse(octets.decode("utf-8", "surrogateescape"))
            answered += bool(card.answer(challenge).value)
        except (CannotAnswer, HeaderError):
            continue
    assert answered > 50


def test_no_key_shows(card):
    made = card.answer()
    with pytest.raises(TypeError, match="not serialised"):
        dataclasses.asdict(made)
    shown = repr(made) + repr(card.usim)
    for secret in (card.vector.xres, card.vector.ck, card.vector.ik):
        assert secret.reveal().hex() not in shown


def test_ck_and_ik_come_with_an_accepted_challenge_alone(card):
    assert card.answer().keys == (card.vector.ck, card.vector.ik)
    again = card.answer()  # its SQN is that of before
    assert (again.kind, again.keys) == (Answer.SYNC_FAILURE, None)


def test_a_request_that_no_challenge_precedes_has_empty_credentials(card):
    sent = Authorization.parse(empty_credentials(card.identity))
    assert (sent.username, sent.realm) == (card.subscriber.impi, card.subscriber.home_domain)
    assert (sent.nonce, sent.response, sent.uri) == ("", "", f"sip:{card.subscriber.home_domain}")
    assert sent.algorithm is None
