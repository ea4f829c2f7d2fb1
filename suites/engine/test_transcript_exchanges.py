"""Which messages belong together, as the wire tells (RFC 3261 17.1.3)."""

from __future__ import annotations

import time

from imsreg.sip.flow import Address, Flow
from imsreg.transcript.transcript import Transcript

FLOW = Flow("UDP", Address("127.0.1.7", 5064), Address("127.0.2.1", 5060))


def message(start: str, branch: str = "z9hG4bKa", cseq: str = "1 REGISTER", call: str = "c", extra: str = "") -> bytes:
    via = f"SIP/2.0/UDP 127.0.1.7:5064;rport;branch={branch}" if branch else "SIP/2.0/UDP 127.0.1.7:5064"
    return f"{start}\r\nVia: {via}\r\nCSeq: {cseq}\r\nCall-ID: {call}\r\n{extra}\r\n".encode()


def register(branch: str = "z9hG4bKa", cseq: str = "1 REGISTER", call: str = "c") -> bytes:
    return message("REGISTER sip:ims.example SIP/2.0", branch, cseq, call)


def answer(status: int, branch: str = "z9hG4bKa", cseq: str = "1 REGISTER", call: str = "c", extra: str = "") -> bytes:
    return message(f"SIP/2.0 {status} x", branch, cseq, call, extra)


def recorded(*messages: tuple[bool, bytes]) -> Transcript:
    transcript = Transcript("", 0.0)
    for sent, raw in messages:
        transcript.record(sent, FLOW, raw, 0.0)
    return transcript


def shape(transcript: Transcript) -> list[tuple[list[int], list[int], int | None]]:
    return [
        (
            [entry.number for entry in exchange.requests],
            [entry.number for entry in exchange.responses],
            exchange.final.number if exchange.final else None,
        )
        for exchange in transcript.exchanges
    ]


def test_a_registration_is_two_exchanges() -> None:
    transcript = recorded(
        (True, register()),
        (False, answer(100)),
        (False, answer(401)),
        (True, register("z9hG4bKb", "2 REGISTER")),
        (False, answer(200, "z9hG4bKb", "2 REGISTER")),
    )
    assert shape(transcript) == [([1], [2, 3], 3), ([4], [5], 5)]
    first = transcript.exchanges[0]
    assert (first.method, first.by_tester, first.request.number) == ("REGISTER", True, 1)
    assert [entry.number for entry in first.provisional] == [2]
    assert transcript.strays == ()


def test_retransmissions_are_the_same_octets_again() -> None:
    transcript = recorded((True, register()), (True, register()), (False, answer(401)), (False, answer(401)))
    assert shape(transcript) == [([1, 2], [3, 4], 3)]
    assert [transcript.repeat_of(entry) for entry in transcript.entries] == [None, 1, None, 3]


def test_one_branch_for_two_requests_is_two_exchanges() -> None:
    transcript = recorded(
        (False, register()),
        (False, register(cseq="2 REGISTER")),
        (True, answer(200, cseq="1 REGISTER")),
        (True, answer(401, cseq="2 REGISTER")),
        (False, register()),
        (True, answer(500, cseq="7 REGISTER")),
    )
    assert shape(transcript) == [([1, 5], [3], 3), ([2], [4, 6], 4)]


def test_directions_are_kept_apart() -> None:
    transcript = recorded((True, register()), (True, answer(200)), (False, register()), (False, answer(401)))
    assert shape(transcript) == [([1], [4], 4), ([3], [], None)]
    assert [entry.number for entry in transcript.strays] == [2]
    assert [exchange.by_tester for exchange in transcript.exchanges] == [True, False]


def test_a_response_with_another_branch_or_method_is_a_stray() -> None:
    transcript = recorded(
        (True, register()),
        (False, answer(200, branch="z9hG4bKz")),
        (False, answer(200, cseq="1 OPTIONS")),
        (False, answer(200, branch="")),
        (False, b"SIP/2.0 200 OK\r\n\r\n"),
    )
    assert shape(transcript) == [([1], [], None)]
    assert [entry.number for entry in transcript.strays] == [2, 3, 4, 5]


def test_a_request_without_a_branch_is_an_exchange_too() -> None:
    transcript = recorded((True, register(branch="")), (True, register(branch="")))
    assert shape(transcript) == [([1, 2], [], None)]


def test_junk_and_keep_alives_belong_to_nothing() -> None:
    transcript = recorded((True, b"\r\n\r\n"), (False, b"\r\n"), (False, b"junk"))
    assert (transcript.exchanges, transcript.strays) == ((), ())


def test_an_exchange_grows_while_recording_goes_on() -> None:
    transcript = recorded((True, register()))
    (exchange,) = transcript.exchanges
    assert transcript.exchanges is transcript.exchanges, "cached while nothing new was asked"
    transcript.record(False, FLOW, answer(200), 0.0)
    assert exchange.final is transcript.entries[1]


def test_the_second_final_response_does_not_replace_the_first() -> None:
    assert shape(recorded((True, register()), (False, answer(401)), (False, answer(200)))) == [([1], [2, 3], 2)]


def test_the_time_for_each_message_is_constant() -> None:
    transcript = Transcript("", 0.0)
    began = time.perf_counter()
    for number in range(1500):
        transcript.record(True, FLOW, register(cseq=f"{number} REGISTER"), 0.0)
        transcript.record(False, FLOW, answer(100, cseq=f"{number} REGISTER"), 0.0)
        assert transcript.exchanges[-1].responses
    assert time.perf_counter() - began < 5
