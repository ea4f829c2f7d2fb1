"""A transcript takes down whatever passes: messages, keep-alives, junk, events; bounded, in order, never raising."""

from __future__ import annotations

import random

import pytest

from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import Endpoint
from imsreg.sip.flow import Address, Flow, Packet
from imsreg.sip.message import Request, Response
from imsreg.sip.timers import RFC3261
from imsreg.transcript import transcript as module
from imsreg.transcript.entries import Entry, Event
from imsreg.transcript.transcript import Transcript

UE = Address("127.0.1.7", 5064)
CSCF = Address("127.0.2.1", 5060)
FLOW = Flow("UDP", UE, CSCF)


def new() -> Transcript:
    return Transcript("a run", 1_767_225_600.0, start=100.0)


def test_messages_are_numbered_timed_and_parsed() -> None:
    transcript = new()
    transcript.record(True, FLOW, b"OPTIONS sip:a@b SIP/2.0\r\n\r\n", 100.5)
    transcript.record(False, FLOW, b"SIP/2.0 200 Fine\r\n\r\n", 101.0)
    request, response = transcript.entries
    assert (request.number, request.at, request.source, request.destination) == (1, 0.5, UE, CSCF)
    assert (response.number, response.at, response.source, response.destination) == (2, 1.0, CSCF, UE)
    assert isinstance(request.message, Request)
    assert isinstance(response.message, Response)
    assert (request.label, response.label) == ("OPTIONS", "200 Fine")


def test_without_a_start_the_first_thing_is_at_zero() -> None:
    transcript = Transcript("a run", 0.0)
    transcript.note("begin", 55.0)
    transcript.record(True, FLOW, b"\r\n", 56.5)
    assert [item.at for item in transcript.timeline()] == [0.0, 1.5]


@pytest.mark.parametrize("raw", [b"\r\n\r\n", b"\r\n", b""])
def test_a_keep_alive_is_no_fault(raw: bytes) -> None:
    entry = new().record(True, FLOW, raw, 100.0)
    assert entry is not None
    assert (entry.message, entry.error, entry.label) == (None, None, "keep-alive")


@pytest.mark.parametrize("raw", [b"junk", b"\x00\xff\xfe", b"SIP/2.0 " + b"9" * 70_000, b"A b SIP/2.0\r\n" * 1000])
def test_what_is_no_message_says_why(raw: bytes) -> None:
    entry = new().record(False, FLOW, raw, 100.0)
    assert entry is not None
    assert entry.message is None
    assert entry.error
    assert entry.label == "unreadable"
    assert entry.raw == raw


def test_octets_never_show_in_a_repr() -> None:
    entry = new().record(False, FLOW, b"SIP/2.0 401 No\r\nWWW-Authenticate: Digest ck=00112233\r\n\r\n", 100.0)
    assert "00112233" not in repr(entry)


def test_random_octets_never_raise() -> None:
    draw = random.Random(3)
    transcript = new()
    seed = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nCSeq: 1 REGISTER\r\nCall-ID: c\r\n\r\n"
    for _ in range(500):
        octets = bytearray(seed)
        for _ in range(draw.randrange(6)):
            octets[draw.randrange(len(octets))] = draw.randrange(256)
        transcript.record(draw.random() < 0.5, FLOW, bytes(octets[: draw.randrange(len(octets) + 1)]), 100.0)
    assert len(transcript.entries) == 500
    assert len(transcript.exchanges) + len(transcript.strays) <= 500


def test_beyond_the_bounds_messages_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    monkeypatch.setattr(module, "MAX_OCTETS", 10)
    transcript = new()
    assert transcript.record(True, FLOW, b"x" * 11, 100.0) is None
    kept = [transcript.record(True, FLOW, b"xy", 100.0) for _ in range(5)]
    assert [entry is None for entry in kept] == [False] * 3 + [True] * 2
    assert len(transcript.entries) == 3
    assert transcript.dropped == 3
    assert [transcript.note("n", 100.0) is None for _ in range(4)] == [False] * 3 + [True]
    assert transcript.dropped == 4


def test_the_timeline_has_events_where_they_happened() -> None:
    transcript = new()
    transcript.note("begin", 100.0)
    transcript.record(True, FLOW, b"\r\n", 100.0)
    transcript.note("advanced 300 s", 100.0, kind="clock")
    transcript.note("ICMP port unreachable", 100.0, kind="transport", flow=FLOW)
    transcript.record(True, FLOW, b"\r\n", 100.0)
    transcript.note("end", 100.0)
    shown = [item.number if isinstance(item, Entry) else item.text for item in transcript.timeline()]
    assert shown == ["begin", 1, "advanced 300 s", "ICMP port unreachable", 2, "end"]
    assert isinstance(transcript.events[2], Event)
    assert transcript.events[2].flow == FLOW


def test_names_go_by_address_then_by_host() -> None:
    transcript = new()
    transcript.peers["127.0.1.7"] = "UE"
    transcript.peers[Address("127.0.1.7", 9999)] = "another UE"
    assert transcript.name(UE) == "UE"
    assert transcript.name(Address("127.0.1.7", 9999)) == "another UE"
    assert transcript.name(Address("::1", 5060)) == "[::1]:5060"


def test_the_date_is_in_utc_and_takes_any_number() -> None:
    assert new().date == "2026-01-01 00:00:00 UTC"
    assert Transcript("", 2.0**60).date == "1152921504606846976 s after 1970"


def test_it_is_the_tap_of_an_endpoint() -> None:
    transcript = new()
    endpoint = Endpoint(RFC3261, tap=transcript.tap)
    request = Draft.request("OPTIONS", "sip:a@b").add("Via", "SIP/2.0/UDP 127.0.1.7:5064;branch=z9hG4bK1")
    request.add("CSeq", "1 OPTIONS").add("Call-ID", "c").add("From", "<sip:a@b>;tag=1").add("To", "<sip:a@b>")
    endpoint.send_request(request.to_bytes(), FLOW, 100.0)
    endpoint.on_time(100.5)
    endpoint.receive(Packet(FLOW, b"junk"), 100.6)
    assert [(entry.sent, entry.label) for entry in transcript.entries] == [
        (True, "OPTIONS"),
        (True, "OPTIONS"),
        (False, "unreadable"),
    ]
    assert transcript.repeat_of(transcript.entries[1]) == 1
