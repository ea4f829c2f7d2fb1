"""An endpoint, alone and facing another one: what it reports, sends and shows to its tap."""

from collections.abc import Callable

import pytest

from imsreg.sip import endpoint as module
from imsreg.sip.client_transaction import ClientState
from imsreg.sip.draft import Draft
from imsreg.sip.endpoint import (
    Dropped,
    Endpoint,
    KeepAliveReceived,
    RequestReceived,
    ResponseReceived,
    Stray,
    TransactionTimeout,
    TransportFailed,
    Unreadable,
)
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.sip.framing import KeepAlive
from imsreg.sip.message import MAX_MESSAGE, Request, Response
from imsreg.sip.timers import IMS, RFC3261

UE, CORE = Address("127.0.0.1", 5062), Address("127.0.0.2", 5060)
UDP = Flow("UDP", UE, CORE)
UDP_AT_CORE = Flow("UDP", CORE, UE)
TCP = Flow("TCP", Address("127.0.0.1", 40000), CORE, 3)
TCP_AT_CORE = Flow("TCP", CORE, Address("127.0.0.1", 40000), 9)


class Wire:
    """A tap that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[bool, Flow, bytes, float]] = []

    def __call__(self, sent: bool, flow: Flow, raw: bytes, now: float) -> None:
        self.seen.append((sent, flow, raw, now))


def register(branch: str = "z9hG4bKone", method: str = "REGISTER") -> Request:
    draft = Draft.request(method, "sip:home.example")
    draft.add("Via", f"SIP/2.0/UDP {UE};branch={branch};rport").add("From", "<sip:a@b>;tag=f").add("To", "<sip:a@b>")
    message = draft.add("Call-ID", "c").add("CSeq", f"1 {method}").to_message()
    assert isinstance(message, Request)
    return message


def answer(request: Request, status: int = 200) -> Draft:
    draft = Draft.response(status)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        draft.add(name, request.value(name) or "")
    return draft


def sent(endpoint: Endpoint) -> list[Packet]:
    packets = list(endpoint.outbox)
    endpoint.outbox.clear()
    return packets


def receive_request(core: Endpoint, request: Request | None = None, flow: Flow = UDP_AT_CORE) -> RequestReceived:
    (event,) = core.receive(Packet(flow, (request or register()).raw), 0.0)
    assert isinstance(event, RequestReceived)
    return event


# Requests out, responses in


def test_response_is_reported_with_its_transaction_and_the_flow_it_came_on() -> None:
    ue = Endpoint(IMS)
    transaction = ue.send_request(register(), UDP, 0.0)
    assert sent(ue) == [Packet(UDP, register().raw)]
    elsewhere = Flow("UDP", UE, Address("127.0.0.2", 6000), association="sa-1")
    (event,) = ue.receive(Packet(elsewhere, answer(register(), 401).to_bytes()), 1.0)
    assert isinstance(event, ResponseReceived)
    assert (event.response.status, event.flow, event.transaction) == (401, elsewhere, transaction)


def test_repeated_final_response_is_absorbed_and_then_stray() -> None:
    ue = Endpoint(IMS)
    ue.send_request(register(), UDP, 0.0)
    packet = Packet(UDP, answer(register()).to_bytes())
    assert isinstance(ue.receive(packet, 1.0)[0], ResponseReceived)
    assert ue.receive(packet, 2.0) == []
    assert ue.next_deadline() == 18.0
    assert ue.on_time(18.0) == []
    assert ue.next_deadline() is None
    assert isinstance(ue.receive(packet, 19.0)[0], Stray)


def test_unanswered_request_is_repeated_and_times_out() -> None:
    wire = Wire()
    ue = Endpoint(IMS, wire)
    transaction = ue.send_request(register(), UDP, 0.0)
    events = []
    while (deadline := ue.next_deadline()) is not None:
        events += ue.on_time(deadline)
    assert events == [TransactionTimeout(transaction)]
    assert len(sent(ue)) == 11
    assert [now for _, _, _, now in wire.seen] == [0, 2, 6, 14, 30, 46, 62, 78, 94, 110, 126]
    assert isinstance(ue.receive(Packet(UDP, answer(register()).to_bytes()), 129.0)[0], Stray)


def test_one_request_may_have_timers_of_its_own() -> None:
    ue = Endpoint(IMS)
    ue.send_request(register(), UDP, 0.0, timers=RFC3261)
    assert ue.next_deadline() == 0.5


def test_transactions_run_side_by_side() -> None:
    ue = Endpoint(IMS)
    first = ue.send_request(register("z9hG4bKa"), UDP, 0.0)
    second = ue.send_request(register("z9hG4bKb"), UDP, 1.0)
    (event,) = ue.receive(Packet(UDP, answer(register("z9hG4bKb")).to_bytes()), 1.5)
    assert isinstance(event, ResponseReceived)
    assert event.transaction is second
    assert ue.next_deadline() == first.deadline == 2.0


def test_second_request_with_the_same_branch_takes_over_the_responses() -> None:
    ue = Endpoint(IMS)
    first = ue.send_request(register(), UDP, 0.0)
    second = ue.send_request(register(), UDP, 1.0)
    (event,) = ue.receive(Packet(UDP, answer(register()).to_bytes()), 1.5)
    assert isinstance(event, ResponseReceived)
    assert event.transaction is second
    assert ue.on_time(128.0) == [TransactionTimeout(first)]
    assert ue.next_deadline() is None


def test_request_that_cannot_be_read_is_sent_and_times_out() -> None:
    ue = Endpoint(RFC3261)
    transaction = ue.send_request(b"\x00 wrong on purpose", UDP, 0.0)
    assert sent(ue)[0].data == b"\x00 wrong on purpose"
    assert isinstance(ue.receive(Packet(UDP, answer(register()).to_bytes()), 1.0)[0], Stray)
    assert ue.on_time(32.0) == [TransactionTimeout(transaction)]


# Requests in, responses out


@pytest.mark.parametrize("form", [Draft.clone, Draft.to_message, Draft.to_bytes])
def test_response_leaves_on_the_flow_of_the_request(form: Callable[[Draft], Draft | Response | bytes]) -> None:
    core = Endpoint(IMS)
    nat = Flow("UDP", CORE, Address("127.0.0.77", 31234), association="sa-2")
    event = receive_request(core, flow=nat)
    core.respond(event.transaction, form(answer(event.request)), 0.5)
    assert sent(core) == [Packet(nat, answer(event.request).to_bytes())]


def test_repeated_request_is_absorbed_and_then_answered_without_an_event() -> None:
    wire = Wire()
    core = Endpoint(IMS, wire)
    event = receive_request(core)
    repeated = Packet(UDP_AT_CORE, register().raw)
    assert core.receive(repeated, 2.0) == []
    assert sent(core) == []
    core.respond(event.transaction, answer(event.request, 401), 3.0)
    assert core.receive(repeated, 6.0) == []
    assert [packet.data for packet in sent(core)] == [answer(event.request, 401).to_bytes()] * 2
    assert [(outward, now) for outward, _, _, now in wire.seen] == [
        (False, 0.0),
        (False, 2.0),
        (True, 3.0),
        (False, 6.0),
        (True, 6.0),
    ]


def test_after_timer_j_the_request_is_new() -> None:
    core = Endpoint(IMS)
    event = receive_request(core)
    core.respond(event.transaction, answer(event.request), 1.0)
    assert core.next_deadline() == 129.0
    assert core.on_time(129.0) == []
    assert core.next_deadline() is None
    assert receive_request(core).transaction is not event.transaction


def test_second_final_response_is_not_sent() -> None:
    core = Endpoint(IMS)
    event = receive_request(core)
    core.respond(event.transaction, answer(event.request), 1.0)
    core.respond(event.transaction, answer(event.request, 500), 1.0)
    assert len(sent(core)) == 1


def test_ack_never_gets_a_transaction() -> None:
    core = Endpoint(IMS)
    assert isinstance(core.receive(Packet(UDP_AT_CORE, register(method="ACK").raw), 0.0)[0], Stray)
    event = receive_request(core, register(method="INVITE"))
    core.respond(event.transaction, answer(event.request, 405), 0.0)
    sent(core)
    assert core.receive(Packet(UDP_AT_CORE, register(method="ACK").raw), 0.1) == []
    assert sent(core) == []


def test_flood_of_requests_forgets_the_oldest_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SERVER_TRANSACTIONS", 10)
    core = Endpoint(IMS)
    events = [receive_request(core, register(f"z9hG4bK{number}")) for number in range(15)]
    assert core.dropped == Dropped(transactions=5, streams=0, octets=0)
    assert core.receive(Packet(UDP_AT_CORE, register("z9hG4bK5").raw), 1.0) == []
    core.respond(events[0].transaction, answer(events[0].request), 1.0)
    assert len(sent(core)) == 1
    assert core.next_deadline() is None
    assert receive_request(core, register("z9hG4bK0")).transaction is not events[0].transaction


def test_forgotten_transaction_leaves_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SERVER_TRANSACTIONS", 1)
    core = Endpoint(IMS)
    first = receive_request(core, register("z9hG4bKa"))
    core.respond(first.transaction, answer(first.request), 0.0)
    receive_request(core, register("z9hG4bKb"))
    assert core.next_deadline() is None


# Two endpoints


@pytest.mark.parametrize(("at_ue", "at_core"), [(UDP, UDP_AT_CORE), (TCP, TCP_AT_CORE)])
def test_registration_from_end_to_end(at_ue: Flow, at_core: Flow) -> None:
    ue, core = Endpoint(IMS), Endpoint(RFC3261)
    transaction = ue.send_request(register(), at_ue, 0.0)
    event = receive_request(core, flow=Flow(at_core.transport, at_core.local, at_core.remote, at_core.connection))
    core.respond(event.transaction, answer(event.request, 100), 0.1)
    core.respond(event.transaction, answer(event.request, 200), 0.2)
    events = [each for packet in sent(core) for each in ue.receive(Packet(at_ue, packet.data), 0.3)]
    assert [each.response.status for each in events if isinstance(each, ResponseReceived)] == [100, 200]
    assert transaction.state is (ClientState.TERMINATED if at_ue.reliable else ClientState.COMPLETED)
    assert (ue.next_deadline() is None) == at_ue.reliable


# Streams


def test_stream_is_cut_into_messages_and_pings_get_their_pong() -> None:
    wire = Wire()
    core = Endpoint(IMS, wire)
    stream = register("z9hG4bKa").raw + b"\r\n\r\n" + register("z9hG4bKb").raw
    events = [
        event for at in range(len(stream)) for event in core.receive(Packet(TCP_AT_CORE, stream[at : at + 1]), 0.0)
    ]
    assert [type(event) for event in events] == [RequestReceived, KeepAliveReceived, RequestReceived]
    assert sent(core) == [Packet(TCP_AT_CORE, b"\r\n")]
    assert [(outward, raw) for outward, _, raw, _ in wire.seen] == [
        (False, register("z9hG4bKa").raw),
        (False, b"\r\n\r\n"),
        (True, b"\r\n"),
        (False, register("z9hG4bKb").raw),
    ]


def test_pong_to_our_ping_is_reported_and_not_answered() -> None:
    ue = Endpoint(IMS)
    ue.send_raw(b"\r\n\r\n", TCP, 0.0)
    assert sent(ue) == [Packet(TCP, b"\r\n\r\n")]
    assert ue.receive(Packet(TCP, b"\r\n"), 0.1) == [KeepAliveReceived(TCP, KeepAlive.PONG)]
    assert sent(ue) == []


@pytest.mark.parametrize("octets", [b"\r\n\r\n", b"\r\n", b""])
def test_line_ends_in_a_datagram_are_not_answered(octets: bytes) -> None:
    core = Endpoint(IMS)
    assert core.receive(Packet(UDP_AT_CORE, octets), 0.0) == [KeepAliveReceived(UDP_AT_CORE, KeepAlive.PING)]
    assert sent(core) == []


def test_endless_message_is_unreadable_and_what_follows_is_counted() -> None:
    wire = Wire()
    core = Endpoint(IMS, wire)
    first, second = core.receive(Packet(TCP_AT_CORE, register().raw + b"x" * (MAX_MESSAGE + 5)), 0.0)
    assert isinstance(first, RequestReceived)
    assert isinstance(second, Unreadable)
    assert "65536" in second.error
    assert wire.seen[-1][2] == b"x" * MAX_MESSAGE
    assert core.receive(Packet(TCP_AT_CORE, b"y" * 7), 0.0) == []
    assert core.dropped == Dropped(transactions=0, streams=0, octets=7)


def test_connection_that_ends_inside_a_message_shows_what_came_of_it() -> None:
    wire = Wire()
    core = Endpoint(IMS, wire)
    core.receive(Packet(TCP_AT_CORE, register().raw[:50]), 0.0)
    failure = TransportFailure(TCP_AT_CORE, "closed", "by the peer")
    unreadable, failed = core.fail(failure, 1.0)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.data == register().raw[:50]
    assert failed == TransportFailed(failure, None)
    assert wire.seen == [(False, TCP_AT_CORE, register().raw[:50], 1.0)]
    assert len(core.receive(Packet(TCP_AT_CORE, register().raw), 2.0)) == 1


# What cannot be read, failures


@pytest.mark.parametrize(
    "octets",
    [
        b"\x00\x01\x00\x00!\x12\xa4B",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 100,
        b"REGISTER sip:a SIP/2.0\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"x" * 65_507,
    ],
)
def test_unreadable_datagram_is_reported_with_its_reason(octets: bytes) -> None:
    wire = Wire()
    core = Endpoint(IMS, wire)
    (event,) = core.receive(Packet(UDP_AT_CORE, octets), 0.0)
    assert isinstance(event, Unreadable)
    assert event.data == octets
    assert event.error
    assert wire.seen == [(False, UDP_AT_CORE, octets, 0.0)]


@pytest.mark.parametrize(
    "octets",
    [
        b"REGISTER sip:a SIP/2.0\r\n\r\n",
        b'REGISTER sip:a SIP/2.0\nVia: \xff\x00;branch=\nCSeq: \xfe\nTo: ;tag=;tag="\n\n',
        b"SIP/2.0 9999999999 \xff\r\nVia: ,,,\r\nCSeq: \x00\r\n\r\n",
        b"ACK a SIP/2.0\r\nVia: ;;;branch===\r\n\r\n",
    ],
)
def test_malformed_messages_make_one_event_each_and_never_raise(octets: bytes) -> None:
    core = Endpoint(IMS)
    (event,) = core.receive(Packet(UDP_AT_CORE, octets), 0.0)
    assert isinstance(event, RequestReceived | Stray)


@pytest.mark.parametrize(
    ("flow", "failed_flow"),
    [
        (UDP, UDP),
        (TCP, TCP),
        (Flow("TCP", UE, CORE), TCP),
        (TCP, Flow("TCP", UE, CORE)),
    ],
)
def test_failure_of_the_transport_ends_the_transactions_on_that_flow(flow: Flow, failed_flow: Flow) -> None:
    ue = Endpoint(IMS)
    first, second = (ue.send_request(register(branch), flow, 0.0) for branch in ("z9hG4bKa", "z9hG4bKb"))
    failure = TransportFailure(failed_flow, "refused", "connection refused")
    assert ue.fail(failure, 0.1) == [TransportFailed(failure, first), TransportFailed(failure, second)]
    assert ue.next_deadline() is None
    assert ue.fail(failure, 0.2) == [TransportFailed(failure, None)]


@pytest.mark.parametrize(
    "other",
    [
        TCP,
        Flow("UDP", UE, Address("127.0.0.3", 5060)),
        Flow("UDP", Address("127.0.0.1", 5099), CORE),
    ],
)
def test_failure_elsewhere_leaves_a_transaction_alone(other: Flow) -> None:
    ue = Endpoint(IMS)
    transaction = ue.send_request(register(), UDP, 0.0)
    failure = TransportFailure(other, "unreachable", "ICMP port unreachable")
    assert ue.fail(failure, 0.1) == [TransportFailed(failure, None)]
    assert transaction.state is ClientState.TRYING
    assert ue.next_deadline() == 2.0


def test_failure_of_another_connection_to_the_same_peer_leaves_a_transaction_alone() -> None:
    ue = Endpoint(IMS)
    ue.send_request(register(), TCP, 0.0)
    failure = TransportFailure(Flow("TCP", TCP.local, CORE, 4), "reset", "")
    assert ue.fail(failure, 0.1) == [TransportFailed(failure, None)]


def test_failed_response_forgets_the_server_transaction() -> None:
    core = Endpoint(IMS)
    event = receive_request(core)
    core.respond(event.transaction, answer(event.request), 0.0)
    failure = TransportFailure(UDP_AT_CORE, "unreachable", "ICMP port unreachable")
    assert core.fail(failure, 0.1) == [TransportFailed(failure, None)]
    assert core.next_deadline() is None
    assert receive_request(core).transaction is not event.transaction


def test_failure_elsewhere_leaves_a_server_transaction_alone() -> None:
    core = Endpoint(IMS)
    event = receive_request(core)
    core.respond(event.transaction, answer(event.request), 0.0)
    failure = TransportFailure(TCP_AT_CORE, "reset", "")
    assert core.fail(failure, 0.1) == [TransportFailed(failure, None)]
    assert core.next_deadline() == 128.0


def test_octets_outside_any_transaction_leave_as_they_are() -> None:
    ue = Endpoint(IMS)
    ue.send_raw(b"\x00", TCP, 0.0)
    ue.send_raw(b"\r\n\r\n", UDP, 0.0)
    assert sent(ue) == [Packet(TCP, b"\x00"), Packet(UDP, b"\r\n\r\n")]
    assert ue.next_deadline() is None


# Where a response goes (RFC 3261 18.2.2, RFC 3581 4)


@pytest.mark.parametrize(
    ("via", "port"),
    [
        (f"SIP/2.0/UDP {UE};branch=z9hG4bK1;rport", 31234),
        (f"SIP/2.0/UDP {UE};branch=z9hG4bK1", 5062),
        ("SIP/2.0/UDP host;branch=z9hG4bK1", 5060),
        ("SIP/2.0/UDP host;maddr=192.0.2.9;branch=z9hG4bK1", 5060),
        ("no Via at all", 31234),
    ],
)
def test_a_response_goes_to_the_source_at_the_port_that_via_asks_for(via: str, port: int) -> None:
    core = Endpoint(IMS)
    request = Draft.of(register()).set("Via", via).to_message()
    assert isinstance(request, Request)
    event = receive_request(core, request, Flow("UDP", CORE, Address("127.0.0.77", 31234)))
    core.respond(event.transaction, answer(request), 0.0)
    assert sent(core)[0].flow.remote == Address("127.0.0.77", port)


def test_addresses_in_their_forms() -> None:
    six, four = Address.of("[2001:DB8:0::1]", 5060), Address.of("192.0.2.1", 5061)
    assert (six.host, six.family, six.sip_host, str(six)) == (
        "2001:db8::1",
        "IPv6",
        "[2001:db8::1]",
        "[2001:db8::1]:5060",
    )
    assert (four.host, four.family, four.sip_host, str(four)) == ("192.0.2.1", "IPv4", "192.0.2.1", "192.0.2.1:5061")
    with pytest.raises(ValueError, match="host"):
        Address.of("host", 1)


# Given up on one side


def test_an_abandoned_request_is_repeated_no_more_and_its_response_is_a_stray() -> None:
    ue = Endpoint(IMS)
    transaction = ue.send_request(register(), UDP, 0.0)
    sent(ue)
    ue.abandon(transaction)
    assert ue.next_deadline() is None
    (event,) = ue.receive(Packet(UDP, answer(register()).to_bytes()), 1.0)
    assert isinstance(event, Stray)
    ue.abandon(transaction)


def test_an_abandoned_request_that_cannot_be_read_is_repeated_no_more() -> None:
    ue = Endpoint(IMS)
    ue.abandon(ue.send_request(b"REGISTER\r\n\r\n", UDP, 0.0))
    assert ue.next_deadline() is None


def test_a_discarded_request_is_new_when_it_comes_again() -> None:
    core = Endpoint(IMS)
    first = receive_request(core)
    core.discard(first.transaction)
    assert core.next_deadline() is None
    again = receive_request(core)
    assert again.transaction is not first.transaction
    core.discard(first.transaction)
    core.respond(again.transaction, answer(again.request), 1.0)
    assert len(sent(core)) == 1
