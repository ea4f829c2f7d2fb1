"""Hostile input: whatever comes, every reader ends within its time, with a value or an error in one line."""

import gc
import importlib
import pkgutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from imsreg.sip import headers
from imsreg.sip.errors import HeaderError, MessageError, UriError
from imsreg.sip.framing import FramingError, StreamFramer
from imsreg.sip.head import MAX_FIELD
from imsreg.sip.headers.base import Header
from imsreg.sip.message import parse
from imsreg.sip.split import split_list
from imsreg.sip.uri import Uri, equivalent

BOUND = 0.1
"""Seconds of processor time."""
TRACED = 10
"""How much longer it may take while coverage is measured, which costs time of its own."""


@contextmanager
def bounded(seconds: float = BOUND) -> Iterator[None]:
    """Fails if what it holds takes longer. The collector, which looks at all that earlier tests left, stays out."""
    gc.disable()
    begin = time.process_time()
    try:
        yield
    finally:
        taken = time.process_time() - begin
        gc.enable()
    assert taken < seconds * (1 if sys.gettrace() is None else TRACED)


def header_types() -> list[type[Header]]:
    for module in pkgutil.iter_modules(headers.__path__):
        importlib.import_module(f"{headers.__name__}.{module.name}")
    found: list[type[Header]] = []
    rest: list[type[Header]] = [Header]  # type: ignore[type-abstract]  # only its subclasses are asked for
    while rest:
        subclasses = rest.pop().__subclasses__()
        rest += subclasses
        found += [each for each in subclasses if "NAME" in vars(each)]
    return sorted(set(found), key=lambda each: each.NAME)


TYPES = header_types()

# Each repeated to the length of a field: what makes a careless expression step back, or a loop start again.
REPEATED = {
    "commas": ",",
    "commas and blanks": " , ",
    "semicolons": ";",
    "quotes": '"',
    "nested quotes": '"\\"',
    "backslashes": '"' + "\\" * 7,
    "angles": "<",
    "closed angles": "<>",
    "blanks": " ",
    "tabs and blanks": "\t ",
    "equals": "a=",
    "parameters": ";a=b",
    "same parameters": ";a",
    "quoted parameters": ';a="b;c"',
    "auth parameters": 'a="b", ',
    "slashes": "SIP / 2.0 / ",
    "colons": "sip:",
    "ats": "a@",
    "escapes": "%41",
    "digits": "9",
    "zeroes": "0",
    "brackets": "[",
    "parentheses": "(",
    "stars": "*",
    "NUL": "\x00",
    "surrogates": "\udcff",
    "words": "a ",
    "dots": "a.",
}
PREFIXES = ("", "<sip:a@b>", "sip:", '"', "Digest ", "SIP/2.0/UDP h;", "1 ", "a;", "a/b;", '<sip:u@h>;class="#=')


def filled(kind: str, prefix: str = "", length: int = MAX_FIELD - 100) -> str:
    part = REPEATED[kind]
    return prefix + part * ((length - len(prefix)) // len(part))


@pytest.mark.parametrize("header", TYPES, ids=lambda each: each.NAME)
def test_every_typed_header_ends_in_time(header: type[Header]) -> None:
    for kind in REPEATED:
        for prefix in PREFIXES:
            text = filled(kind, prefix)
            with bounded():
                try:
                    assert str(header.parse(text))
                except HeaderError as error:
                    shown = str(error)
                    assert "\n" not in shown
                    assert len(shown) < 1000


@pytest.mark.parametrize("kind", REPEATED)
def test_lists_and_uris_end_in_time(kind: str) -> None:
    for prefix in PREFIXES:
        text = filled(kind, prefix, 65536)
        with bounded():
            assert isinstance(split_list(text), tuple)
            try:
                uri = Uri.parse(text)
            except UriError as error:
                assert len(str(error)) < 1000  # noqa: PT017 - some of the texts are URIs
            else:
                assert equivalent(uri, uri)
                assert uri.address_of_record()


@pytest.mark.parametrize("kind", REPEATED)
def test_a_message_of_the_largest_size_ends_in_time(kind: str) -> None:
    value = filled(kind, length=7500)
    names = ("Via", "Contact", "To", "Authorization", "X", "Supported", "Date", "Content-Length")
    lines = "".join(f"{name}: {value}\r\n" for name in names)
    octets = f"REGISTER sip:h SIP/2.0\r\n{lines}\r\n".encode("utf-8", "surrogateescape")
    with bounded():
        message = parse(octets)
        assert len(message.headers) == len(names)
        assert all(isinstance(message.values(name), tuple) for name in names)
        assert isinstance(message.defects, tuple)
        assert message.body == b""


@pytest.mark.parametrize(
    "line", [b"A: b\r\n", b"\r\n ", b"a\r\n", b":\r\n", b"\n", b"\r", b"a\r\n\t", b"l: 0\r\n", b"x:\xff\n", b"\n\r"]
)
def test_thousands_of_lines_end_in_time(line: bytes) -> None:
    octets = (b"REGISTER sip:h SIP/2.0\r\n" + line * 32768)[:65536]
    with bounded():
        try:
            assert isinstance(parse(octets).defects, tuple)
        except MessageError as error:
            assert error.line >= 1  # noqa: PT017 - which of the two depends on the line


@pytest.mark.parametrize("octets", [b"\r\n", b"\r\n\r\n", b"\n", b"a\r\n", b"l: 1\r\n", b"A: b\r\n\r\n", b"\x00"])
@pytest.mark.parametrize("step", [1, 7, 65536])
def test_streams_end_in_time(octets: bytes, step: int) -> None:
    data = (octets * 65536)[: 20000 if step == 1 else 131072]
    framer = StreamFramer()
    with bounded(5 * BOUND):
        try:
            for at in range(0, len(data), step):
                framer.feed(data[at : at + step])
        except FramingError as error:
            assert len(error.data) <= 65536  # noqa: PT017 - some of the streams have an end of their messages
    assert len(framer.pending) <= 65536
