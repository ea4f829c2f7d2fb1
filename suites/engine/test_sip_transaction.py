"""Non-INVITE transactions: matching, states, timers, and the agenda that wakes them."""

import pytest

from imsreg.sip import client_transaction, server_transaction
from imsreg.sip.agenda import Agenda
from imsreg.sip.client_transaction import ClientState, ClientTransaction, Outcome
from imsreg.sip.flow import Address, Flow
from imsreg.sip.matching import ClientKey, ServerKey
from imsreg.sip.message import Request, Response, parse
from imsreg.sip.server_transaction import ServerState, ServerTransaction
from imsreg.sip.timers import IMS, RFC3261, Timers

UDP = Flow("UDP", Address("127.0.0.1", 5060), Address("127.0.0.2", 5060))
TCP = Flow("TCP", Address("127.0.0.1", 40000), Address("127.0.0.2", 5060), 1)
VIA = "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKone"


def request(
    method: str = "REGISTER",
    *,
    via: str | None = VIA,
    cseq: str | None = None,
    to: str = "<sip:a@b>",
    uri: str = "sip:b",
) -> Request:
    via_line = "" if via is None else f"Via: {via}\r\n"
    text = (
        f"{method} {uri} SIP/2.0\r\n{via_line}From: <sip:a@b>;tag=f\r\nTo: {to}\r\n"
        f"Call-ID: c\r\nCSeq: {cseq or f'1 {method}'}\r\n\r\n"
    )
    message = parse(text.encode())
    assert isinstance(message, Request)
    return message


def response(status: int, *, via: str = VIA, cseq: str = "CSeq: 1 REGISTER\r\n") -> Response:
    message = parse(f"SIP/2.0 {status} Text\r\nVia: {via}\r\n{cseq}\r\n".encode())
    assert isinstance(message, Response)
    return message


# Matching, RFC 3261 17.1.3 and 17.2.3


@pytest.mark.parametrize(
    "via",
    [
        VIA,
        "SIP/2.0/UDP 127.0.0.1:5060 ; Branch = z9hG4bKone ; received=1.2.3.4",
        f"{VIA}, SIP/2.0/UDP other;branch=z9hG4bKtwo",
        "no grammar at all ;branch=z9hG4bKone",
    ],
)
def test_response_matches_by_the_branch_of_the_top_via(via: str) -> None:
    assert ClientKey.of_response(response(200, via=via)) == ClientKey.of_request(request())


@pytest.mark.parametrize(
    "other",
    [
        response(200, via=VIA.replace("one", "two")),
        response(200, via=f"SIP/2.0/UDP other;branch=z9hG4bKtwo, {VIA}"),
        response(200, via="SIP/2.0/UDP 127.0.0.1:5060"),
        response(200, cseq="CSeq: 1 SUBSCRIBE\r\n"),
        response(200, cseq="CSeq: 1\r\n"),
        response(200, cseq=""),
    ],
)
def test_response_with_another_branch_or_method_does_not_match(other: Response) -> None:
    assert ClientKey.of_response(other) != ClientKey.of_request(request())


def test_request_with_two_methods_is_matched_by_the_one_that_responses_echo() -> None:
    wrong = request("REGISTER", cseq="1 SUBSCRIBE")
    assert ClientKey.of_request(wrong) == ClientKey.of_response(response(400, cseq="CSeq: 1 SUBSCRIBE\r\n"))


def test_request_without_cseq_method_is_matched_by_its_start_line() -> None:
    assert ClientKey.of_request(request(cseq="1")) == ClientKey("z9hG4bKone", "REGISTER")


def test_request_without_branch_has_no_client_key() -> None:
    assert ClientKey.of_request(request(via="SIP/2.0/UDP host")) is None
    assert ClientKey.of_request(request(via=None)) is None


def test_repeated_request_has_the_same_server_key_in_another_notation() -> None:
    again = request(via="SIP / 2.0 / UDP\t127.0.0.1 : 5060 ;rport; branch=z9hG4bKone", cseq="7 REGISTER")
    assert ServerKey.of(again) == ServerKey.of(request())


@pytest.mark.parametrize(
    "other",
    [
        request(via=VIA.replace("one", "two")),
        request(via=VIA.replace("127.0.0.1", "127.0.0.9")),
        request(via=VIA.replace("5060", "5070")),
        request("SUBSCRIBE"),
    ],
)
def test_branch_sent_by_and_method_tell_server_transactions_apart(other: Request) -> None:
    assert ServerKey.of(other) != ServerKey.of(request())


def test_ack_belongs_to_its_invite() -> None:
    assert ServerKey.of(request("ACK", to="<sip:a@b>;tag=t")) == ServerKey.of(request("INVITE"))
    old = "SIP/2.0/UDP 127.0.0.1"
    assert ServerKey.of(request("ACK", via=old, to="<sip:a@b>;tag=t")) == ServerKey.of(request("INVITE", via=old))


@pytest.mark.parametrize("via", [None, "SIP/2.0/UDP host", "SIP/2.0/UDP host;branch=1"])
def test_without_the_magic_cookie_the_fields_of_rfc_2543_decide(via: str | None) -> None:
    first = ServerKey.of(request(via=via))
    assert ServerKey.of(request(via=via)) == first
    for other in (
        request(via=via, cseq="2 REGISTER"),
        request(via=via, uri="sip:other"),
        request(via=via, to="<sip:a@b>;tag=t"),
        request("SUBSCRIBE", via=via),
        request(via="SIP/2.0/UDP other;branch=1"),
    ):
        assert ServerKey.of(other) != first


# The client transaction, RFC 3261 17.1.2


def send_times(timers: Timers, flow: Flow = UDP, provisional_at: float | None = None) -> tuple[list[float], float]:
    """When the request is sent and when the transaction times out, if nothing but a 1xx comes."""
    transaction = ClientTransaction(request(), flow, timers, 0.0)
    sent = [0.0]
    while (now := transaction.deadline) is not None:
        if provisional_at is not None and provisional_at <= now:
            assert transaction.receive(response(100), provisional_at) is Outcome.DELIVER
            provisional_at = None
            continue
        outcome = transaction.on_time(now)
        if outcome is Outcome.TIMED_OUT:
            assert transaction.state is ClientState.TERMINATED
            return sent, now
        assert outcome is Outcome.SEND
        sent.append(now)
    pytest.fail("ended without a timeout")


def test_ims_timers_over_udp() -> None:
    """TS 24.229 table 7.7.1."""
    assert send_times(IMS) == ([0, 2, 6, 14, 30, 46, 62, 78, 94, 110, 126], 128)


def test_default_timers_over_udp() -> None:
    assert send_times(RFC3261) == ([0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5], 32)


def test_nothing_is_repeated_over_tcp() -> None:
    assert send_times(IMS, TCP) == ([0], 128)
    assert send_times(IMS, TCP, provisional_at=1) == ([0], 128)


def test_after_a_provisional_response_the_interval_is_t2() -> None:
    """The running interval ends as it would have; the next ones are T2 (RFC 3261 17.1.2.2)."""
    assert send_times(IMS, provisional_at=3) == ([0, 2, 6, 22, 38, 54, 70, 86, 102, 118], 128)


def test_final_response_ends_the_repetition_and_later_ones_are_absorbed_for_t4() -> None:
    transaction = ClientTransaction(request(), UDP, IMS, 0.0)
    states = [transaction.state]
    assert transaction.receive(response(401), 1.0) is Outcome.DELIVER
    states.append(transaction.state)
    assert transaction.receive(response(401), 2.0) is Outcome.ABSORB
    assert transaction.receive(response(100), 2.0) is Outcome.ABSORB
    assert transaction.deadline == 1.0 + 17.0
    assert transaction.on_time(17.9) is Outcome.NOTHING
    assert transaction.on_time(18.0) is Outcome.NOTHING
    assert [*states, transaction.state] == [ClientState.TRYING, ClientState.COMPLETED, ClientState.TERMINATED]
    assert transaction.receive(response(200), 19.0) is Outcome.NOTHING


def test_every_provisional_response_is_delivered() -> None:
    transaction = ClientTransaction(request(), UDP, IMS, 0.0)
    assert [transaction.receive(response(status), 1.0) for status in (100, 183)] == [Outcome.DELIVER] * 2
    assert transaction.state is ClientState.PROCEEDING
    assert transaction.receive(response(200), 1.0) is Outcome.DELIVER


@pytest.mark.parametrize("status", [99, 200, 401, 503, 699, 700, 1000])
def test_only_1xx_is_provisional(status: int) -> None:
    transaction = ClientTransaction(request(), UDP, IMS, 0.0)
    transaction.receive(response(status), 1.0)
    assert transaction.state is ClientState.COMPLETED


def test_over_tcp_a_final_response_terminates_at_once() -> None:
    transaction = ClientTransaction(request(), TCP, IMS, 0.0)
    assert transaction.receive(response(200), 1.0) is Outcome.DELIVER
    assert transaction.state is ClientState.TERMINATED


def test_transport_failure_ends_a_transaction_that_waits() -> None:
    transaction = ClientTransaction(request(), UDP, IMS, 0.0)
    assert transaction.fail(0.1) is Outcome.FAILED
    assert transaction.state is ClientState.TERMINATED
    answered = ClientTransaction(request(), UDP, IMS, 0.0)
    answered.receive(response(200), 0.1)
    assert answered.fail(0.2) is Outcome.NOTHING
    assert answered.state is ClientState.COMPLETED


def test_late_wake_up_repeats_once() -> None:
    transaction = ClientTransaction(request(), UDP, IMS, 0.0)
    assert transaction.on_time(1.9) is Outcome.NOTHING
    assert transaction.on_time(50.0) is Outcome.SEND
    assert transaction.on_time(50.0) is Outcome.NOTHING
    assert transaction.on_time(500.0) is Outcome.TIMED_OUT


@pytest.mark.parametrize("octets", [b"", b"nonsense", response(200).raw, request(via=None).raw])
def test_octets_without_a_readable_branch_make_a_transaction_without_a_key(octets: bytes) -> None:
    transaction = ClientTransaction(octets, UDP, IMS, 0.0)
    assert transaction.key is None
    assert transaction.packet.data == octets
    assert transaction.on_time(2.0) is Outcome.SEND


def test_octets_that_are_a_request_are_matched_as_one() -> None:
    transaction = ClientTransaction(request().raw, UDP, IMS, 0.0)
    assert transaction.key == ClientKey.of_request(request())
    assert transaction.request is not None
    assert transaction.request.method == "REGISTER"


# The server transaction, RFC 3261 17.2.2

OK, TRYING = response(200).raw, response(100).raw


def server(flow: Flow = UDP, method: str = "REGISTER") -> ServerTransaction:
    return ServerTransaction(request(method), flow, IMS)


def test_repetition_before_a_response_is_absorbed() -> None:
    transaction = server()
    assert transaction.receive(request(), 1.0) == []
    assert transaction.state is ServerState.TRYING
    assert transaction.deadline is None


def test_repetition_gets_the_last_provisional_response() -> None:
    transaction = server()
    transaction.respond(TRYING, 1.0)
    transaction.respond(response(183).raw, 1.5)
    assert [packet.data for packet in transaction.receive(request(), 2.0)] == [response(183).raw]
    assert transaction.state is ServerState.PROCEEDING


def test_repetition_gets_the_final_response_until_timer_j() -> None:
    transaction = server()
    (packet,) = transaction.respond(OK, 1.0)
    assert (packet.flow, packet.data) == (UDP, OK)
    assert transaction.deadline == 1.0 + 128.0
    transaction.on_time(128.9)
    assert transaction.receive(request(), 128.9) == [packet]
    transaction.on_time(129.0)
    assert transaction.state is ServerState.TERMINATED
    assert transaction.receive(request(), 129.0) == []


@pytest.mark.parametrize("second", [TRYING, OK, response(500).raw])
def test_after_a_final_response_no_other_is_sent(second: bytes) -> None:
    transaction = server()
    transaction.respond(response(401).raw, 1.0)
    assert transaction.respond(second, 2.0) == []
    assert transaction.receive(request(), 3.0)[0].data == response(401).raw


def test_over_tcp_a_final_response_terminates_the_server_transaction_at_once() -> None:
    transaction = server(TCP)
    assert len(transaction.respond(TRYING, 1.0)) == 1
    assert len(transaction.respond(OK, 1.0)) == 1
    assert transaction.state is ServerState.TERMINATED
    assert transaction.deadline is None


@pytest.mark.parametrize(
    "octets", [b"", b"\xff\x00", b"SIP/2.0 2000 x\r\n\r\n", b"SIP/2.0 1000 x\r\n\r\n", request().raw]
)
def test_a_response_wrong_on_purpose_counts_as_final(octets: bytes) -> None:
    transaction = server()
    assert transaction.respond(octets, 1.0)[0].data == octets
    assert transaction.state is ServerState.COMPLETED


def test_ack_is_never_answered() -> None:
    transaction = server(method="INVITE")
    transaction.respond(response(405).raw, 1.0)
    assert transaction.receive(request("ACK"), 2.0) == []
    assert len(transaction.receive(request("INVITE"), 2.0)) == 1


def test_transport_failure_ends_a_server_transaction_that_has_responded() -> None:
    transaction = server()
    assert not transaction.fail(0.5)
    transaction.respond(OK, 1.0)
    assert transaction.fail(2.0)
    assert transaction.state is ServerState.TERMINATED


def test_tables_leave_the_terminated_state_to_nobody() -> None:
    assert not [pair for pair in client_transaction.TABLE if pair[0] is ClientState.TERMINATED]
    assert not [pair for pair in server_transaction.TABLE if pair[0] is ServerState.TERMINATED]


@pytest.mark.parametrize("values", [(0, 4, 5), (0.5, -1, 5), (0.5, 4, 0)])
def test_timer_values_are_above_zero(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Timers(*values)


# The agenda


def test_agenda_gives_due_items_in_order_of_their_deadlines() -> None:
    agenda: Agenda[str] = Agenda()
    for item, deadline in (("c", 3.0), ("a", 1.0), ("b", 2.0), ("a2", 1.0)):
        agenda.set(item, deadline)
    assert agenda.next_deadline() == 1.0
    assert [agenda.pop_due(2.0) for _ in range(4)] == ["a", "a2", "b", None]
    assert list(agenda) == ["c"]


def test_agenda_replaces_and_takes_away_deadlines() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.set("a", 1.0)
    agenda.set("a", 5.0)
    agenda.set("b", 2.0)
    agenda.set("b", None)
    assert agenda.next_deadline() == 5.0
    assert agenda.pop_due(4.0) is None
    assert agenda.pop_due(5.0) == "a"
    assert agenda.next_deadline() is None


def test_agenda_does_not_grow_with_replaced_deadlines() -> None:
    agenda: Agenda[str] = Agenda()
    for deadline in range(10_000):
        agenda.set("a", float(deadline))
        agenda.set("b", None)
    assert len(agenda._heap) < 100
    assert agenda.pop_due(1e9) == "a"
    assert agenda.pop_due(1e9) is None
