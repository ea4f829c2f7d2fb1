"""HTTP digest with text and with octets as the password."""

import hashlib
import json
from random import Random

import pytest
from cryptography.hazmat.primitives import hashes

from imsreg.aka import digest
from imsreg.paths import data

VECTORS = json.loads(data("vectors", "digest.json").read_bytes())
CASES = VECTORS["cases"]
COMMON = {"username": "u", "realm": "r", "uri": "sip:r", "nonce": "n", "algorithm": "AKAv1-MD5"}


def _md5(*parts: bytes) -> bytes:
    return hashlib.md5(b":".join(parts), usedforsecurity=False).hexdigest().encode()


def _parameters(case):
    names = ("username", "realm", "uri", "nonce", "algorithm", "qop", "nc", "cnonce")
    return {name: case[name] for name in names} | {"password": bytes.fromhex(case["password"])}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_response_is_the_known_one(case):
    assert digest.response(method=case["method"], **_parameters(case)) == case["response"]


WITH_RSPAUTH = [case for case in CASES if case["rspauth"]]


@pytest.mark.parametrize("case", WITH_RSPAUTH, ids=[case["name"] for case in WITH_RSPAUTH])
def test_rspauth_is_the_known_one_and_never_the_response(case):
    rspauth = digest.rspauth(**_parameters(case))
    assert rspauth == case["rspauth"]
    assert rspauth != case["response"]


RES = [
    bytes(4),
    bytes(16),
    b"\x00abc",
    b"ab\x00cdefg",
    b"a:b:c:d:",
    b"::::",
    b"\xff\xfe\xfd\xfc",
    b"\xc3\x28\xa0\xa1",
    "pässword".encode(),
    b'"\\\r\n\t ,;',
]


@pytest.mark.parametrize("res", RES, ids=repr)
def test_res_counts_octet_by_octet(res):
    a1 = _md5(b"u", b"r", res)
    expected = _md5(a1, b"n", b"00000001", b"c", b"auth", _md5(b"REGISTER", b"sip:r"))
    computed = digest.response(**COMMON, password=res, method="REGISTER", qop="auth", nc="00000001", cnonce="c")
    assert computed == expected.decode()


def test_every_length_of_res_gives_its_own_response():
    res = Random(3310).randbytes(16)
    responses = {digest.response(**COMMON, password=res[:n], method="REGISTER") for n in range(4, 17)}
    assert len(responses) == 13


@pytest.mark.parametrize("body", [b"", b"a body\r\n", b"\x00\xff"])
def test_auth_int_covers_the_body_and_auth_does_not(body):
    options = {"password": b"\x00:\xff\x01", "nc": "00000001", "cnonce": "c"}
    a1 = _md5(b"u", b"r", b"\x00:\xff\x01")
    a2 = _md5(b"REGISTER", b"sip:r", _md5(body))
    expected = _md5(a1, b"n", b"00000001", b"c", b"auth-int", a2).decode()
    assert digest.response(**COMMON, **options, method="REGISTER", qop="auth-int", body=body) == expected
    plain = digest.response(**COMMON, **options, method="REGISTER", qop="auth", body=body)
    assert plain == digest.response(**COMMON, **options, method="REGISTER", qop="auth")
    of_response = _md5(a1, b"n", b"00000001", b"c", b"auth-int", _md5(b"", b"sip:r", _md5(body))).decode()
    assert digest.rspauth(**COMMON, **options, qop="auth-int", body=body) == of_response


def test_text_that_was_no_utf8_goes_in_as_its_octets():
    username = b"J\xe4s\xff\x80".decode("utf-8", "surrogateescape")
    parameters = COMMON | {"username": username, "realm": "ré"}
    expected = _md5(_md5(b"J\xe4s\xff\x80", "ré".encode(), b"p"), b"n", _md5(b"REGISTER", b"sip:r")).decode()
    assert digest.response(**parameters, password=b"p", method="REGISTER") == expected


def test_names_of_algorithms_and_qop_have_no_case():
    options = {"password": b"p", "method": "REGISTER", "nc": "00000001", "cnonce": "c"}
    upper = digest.response(**COMMON | {"algorithm": "AKAV1-md5"}, **options, qop="auth")
    assert upper == digest.response(**COMMON, **options, qop="auth")
    assert digest.response(**COMMON, **options, qop="AUTH") != upper, "qop goes into the digest as it is written"


BAD = [
    ({"algorithm": "AKAv9-MD5"}, "unknown digest algorithm 'AKAv9-MD5'; known are MD5, MD5-sess, SHA-256"),
    ({"algorithm": ""}, "unknown digest algorithm"),
    ({"qop": "auth-conf", "nc": "00000001", "cnonce": "c"}, "unknown qop"),
    ({"qop": "auth", "cnonce": "c"}, "qop needs nc and cnonce"),
    ({"qop": "auth-int", "nc": "00000001"}, "qop needs nc and cnonce"),
    ({"username": "\ud800"}, "stand for no octets"),
    ({"nonce": "\ud800"}, "stand for no octets"),
    ({"algorithm": "MD5-sess"}, "MD5-sess needs cnonce"),
    ({"algorithm": "\x1b[31m"}, r"unknown digest algorithm '\\\\x1b\[31m'"),
]


@pytest.mark.parametrize(("change", "why"), BAD)
def test_what_cannot_be_computed_is_said(change, why):
    with pytest.raises(digest.DigestError, match=why):
        digest.response(**COMMON | change, password=b"p", method="REGISTER")


HASHES = {
    "MD5": lambda octets: hashlib.md5(octets, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda octets: hashlib.sha256(octets).hexdigest(),
    "SHA-512-256": lambda octets: _sha512_256(octets).hex(),
}


def _sha512_256(octets: bytes) -> bytes:
    """FIPS 180-4 by another library than the one under test uses."""
    made = hashes.Hash(hashes.SHA512_256())
    made.update(octets)
    return made.finalize()


@pytest.mark.parametrize("prefix", ["", "AKAv1-", "AKAv2-"])
@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("qop", [None, "auth", "auth-int"])
def test_every_hash_goes_through_the_whole_formula(prefix, name, qop):
    h, res, body = HASHES[name], b"\x00:\xff\x80", b"a body"
    a2 = b"REGISTER:sip:r" + (f":{h(body)}".encode() if qop == "auth-int" else b"")
    middle = f"n:00000001:c:{qop}" if qop else "n"
    expected = h(f"{h(b'u:r:' + res)}:{middle}:{h(a2)}".encode())
    given = {"password": res, "method": "REGISTER", "qop": qop, "nc": "00000001", "cnonce": "c", "body": body}
    assert digest.response(**COMMON | {"algorithm": prefix + name}, **given) == expected


@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("qop", [None, "auth"])
def test_a_session_key_stays_while_nonce_and_cnonce_change(name, qop):
    h = HASHES[name]
    key = h(f"{h(b'u:r:' + bytes(4))}:n0:c0".encode())
    middle = "n:00000002:c:auth" if qop else "n"
    expected = h(f"{key}:{middle}:{h(b'REGISTER:sip:r')}".encode())
    given = {"password": bytes(4), "method": "REGISTER", "qop": qop, "nc": "00000002", "cnonce": "c"}
    parameters = COMMON | {"algorithm": f"{name}-sess"}
    assert digest.response(**parameters, **given, session=("n0", "c0")) == expected
    begun = digest.response(**parameters, **given)
    assert begun == digest.response(**parameters, **given, session=("n", "c"))
    assert begun != expected


def test_rspauth_has_the_same_session_key():
    parameters = COMMON | {"algorithm": "SHA-256-sess", "qop": "auth", "nc": "00000002", "cnonce": "c"}
    session = ("n0", "c0")
    proof = digest.rspauth(**parameters, password=b"p", session=session)
    assert proof == digest.response(**parameters, password=b"p", method="", session=session)
    assert proof != digest.rspauth(**parameters, password=b"p")


@pytest.mark.parametrize("row", VECTORS["userhash"], ids=lambda row: row["name"])
def test_userhash_is_of_the_true_hash(row):
    assert digest.userhash(row["username"], row["realm"], row["algorithm"]) == row["userhash"]
    printed = hashlib.sha512(f"{row['username']}:{row['realm']}".encode()).hexdigest()[:64]
    assert printed == row["printed"] != row["userhash"]
