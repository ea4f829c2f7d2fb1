"""Checks on where messages begin and end: what counts as another framing, and what answers to it are taken."""

from __future__ import annotations

import pytest
from registrar_talk import TCP, UDP, Talk

from imsreg.errors import InputError
from imsreg.sip.flow import Address, Flow
from imsreg.tester.segments import cut, note_of
from imsreg.verdict.outcome import Breach, Held, Observed, Unmet

SEGMENTS = "rfc3261-18.3-01"
LINE_ENDS = "rfc3261-7.5-01"
LENGTH = "rfc3261-20-02"
LARGE = "rfc3261-18.1.1-01"


def usual() -> Talk:
    """A REGISTER over TCP in a segment of its own, and its challenge."""
    return Talk(TCP).asks().gets(401)


def together() -> Talk:
    """Two in one segment after it, of which the first is answered."""
    return usual().notes(note_of(2, 1)).asks(Call_ID="two").asks(Call_ID="three").gets(401, back=2)


def test_both_of_two_requests_in_a_segment_are_answered() -> None:
    assert together().gets(401).judge(SEGMENTS) == [Held, Held]
    assert together().gives_up().judge(SEGMENTS) == [Held, Breach]
    assert together().judge(SEGMENTS) == [Held, Unmet]  # nobody has waited


def test_the_request_in_pieces_is_answered() -> None:
    assert usual().notes(note_of(1, 4)).asks().gets(401).judge(SEGMENTS) == [Held]
    assert usual().notes(note_of(1, 4)).asks().gets(400).judge(SEGMENTS) == [Breach]
    assert usual().notes(note_of(1, 4)).asks().gives_up().judge(SEGMENTS) == [Breach]


def test_another_answer_to_one_of_two_may_have_other_reasons() -> None:
    assert together().gets(500).judge(SEGMENTS) == [Held, Observed]
    assert together().gets(503).judge(SEGMENTS) == [Held]


def test_a_request_in_a_segment_of_its_own_tells_nothing_about_segments() -> None:
    assert usual().asks().gives_up().judge(SEGMENTS) == [Unmet]
    assert usual().notes("the next message leaves at last").asks().gives_up().judge(SEGMENTS) == [Unmet]


def test_a_dut_that_does_not_answer_over_tcp_at_all_is_not_judged_by_segments() -> None:
    assert Talk(TCP).asks().notes(note_of(1, 4)).asks().gives_up().judge(SEGMENTS) == [Unmet]


@pytest.mark.parametrize("octets", [b"\r\n", b"\r\n\r\n"])
def test_line_ends_before_a_request(octets: bytes) -> None:
    assert usual().line_ends(octets).asks().gets(401).judge(LINE_ENDS) == [Held]
    assert usual().line_ends(octets).asks().gets(400).judge(LINE_ENDS) == [Breach]
    assert usual().line_ends(octets).asks().gives_up().judge(LINE_ENDS) == [Breach]


def test_a_pong_is_no_part_of_what_the_tester_sent() -> None:
    pong = usual().line_ends().line_ends(b"\r\n", sent=False).asks().gets(401)
    assert pong.judge(LINE_ENDS) == [Held]
    assert usual().line_ends(b"\r\n", sent=False).asks().gives_up().judge(LINE_ENDS) == [Unmet]


def test_line_ends_in_the_same_segment_are_no_matter_of_segments() -> None:
    talk = usual().notes(note_of(2, 1)).line_ends().asks().gives_up()
    assert (talk.judge(LINE_ENDS), talk.judge(SEGMENTS)) == ([Breach], [Unmet])


def test_line_ends_in_datagrams_are_not_judged() -> None:
    assert Talk(UDP).asks().gets(401).line_ends().asks().gives_up().judge(LINE_ENDS) == [Unmet]


def test_a_message_over_tcp_has_its_length() -> None:
    assert usual().judge(LENGTH) == [Held]
    assert Talk(TCP).asks().gets(401, length=False).judge(LENGTH) == [Breach]
    assert Talk(UDP).asks().gets(401, length=False).judge(LENGTH) == [Unmet]


def test_a_compact_length_is_one() -> None:
    talk = Talk(TCP).asks()
    talk.transcript.record(False, TCP, b"SIP/2.0 401 Unauthorized\r\nl: 0\r\n\r\n", 0.0)
    assert talk.line_ends(b"\r\n", sent=False).judge(LENGTH) == [Held]


def large(talk: Talk) -> Talk:
    """A REGISTER of more than four kilobytes after a usual one that is challenged."""
    return talk.asks().gets(401).asks(Supported=", ".join(["an-extension"] * 400))


def test_a_large_datagram_gets_what_a_small_one_gets() -> None:
    assert large(Talk()).gets(401).judge(LARGE) == [Held]
    assert large(Talk()).gets(400).judge(LARGE) == [Breach]
    assert large(Talk()).gives_up().judge(LARGE) == [Breach]
    assert large(Talk()).gets(513).judge(LARGE) == [Observed]


def test_silence_of_another_host_may_be_that_of_the_network() -> None:
    far = Flow("UDP", Address("192.0.2.1", 5060), Address("192.0.2.2", 5060))
    assert large(Talk(far)).gives_up().judge(LARGE) == [Unmet]
    assert large(Talk(far)).gets(400).judge(LARGE) == [Breach]


def test_a_large_message_over_tcp_is_not_judged() -> None:
    assert large(Talk(TCP)).gives_up().judge(LARGE) == [Unmet]


def test_octets_are_cut_where_a_test_wants_them_cut() -> None:
    assert cut(b"abcdef", ()) == [b"abcdef"]
    assert cut(b"abcdef", (4, 1, -2)) == [b"a", b"bcd", b"ef"]


@pytest.mark.parametrize("place", [0, 6, -6, 7])
def test_a_cut_is_inside(place: int) -> None:
    with pytest.raises(InputError, match="is no place inside 6 octets"):
        cut(b"abcdef", (place,))
