"""Every typed header with text of any kind: it is refused with a HeaderError, or read, and then stays what it is."""

from __future__ import annotations

import pytest
from exercise import TYPED, read_again, read_uris
from havoc import TOKENS, VALUES
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from strategies import damaged, sip

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.base import Header
from imsreg.sip.lint.headers import HEADERS

by_header = pytest.mark.parametrize("header", TYPED, ids=lambda header: header.NAME)

separators = st.sampled_from(
    (",", ";", "=", '"', "<", ">", ":", "@", "/", "\\", "(", ")", "[", "]", "*", " ", "\t", "%")
)
pieces = st.one_of(separators, separators, st.sampled_from(VALUES[:44]), st.sampled_from(TOKENS), st.text(max_size=4))
# Nearer to headers than plain text: the characters that separate, tokens that mean something, odd values.
salad: SearchStrategy[str] = st.lists(pieces, max_size=24).map("".join)


def text_of(octets: bytes) -> str:
    """Octets as a message hands them to its headers."""
    return octets.decode("utf-8", "surrogateescape")


def read(header: type[Header], text: str) -> None:
    error = None
    try:
        read_again(header.parse(text))
    except HeaderError as refused:
        error = refused
    if error is not None:
        assert (error.name, error.text) == (header.NAME, text)
        assert "\n" not in str(error)
        assert 1 <= error.column <= len(text) + 1


@by_header
@given(text=st.one_of(st.text(), salad))
@example(text="")
@example(text='"')
@example(text="<")
def test_any_text(header: type[Header], text: str) -> None:
    read(header, text)


@by_header
@given(octets=st.binary(max_size=200))
@example(octets=b"\xff\xfe\x00")
def test_any_octets(header: type[Header], octets: bytes) -> None:
    read(header, text_of(octets))


@pytest.mark.parametrize("header", [each for each in TYPED if each.NAME in HEADERS], ids=lambda header: header.NAME)
@given(data=st.data())
def test_what_is_nearly_right(header: type[Header], data: st.DataObject) -> None:
    octets = data.draw(damaged(sip().rule(header.NAME)))
    # A message unfolds before its headers read.
    read(header, text_of(octets.replace(b"\r\n", b"")))


@given(
    text=st.one_of(
        st.text(), salad, damaged(sip().rule("SIP-URI")).map(text_of), damaged(sip().rule("URI")).map(text_of)
    )
)
def test_uris(text: str) -> None:
    read_uris(text)
