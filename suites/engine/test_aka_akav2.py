"""What AKA puts where digest has a password, and the keys that AKAv2 puts where CK and IK were."""

import base64
import hashlib
import hmac
import json
from dataclasses import FrozenInstanceError
from random import Random

import pytest

from imsreg.aka import digest
from imsreg.aka.akav2 import aka_password, session_keys
from imsreg.aka.digest_algorithms import ALGORITHMS, algorithm_of
from imsreg.aka.milenage import Milenage
from imsreg.aka.nonce import Nonce
from imsreg.identity.subscribers import Subscriber
from imsreg.paths import data
from imsreg.secret import Secret
from imsreg.verdict.credentials import password_of

VECTORS = json.loads(data("vectors", "digest.json").read_bytes())
CASES = VECTORS["akav2"]
by_name = pytest.mark.parametrize("row", CASES, ids=[row["name"] for row in CASES])
RES, CK, IK = Secret(b"\x00:\xff\x01"), Secret(b"c" * 16), Secret(b"i" * 16)


def _secrets(row) -> tuple[Secret, Secret, Secret]:
    return tuple(Secret(bytes.fromhex(row[name])) for name in ("res", "ck", "ik"))


@by_name
def test_the_password_is_the_known_one(row):
    keys = _secrets(row)
    assert aka_password("AKAv2-MD5", *keys).reveal().decode() == row["md5"]
    assert aka_password("akaV2-sha-256", *keys).reveal().decode() == row["sha_256"]
    for version_1 in ("AKAv1-MD5", "AKAv1-SHA-256", "AKAv1-MD5-sess"):
        assert aka_password(version_1, *keys) == keys[0]


@by_name
def test_the_session_keys_are_the_known_ones(row):
    _, ck, ik = _secrets(row)
    ck_prime, ik_prime = session_keys("AKAv2-MD5", ck, ik)
    assert (ck_prime.reveal().hex(), ik_prime.reveal().hex()) == (row["ck_prime"], row["ik_prime"])


@by_name
def test_the_password_is_that_of_the_responses(row):
    cases = {case["name"]: case for case in VECTORS["cases"]}
    for algorithm in ("AKAv2-MD5", "AKAv2-SHA-256"):
        case = cases[f"{row['name']}, {algorithm}"]
        assert aka_password(algorithm, *_secrets(row)).reveal().hex() == case["password"]


def test_every_octet_of_res_counts_and_the_keys_come_as_ik_ck():
    key = b"\x00:\xff\x01" + b"i" * 16 + b"c" * 16
    expected = hmac.new(key, b"http-digest-akav2-password", hashlib.sha256).digest()
    assert aka_password("AKAv2-SHA-256", RES, CK, IK).reveal() == base64.b64encode(expected)
    random = Random(4169)
    seen = {aka_password("AKAv2-MD5", Secret(random.randbytes(n)), CK, IK).reveal() for n in range(4, 17)}
    assert len(seen) == 13


@pytest.mark.parametrize("name", ["AKAv2-SHA-512-256", "AKAv2-SHA-512-256-sess", "AKAv2-SHA-256-sess"])
def test_the_prf_has_the_hash_of_the_digest(name):
    octets = base64.b64decode(aka_password(name, RES, CK, IK).reveal())
    assert len(octets) == 32
    same = aka_password(name.removesuffix("-sess"), RES, CK, IK).reveal()
    assert base64.b64decode(same) == octets


@pytest.mark.parametrize("name", ["MD5", None, "SHA-256-sess", "AKAv3-MD5", "AKAv2", "AKAv1-", ""])
def test_an_algorithm_without_aka_has_no_such_password(name):
    with pytest.raises(digest.DigestError, match=r"is not over AKA|unknown digest algorithm"):
        aka_password(name, RES, CK, IK)


def test_version_1_has_no_session_keys_of_its_own():
    with pytest.raises(digest.DigestError, match="AKAv1-MD5 has no session keys of its own"):
        session_keys("AKAv1-MD5", CK, IK)


def test_names_have_no_case_and_none_means_md5():
    assert algorithm_of(None) is ALGORITHMS["md5"]
    assert len(ALGORITHMS) == 18
    for algorithm in ALGORITHMS.values():
        assert algorithm_of(algorithm.name.swapcase()) is algorithm
        with pytest.raises(FrozenInstanceError):
            algorithm.aka = 0


def _subscriber(**changes) -> Subscriber:
    algorithm = Milenage(Secret(bytes(16)), Secret(bytes(range(16))))
    parts = {"amf": bytes(2), "sqn": 0, "res_length": 4, "algorithm": algorithm} | changes
    return Subscriber("a", "001010000000001", 2, "a@b", "b", ("sip:a@b",), (), **parts)


def test_a_judge_takes_the_password_of_the_credentials_algorithm():
    subscriber, nonce = _subscriber(), Nonce(bytes(16), bytes(16), b"")
    out = subscriber.algorithm.f2345(bytes(16))
    keys = Secret(out.res[:4]), Secret(out.ck), Secret(out.ik)
    assert password_of(subscriber, nonce, "AKAv1-MD5") == out.res[:4]
    assert password_of(subscriber, nonce, "AKAv2-MD5") == aka_password("AKAv2-MD5", *keys).reveal()
    for other in (None, "MD5", "nobody-knows"):
        assert password_of(subscriber, nonce, other) == out.res[:4]
    assert password_of(subscriber, None, "AKAv2-MD5") is None
    assert password_of(_subscriber(algorithm=None, password=Secret(b"p")), None, "MD5") == b"p"
