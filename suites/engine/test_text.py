"""safe_text: whatever the DUT sent, what people read of it is harmless, bounded and stable."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ElementTree

import pytest

from imsreg.text import LIMIT, safe_text

HOSTILE = [
    pytest.param("a\x00b", r"a\x00b", id="nul"),
    pytest.param("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m", id="terminal-escape"),
    pytest.param("a\r\nb\tc", r"a\x0d\x0ab\x09c", id="line-ends-and-tab"),
    pytest.param("a\x85b\u2028c\u2029d", r"a\x85b\u2028c\u2029d", id="unicode-line-ends"),
    pytest.param("\u202eevil\u202c\u2066x\u2069", r"\u202eevil\u202c\u2066x\u2069", id="bidi"),
    pytest.param("a\u200bb\u200dc\ufeffd\u00ade", r"a\u200bb\u200dc\ufeffd\xade", id="zero-width"),
    pytest.param("a\u3164b\u115fc\ufe0fd\u034fe\u2800f", r"a\u3164b\u115fc\ufe0fd\u034fe\u2800f", id="blank-letters"),
    pytest.param("a\u00a0b\u3000c", r"a\xa0b\u3000c", id="spaces-that-are-no-space"),
    pytest.param("a\ud800b\udfffc", r"a\ud800b\udfffc", id="lone-surrogates"),
    pytest.param("a\udcffb", r"a\xffb", id="surrogateescape"),
    pytest.param("a\udcffb\ud800c", r"a\xffb\ud800c", id="both-kinds-of-surrogate"),
    pytest.param("a\ufffe\U0010ffffb", r"a\ufffe\U0010ffffb", id="noncharacters"),
    pytest.param("\U000e0041\U000e0101", r"\U000e0041\U000e0101", id="tags-and-selectors"),
    pytest.param(b"a\xff\xc3(b", r"a\xff\xc3(b", id="octets-that-are-no-utf8"),
    pytest.param(b"\xed\xa0\x80", r"\xed\xa0\x80", id="surrogate-in-utf8"),
    pytest.param(b"\xc0\x80", r"\xc0\x80", id="overlong-nul"),
]


@pytest.mark.parametrize(("value", "shown"), HOSTILE)
def test_hidden_characters_are_escaped(value: str | bytes, shown: str) -> None:
    assert safe_text(value) == shown


@pytest.mark.parametrize("text", ["", "plain ASCII ~", "Grüße, Ωmega, 日本語, Привет", "emoji 🙂", "back\\slash \\x00"])
def test_readable_text_stays(text: str) -> None:
    assert safe_text(text) == text
    assert safe_text(text.encode()) == text


def test_markup_is_left_to_the_reporters() -> None:
    assert safe_text("*HTML* <script>alert(1)</script>") == "*HTML* <script>alert(1)</script>"


def test_lines_are_kept_on_request() -> None:
    assert safe_text(b"a\r\n\tb\nc\rd\r\r\ne", keep_newlines=True) == "a\n\tb\nc\\x0dd\\x0d\ne"


def test_bytes_and_their_surrogateescape_text_show_the_same() -> None:
    octets = bytes(range(256)) + "Grüße\u202e".encode() + b"\xe2\x82" + b"z" * LIMIT
    assert safe_text(octets) == safe_text(octets.decode("utf-8", "surrogateescape"))


def test_long_text_is_cut_to_the_limit_and_names_the_whole() -> None:
    shown = safe_text("x" * 5000)
    assert len(shown) == LIMIT
    assert shown.startswith("xxxx")
    assert shown.endswith("x... [5000 octets in all, sha256 c59d3c0480cc2d71]")
    assert shown != safe_text("x" * 4999 + "y"), "two texts with one beginning are told apart by the digest"


def test_text_of_exactly_the_limit_is_whole() -> None:
    assert safe_text("x" * 200, limit=200) == "x" * 200
    assert safe_text("x" * 201, limit=200).startswith("x" * 100)


def test_a_small_limit_has_no_room_for_a_digest() -> None:
    assert safe_text("0123456789", limit=8) == "01234..."
    assert safe_text("0123456789", limit=3) == "..."


def test_carriage_returns_do_not_hide_what_follows_them() -> None:
    text = "\r\n" * 300 + "end"
    assert safe_text(text, limit=400, keep_newlines=True) == "\n" * 300 + "end"


def test_the_work_is_bounded_by_the_limit() -> None:
    shown = safe_text("\u202e" * 3_000_000, limit=256)
    assert len(shown) == 256
    assert "[9000000 octets in all" in shown


ALPHABET = "aZ *<&\\\t\r\n\x00\x7f\x9b\u00e9\u202e\u200b\u3164\ufe0f\ud800\udc80\udcff\udfff\U0001f642\U000e0101"


@pytest.mark.parametrize("keep_newlines", [False, True])
@pytest.mark.parametrize("limit", [3, 8, 127, 128, 300])
def test_any_text_is_encodable_bounded_and_stable(limit: int, keep_newlines: bool) -> None:
    draw = random.Random(limit)
    for length in (0, 1, limit - 1, limit, limit + 1, 3 * limit):
        text = "".join(draw.choices(ALPHABET, k=length))
        for value in (text, draw.randbytes(length)):
            shown = safe_text(value, limit=limit, keep_newlines=keep_newlines)
            shown.encode("utf-8")
            ElementTree.fromstring(f"<t>{shown.replace('&', '&amp;').replace('<', '&lt;')}</t>")
            assert len(shown) <= limit
            assert safe_text(shown, limit=limit, keep_newlines=keep_newlines) == shown
