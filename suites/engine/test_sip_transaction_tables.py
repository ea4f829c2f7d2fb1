"""The two tables of RFC 3261 17.1.2 and 17.2.2, every state against every event, as data and as what happens."""

from collections.abc import Callable
from itertools import product

import pytest

from imsreg.sip import client_transaction, server_transaction
from imsreg.sip.client_transaction import ClientState, ClientTransaction, Outcome
from imsreg.sip.flow import Address, Flow
from imsreg.sip.message import Request, Response, parse
from imsreg.sip.server_transaction import Action, ServerState, ServerTransaction
from imsreg.sip.timers import IMS

UDP = Flow("UDP", Address("127.0.0.1", 5060), Address("127.0.0.2", 5060))
TCP = Flow("TCP", Address("127.0.0.1", 40000), Address("127.0.0.2", 5060), 1)

# Rows are states, columns events; a cell is the next state and what is done, "-" nothing at all.
CLIENT = """
              PROVISIONAL          FINAL               TIMER_E          TIMER_F              TIMER_K             TRANSPORT_ERROR
  TRYING      PROCEEDING/DELIVER   COMPLETED/DELIVER   TRYING/SEND      TERMINATED/TIMED_OUT -                   TERMINATED/FAILED
  PROCEEDING  PROCEEDING/DELIVER   COMPLETED/DELIVER   PROCEEDING/SEND  TERMINATED/TIMED_OUT -                   TERMINATED/FAILED
  COMPLETED   COMPLETED/ABSORB     COMPLETED/ABSORB    -                -                    TERMINATED/NOTHING  -
  TERMINATED  -                    -                   -                -                    -                   -
"""  # noqa: E501 - a table
SERVER = """
              REQUEST            PROVISIONAL       FINAL           TIMER_J             TRANSPORT_ERROR
  TRYING      -                  PROCEEDING/SEND   COMPLETED/SEND  -                   -
  PROCEEDING  PROCEEDING/REPEAT  PROCEEDING/SEND   COMPLETED/SEND  -                   TERMINATED/NOTHING
  COMPLETED   COMPLETED/REPEAT   -                 -               TERMINATED/NOTHING  TERMINATED/NOTHING
  TERMINATED  -                  -                 -               -                   -
"""


def cells(table: str) -> dict[tuple[str, str], tuple[str, str]]:
    header, *rows = [line.split() for line in table.strip().splitlines()]
    return {
        (state, event): (state, "NOTHING") if cell == "-" else tuple(cell.split("/"))  # type: ignore[misc]
        for state, *row in rows
        for event, cell in zip(header, row, strict=True)
    }


@pytest.mark.parametrize(
    ("module", "states", "table", "nothing"),
    [
        (client_transaction, ClientState, CLIENT, Outcome.NOTHING),
        (server_transaction, ServerState, SERVER, Action.NOTHING),
    ],
    ids=["client", "server"],
)
def test_the_table_is_that_of_the_figure(module, states, table, nothing):
    found = {}
    for state, trigger in product(states, module.Trigger):
        after, done = module.TABLE.get((state, trigger), (state, nothing))
        found[state.name, trigger.name] = (after.name, done.name)
    assert found == cells(table)


def request() -> Request:
    message = parse(b"REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\n\r\n")
    assert isinstance(message, Request)
    return message


def response(status: int) -> Response:
    message = parse(f"SIP/2.0 {status} x\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\n\r\n".encode())
    assert isinstance(message, Response)
    return message


CLIENT_WAY: dict[str, Callable[[ClientTransaction], object]] = {
    "TRYING": lambda it: None,
    "PROCEEDING": lambda it: it.receive(response(100), 0.1),
    "COMPLETED": lambda it: it.receive(response(200), 0.1),
    "TERMINATED": lambda it: it.fail(0.1),
}
CLIENT_EVENT: dict[str, Callable[[ClientTransaction], Outcome]] = {
    "PROVISIONAL": lambda it: it.receive(response(183), 1.0),
    "FINAL": lambda it: it.receive(response(401), 1.0),
    "TIMER_E": lambda it: it.on_time(2.0),
    "TIMER_F": lambda it: it.on_time(128.0),
    "TIMER_K": lambda it: it.on_time(17.1),
    "TRANSPORT_ERROR": lambda it: it.fail(1.0),
}
# One clock drives them: where another timer is due at that time, it is that one's cell which holds.
CLIENT_DUE = {
    ("COMPLETED", "TIMER_F"): "TIMER_K",
    ("TRYING", "TIMER_K"): "TIMER_E",
    ("PROCEEDING", "TIMER_K"): "TIMER_E",
}


@pytest.mark.parametrize(("state", "event"), cells(CLIENT))
def test_what_a_client_transaction_does(state: str, event: str) -> None:
    transaction = ClientTransaction(request(), UDP, IMS, 0.0)
    CLIENT_WAY[state](transaction)
    assert transaction.state.name == state
    outcome = CLIENT_EVENT[event](transaction)
    expected = cells(CLIENT)[state, CLIENT_DUE.get((state, event), event)]
    assert (transaction.state.name, outcome.name) == expected
    assert (transaction.deadline is None) == (transaction.state is ClientState.TERMINATED)


OK, RINGING, TRYING = response(200).raw, response(180).raw, response(100).raw
SERVER_WAY: dict[str, Callable[[ServerTransaction], object]] = {
    "TRYING": lambda it: None,
    "PROCEEDING": lambda it: it.respond(TRYING, 0.0),
    "COMPLETED": lambda it: it.respond(OK, 0.0),
    "TERMINATED": lambda it: (it.respond(OK, 0.0), it.on_time(128.0)),
}


@pytest.mark.parametrize(("state", "event"), cells(SERVER))
def test_what_a_server_transaction_does(state: str, event: str) -> None:
    transaction = ServerTransaction(request(), UDP, IMS)
    SERVER_WAY[state](transaction)
    assert transaction.state.name == state
    sent: list[bytes] = []
    match event:
        case "REQUEST":
            sent = [packet.data for packet in transaction.receive(request(), 1.0)]
        case "PROVISIONAL":
            sent = [packet.data for packet in transaction.respond(RINGING, 1.0)]
        case "FINAL":
            sent = [packet.data for packet in transaction.respond(response(500).raw, 1.0)]
        case "TIMER_J":
            transaction.on_time(128.0)
        case _:
            assert transaction.fail(1.0) == (cells(SERVER)[state, event][0] != state)
    after, done = cells(SERVER)[state, event]
    kept = {"PROCEEDING": TRYING, "COMPLETED": OK}.get(state, b"")
    new = {"PROVISIONAL": RINGING, "FINAL": response(500).raw}.get(event, b"")
    assert transaction.state.name == after
    assert sent == {"NOTHING": [], "REPEAT": [kept], "SEND": [new]}[done]
    assert (transaction.deadline is None) == (transaction.state is not ServerState.COMPLETED)


def test_over_tcp_the_last_timers_are_zero() -> None:
    client, server = ClientTransaction(request(), TCP, IMS, 0.0), ServerTransaction(request(), TCP, IMS)
    assert client.receive(response(200), 1.0) is Outcome.DELIVER
    server.respond(OK, 1.0)
    assert (client.state, server.state) == (ClientState.TERMINATED, ServerState.TERMINATED)
    assert (client.deadline, server.deadline) == (None, None)
