"""The reference UE and requests of the network, whatever they are; and octets that are none."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.registration.ue_policy import UePhase
from imsreg.sip.draft import Draft
from imsreg.sip.headers.name_addr import To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import parse


def request(air, method, **changes):
    fields = {
        "Via": f"SIP/2.0/UDP {air.way.core};branch=z9hG4bK{method};rport",
        "Max-Forwards": "70",
        "From": "<sip:network@example>;tag=1",
        "To": "<sip:user@example>",
        "Call-ID": "network-1",
        "CSeq": f"1 {method}",
        **changes,
    }
    draft = Draft.request(method, f"sip:user@{air.way.local}")
    for name, value in fields.items():
        if value is not None:
            draft.add(name, value)
    return draft


@pytest.mark.parametrize(
    ("method", "changes", "status"),
    [
        ("OPTIONS", {}, 200),
        ("OPTIONS", {"Require": "100rel"}, 420),
        ("OPTIONS", {"To": "<sip:user@example>;tag=2"}, 481),
        ("OPTIONS", {"CSeq": "1 INVITE"}, 400),
        ("OPTIONS", {"Call-ID": None}, 400),
        ("INVITE", {}, 405),
        ("MESSAGE", {}, 405),
        ("BYE", {"To": "<sip:user@example>;tag=2"}, 481),
        ("SUBSCRIBE", {}, 405),
        ("CANCEL", {}, 481),
        ("NOTIFY", {}, 489),
        ("NOTIFY", {"Event": "reg"}, 481),
        ("FANCY", {}, 405),
    ],
)
@pytest.mark.parametrize("registered", [False, True])
def test_every_request_gets_its_answer(air, registered, method, changes, status):
    if registered:
        air.registered()
    air.send(request(air, method, **changes))
    response = air.take()
    assert response.status == status
    assert response.get(To).tag
    assert response.value("From") == "<sip:network@example>;tag=1"
    assert (response.get(Via).received, response.get(Via).rport) == (air.way.core.host, air.way.core.port)
    assert (response.field("Allow") is not None) is (status == 405 or status == 200)
    assert air.quiet()


def test_a_repeated_request_gets_the_same_octets(air):
    octets = request(air, "OPTIONS").to_bytes()
    air.send(octets)
    air.send(octets)
    assert air.take().raw == air.take().raw


def test_an_ack_is_never_answered(air):
    air.send(request(air, "ACK"))
    assert air.quiet()


@pytest.mark.parametrize(
    "change",
    [
        {"Via": "SIP/2.0/UDP 192.0.2.77:5060;branch={branch}"},
        {"Via": "SIP/2.0/UDP {local};branch={branch}, SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKx"},
    ],
)
def test_a_response_to_somebody_else_is_dropped(air, change):
    register = air.register()
    branch = register.get(Via).branch
    response = Draft.response(403).add("Via", change["Via"].format(branch=branch, local=air.way.local))
    for name in ("From", "To", "Call-ID", "CSeq"):
        response.add(name, register.value(name))
    air.send(response)
    assert air.ue.phase is UePhase.REGISTERING
    air.advance(2.1)
    assert air.take("REGISTER").raw == register.raw


def test_nothing_that_arrives_breaks_it(air):
    """Octets of all kinds before what a network sends; the registration comes about all the same."""
    random = Random(11)
    register = air.register()
    whole = request(air, "NOTIFY", Event="reg").to_bytes()
    for _ in range(300):
        octets = bytearray(whole)
        for _ in range(random.randrange(1, 6)):
            octets[random.randrange(len(octets))] = random.randrange(256)
        air.send(bytes(octets[: random.randrange(len(octets))]))
        air.send(bytes(octets))
    for junk in (b"", b"\r\n\r\n", b"\x00" * 100, b"SIP/2.0 200 OK\r\n\r\n", b"SIP/2.0 401\r\nVia: x\r\n\r\n"):
        air.send(junk)
    assert not air.quiet()
    air.sent.clear()
    air.challenge(register)
    air.accept(air.take("REGISTER"))
    assert air.ue.phase is UePhase.REGISTERED


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_over_tcp_messages_may_come_in_pieces_and_together(new_air, chunk):
    air = new_air(transport="TCP", reg_event=False)
    air.register()
    stream = b"".join(request(air, method).to_bytes() + b"\r\n\r\n" for method in ("OPTIONS", "MESSAGE", "NOTIFY"))
    for at in range(0, len(stream), chunk):
        air.send(stream[at : at + chunk])
    pongs = [p for p in air.ue.outbox if p.data == b"\r\n"]
    assert [parse(p.data, stream=True).status for p in air.ue.outbox if p not in pongs] == [200, 405, 489]
    assert len(pongs) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Contact", "<sip:;;"),
        ("P-Associated-URI", "<<<>, tel:, <sip:a b>"),
        ("Service-Route", ",,;"),
        ("Expires", "99999999999999999999"),
        ("Security-Server", ";"),
        ("Record-Route", "<x"),
    ],
)
def test_a_200_with_something_unreadable_is_taken_for_the_rest(new_air, name, value):
    air = new_air()
    air.registered((name, value))
    assert air.ue.phase is UePhase.REGISTERED
    air.take("SUBSCRIBE")


def test_while_it_is_off_nothing_happens(air):
    air.ue.switch_off()
    air.ue.register(0.0)
    air.ue.deregister(0.0)
    air.ue.on_time(1.0)
    air.send(request(air, "OPTIONS"))
    assert air.ue.next_deadline() is None
    assert air.quiet()
    assert air.ue.phase is UePhase.OFF
