"""Messages out of files: datagrams, streams, and text that somebody pasted."""

import sys
import time

import pytest

from imsreg.paths import data
from imsreg.sip.lint.lint import lint
from imsreg.sip.lint.paste import Pasted, messages
from imsreg.sip.message import parse

ONE = b"REGISTER sip:a SIP/2.0\r\nCall-ID: 1\r\nl: 0\r\n\r\n"
TWO = b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nContent-Length: 5\r\n\r\nhello"
BARE = b"MESSAGE sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n"
LF = "line ends are LF alone: read as CRLF"
ADDED = "the empty line at the end is missing: added"


def as_lf(octets: bytes, margin: str = "") -> bytes:
    lines = octets.replace(b"\r\n", b"\n").split(b"\n")
    return b"\n".join(margin.encode() + line if line else margin.rstrip().encode() for line in lines)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (ONE, [(1, ONE)]),
        (ONE + ONE, [(1, ONE), (5, ONE)]),
        (b"\r\n\r\n" + ONE + b"\r\n\r\n" + TWO + b"\r\n", [(3, ONE), (9, TWO)]),
        (TWO + ONE, [(1, TWO), (5, ONE)]),  # a stream: the start line stands behind "hello"
        (TWO + b"\r\n" + ONE, [(1, TWO), (6, ONE)]),
        (TWO + b" and more\r\n" + ONE, [(1, TWO + b" and more\r\n"), (6, ONE)]),
        (BARE + b"text\r\n" + ONE, [(1, BARE + b"text\r\n"), (5, ONE)]),
        (BARE + b"\r\n\r\n" + ONE, [(1, BARE), (6, ONE)]),
        (TWO.replace(b"5", b"500") + b"\r\n" + ONE, [(1, TWO.replace(b"5", b"500") + b"\r\n"), (6, ONE)]),
        (ONE[:-2] + ONE, [(1, ONE[:-2]), (4, ONE)]),
        (b"sent to 192.0.2.1:\r\n" + ONE, [(2, ONE)]),
        (ONE[:-2], [(1, ONE[:-2])]),
        (b"nothing of SIP\r\nin here", [(1, b"nothing of SIP\r\nin here")]),
        (b"register sip:a sip/2.0\r\n\r\n", [(1, b"register sip:a sip/2.0\r\n\r\n")]),
        (b"", []),
        (b" \n\t\n", []),
    ],
)
def test_messages_with_crlf_are_taken_as_they_are(octets: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert messages(octets) == [Pasted(line, each, ()) for line, each in expected]


def test_a_body_may_look_like_a_message() -> None:
    body = b"SIP/2.0 200 OK\r\n\r\n"
    notify = b"NOTIFY sip:a SIP/2.0\r\nContent-Length: 18\r\n\r\n" + body
    assert [each.octets for each in messages(notify + ONE)] == [notify, ONE]


def test_lf_becomes_crlf() -> None:
    assert messages(as_lf(ONE + TWO)) == [Pasted(1, ONE, (LF,)), Pasted(5, TWO, (LF,))]


def test_the_empty_line_that_an_editor_cut_off_is_added() -> None:
    assert messages(as_lf(ONE).rstrip(b"\n")) == [Pasted(1, ONE, (LF, ADDED))]
    assert messages(as_lf(ONE).rstrip(b"\n") + b"\n") == [Pasted(1, ONE, (LF, ADDED))]
    assert messages(as_lf(ONE[:-2] + TWO)) == [Pasted(1, ONE, (LF, ADDED)), Pasted(4, TWO, (LF,))]


@pytest.mark.parametrize("margin", ["> ", ">", "    ", "\t", ">> ", "> > ", "  > "])
def test_a_margin_goes(margin: str) -> None:
    pasted = messages(b"He wrote:\n" + as_lf(ONE + TWO, margin))
    shown = f"{margin!r} before every line: taken away"
    assert pasted == [Pasted(2, ONE, (LF, shown)), Pasted(6, TWO, (LF, shown))]


def test_folds_survive_a_margin() -> None:
    folded = b"REGISTER sip:a SIP/2.0\r\nSubject: a\r\n b\r\n\tc\r\n\r\n"
    assert [each.octets for each in messages(as_lf(folded, "> "))] == [folded]


def test_a_byte_order_mark_goes() -> None:
    note = "a byte order mark in front: taken away"
    assert messages(b"\xef\xbb\xbf" + ONE) == [Pasted(1, ONE, (note,))]
    assert messages(b"\xef\xbb\xbf" + as_lf(ONE)) == [Pasted(1, ONE, (note, LF))]


def test_many_messages_cost_no_more_each_than_few() -> None:
    start = b"REGISTER sip:a SIP/2.0\r\n"
    began = time.process_time()
    assert len(messages(start * 40_000)) == 40_000
    assert len(messages(ONE * 20_000)) == 20_000
    assert time.process_time() - began < (3.0 if sys.gettrace() is None else 30.0)


def test_a_line_outside_the_margin_stays() -> None:
    text = as_lf(ONE, "> ").replace(b"> Call-ID", b"Call-ID")
    assert [each.octets for each in messages(text)] == [ONE]


def test_text_that_holds_no_message_is_one_piece() -> None:
    assert [each.line for each in messages(b"\nnothing\nof SIP")] == [2]


def test_the_seed_pasted_into_one_text_lints_as_its_files_do() -> None:
    files = [data("vectors", "seed", f"S{n}.sip").read_bytes() for n in range(1, 6)]
    text = b"".join(as_lf(each).rstrip(b"\n") + b"\n" for each in files)
    pasted = messages(as_lf(text, "| ".replace("|", ">")))
    assert [each.octets for each in pasted] == files
    assert [lint(parse(each.octets)) for each in pasted] == [lint(parse(each)) for each in files]
