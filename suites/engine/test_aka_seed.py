"""The exchange that this project started from, computed bit for bit."""

import hashlib
import json
import re

import pytest

from imsreg.aka import digest
from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.nonce import decode, encode
from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Accepted, Usim
from imsreg.identity.subscribers import load_subscribers
from imsreg.paths import data

SEED = json.loads(data("vectors", "seed.json").read_bytes())
RAND = bytes.fromhex(SEED["rand"])


def _message(number: int) -> str:
    return data("vectors", "seed", f"S{number}.sip").read_bytes().decode()


def _parameter(message: str, name: str) -> str:
    """The value of a digest parameter, without its quotes."""
    return re.search(rf'[ ,]{name}="?([^",\r]*)', message)[1]


@pytest.fixture(scope="module")
def subscriber():
    return next(s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {}) if s.name == "seed")


@pytest.fixture(scope="module")
def vector(subscriber):
    centre = AuthenticationCentre(
        subscriber.algorithm, sqn=subscriber.sqn, amf=subscriber.amf, res_length=subscriber.res_length
    )
    made = centre.vector(RAND)
    assert centre.sqn == int(SEED["sqn"], 16)
    return made


@pytest.fixture
def parameters(vector):
    names = ("username", "realm", "uri", "nonce", "qop", "nc", "cnonce")
    return {name: _parameter(_message(4), name) for name in names} | {
        "algorithm": _parameter(_message(4), "algorithm"),
        "password": vector.xres.reveal(),
    }


@pytest.mark.parametrize("row", SEED["messages"], ids=lambda row: row["file"])
def test_the_messages_are_whole_with_their_line_ends(row):
    octets = data("vectors", row["file"]).read_bytes()
    assert len(octets) == row["octets"]
    assert hashlib.sha256(octets).hexdigest() == row["sha256"]
    assert octets.endswith(b"\r\n\r\n")
    assert octets.count(b"\n") == octets.count(b"\r\n")


def test_the_centre_makes_the_nonce_of_the_401(vector):
    assert encode(vector.rand, vector.autn) == _parameter(_message(3), "nonce") == SEED["nonce"]


def test_the_usim_accepts_it(subscriber):
    nonce = decode(_parameter(_message(3), "nonce"))
    outcome = Usim(subscriber.algorithm, subscriber.res_length, SqnArray()).authenticate(nonce.rand, nonce.autn)
    assert isinstance(outcome, Accepted)
    assert outcome.res.reveal().hex() == "2c3f443d"


def test_the_response_of_the_second_register_is_right(parameters):
    assert digest.response(method="REGISTER", **parameters) == _parameter(_message(4), "response") == SEED["response"]
    assert SEED["response"] == "a3f549b13f477562f4445b7277cd83c1"


def test_the_rspauth_of_the_200_is_a_copy_and_wrong(parameters):
    assert digest.rspauth(**parameters) == SEED["rspauth"] == "acd0e1c3d196b8663abe09501f6577f0"
    assert _parameter(_message(5), "rspauth") == SEED["rspauth_sent"] == SEED["response"]


def test_the_subscriber_has_the_identities_of_the_messages(subscriber, parameters):
    assert subscriber.impi == parameters["username"]
    assert subscriber.home_domain == parameters["realm"]
    assert f"<{subscriber.registration_impu}>" in _message(1)
