"""The tokens of RFC 3310 3.2 in strict base64."""

import base64
from dataclasses import FrozenInstanceError
from random import Random

import pytest

from imsreg.aka.nonce import NonceError, decode, decode_auts, encode

RAND, AUTN = bytes(range(16)), bytes(range(16, 32))
GOOD = encode(RAND, AUTN)


@pytest.mark.parametrize("server_data", [b"", b"\x00", b"a:b", bytes(range(256)), b"x" * 4096])
def test_what_is_encoded_comes_back(server_data):
    nonce = decode(encode(RAND, AUTN, server_data))
    assert (nonce.rand, nonce.autn, nonce.server_data) == (RAND, AUTN, server_data)
    with pytest.raises(FrozenInstanceError):
        nonce.rand = AUTN


def test_without_server_data_it_has_44_characters():
    assert len(GOOD) == 44
    assert GOOD.endswith("=")


BAD = [
    ("", "is empty"),
    ("dcd98b7102dd2f0e8b11d0f600bfb0c093", "is not base64: 34 characters with misplaced or missing padding"),
    ((RAND + AUTN).hex(), "is hexadecimal, not base64"),
    ((RAND + AUTN).hex().upper(), "is hexadecimal, not base64"),
    ("abcd", "holds 3 octets, RAND and AUTN need 32"),
    (base64.b64encode(bytes(31)).decode(), "holds 31 octets"),
    (GOOD[:-1], "is not base64: 43 characters"),
    (GOOD + "=", "is not base64: 45 characters"),
    (GOOD + "====", "is not base64: 48 characters"),
    ("=" + GOOD[1:], "is not base64: 44 characters"),
    (GOOD[:-2] + "9=", "stray bits"),
    (GOOD[:-2] + "+=", "stray bits"),
    ("00" * 34, "is hexadecimal, not base64"),
    ("0123456789ab" * 3, "holds 27 octets"),
    ("A-" + GOOD[2:], "character 2 is '-'"),
    (GOOD[:8] + "\r\n " + GOOD[8:], r"character 9 is '\\x0d'"),
    (GOOD.replace("A", "-", 1), "character 1 is '-'"),
    ("\udc80" + GOOD[1:], "character 1 is"),
    ("é" * 44, "character 1 is"),
]


@pytest.mark.parametrize(("nonce", "why"), BAD)
def test_what_is_wrong_is_said(nonce, why):
    with pytest.raises(NonceError) as caught:
        decode(nonce)
    assert why in caught.value.why
    caught.value.why.encode("utf-8")


def test_auts_has_14_octets():
    assert decode_auts("hxGg7J4WN98X+As4TuQ=").hex() == "8711a0ec9e1637df17f80b384ee4"
    for octets in (0, 13, 15, 32):
        with pytest.raises(NonceError):
            decode_auts(base64.b64encode(bytes(octets)).decode())


def test_hostile_text_never_gives_another_error():
    random = Random(3310)
    alphabet = "AZaz09+/=" * 4 + ' \r\n\t\x00"\\:-_é\udcff\U0001f600'
    outcomes = set()
    for _ in range(5000):
        text = "".join(random.choices(alphabet, k=random.randrange(60)))
        try:
            nonce = decode(text)
        except NonceError:
            outcomes.add("refused")
        else:
            outcomes.add("read")
            assert encode(nonce.rand, nonce.autn, nonce.server_data) == text
    assert "refused" in outcomes
