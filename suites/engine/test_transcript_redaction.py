"""CK and IK never reach an artefact; everything else reaches it octet by octet."""

from __future__ import annotations

import random
import time

import pytest

from imsreg.transcript.redaction import redact, redact_text

KEY = b"00112233445566778899aabbccddeeff"
MASK = b"x" * 32


@pytest.mark.parametrize(
    ("around", "masked"),
    [
        pytest.param(b'Digest realm="a",ck="%s",qop="auth"', b'Digest realm="a",ck="%s",qop="auth"', id="quoted"),
        pytest.param(b"Digest ck=%s, ik=1", b"Digest ck=%s, ik=x", id="unquoted"),
        pytest.param(b"Digest CK=%s;Ik=%s", b"Digest CK=%s;Ik=%s", id="any-case"),
        pytest.param(b'ik\r\n =\r\n\t"%s",a=b', b'ik\r\n =\r\n\t"%s",a=b', id="folded-around"),
        pytest.param(b'ik = "%s\n %s"', b'ik = "%s\n %s"', id="folded-within"),
        pytest.param(b'ck="%s', b'ck="%s', id="no-closing-quote"),
        pytest.param(b'ck="a\\"%s"', b'ck="xxx%s"', id="quoted-pair"),
        pytest.param(b"ck=%s\r\nVia: y", b"ck=%s\r\nVia: y", id="line-end-ends-it"),
        pytest.param(b'ck="%s\r%s"', b'ck="%s\r%s"', id="lone-carriage-return"),
        pytest.param(b"ck=%s", b"ck=%s", id="first-octet"),
        pytest.param(b"X: http://log.example/ck=%s", b"X: http://log.example/ck=%s", id="in-a-path"),
    ],
)
def test_the_values_are_masked_and_nothing_else(around: bytes, masked: bytes) -> None:
    keys = around.count(b"%s")
    assert redact(around % ((KEY,) * keys)) == masked % ((MASK,) * keys)


@pytest.mark.parametrize(
    "text",
    [
        b'Digest rick="abc", nonce="ckik=="',
        b"From: <sip:bick@a>;tag=ick-1=2",
        b'ck=""',
        b"ck=",
        b"ck ik tick=1",
        b'nonce="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw/ck=", algorithm=AKAv1-MD5, qop="auth"',
    ],
)
def test_other_text_is_left_alone(text: bytes) -> None:
    assert redact(text) == text


def test_length_and_line_structure_never_change() -> None:
    draw = random.Random(7)
    pieces = [b"ck", b"ik", b"=", b'"', b" ", b"\r\n ", b"\r\n", b",", b";", b"\\", KEY, b"\xff", b"\x00", b"\t"]
    for _ in range(500):
        raw = b"".join(draw.choices(pieces, k=20))
        masked = redact(raw)
        assert len(masked) == len(raw)
        assert [i for i, octet in enumerate(masked) if octet in b"\r\n"] == [
            i for i, octet in enumerate(raw) if octet in b"\r\n"
        ]
        assert redact(masked) == masked


@pytest.mark.parametrize("unit", [b"ck ", b'ck="', b"ck=", b'ck="\\', b"ck\r\n ", b'ck="\r\n '])
def test_the_time_is_linear(unit: bytes) -> None:
    raw = unit * (1_000_000 // len(unit))
    began = time.perf_counter()
    redact(raw)
    assert time.perf_counter() - began < 2


def test_text_with_odd_characters() -> None:
    assert redact_text('é ck="aé\udcff" \ud800') == 'é ck="xxxxxx" \ud800'
