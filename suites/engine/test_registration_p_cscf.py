"""The P-CSCF between Gm and Mw, against a home network that the test plays."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.registration import p_cscf
from imsreg.registration.admission import LISTED, MAX_ELEMENTS
from imsreg.registration.p_cscf import AccessPolicy, PCscf
from imsreg.registration.replies import reply
from imsreg.registration.seams import Seams
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.name_addr import Path, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import MAX_FIELD, MAX_FIELDS, MAX_MESSAGE, Request, parse
from imsreg.sip.mutation import mutate

CORE, UE = Address("127.0.2.1", 5060), Address("127.0.3.1", 5060)
MW = Flow("TCP", Address("192.0.2.1", 5060), Address("192.0.2.2", 5060), 1)
FROM_HOME = Flow("TCP", MW.local, MW.remote, 1)
GM = Flow("UDP", CORE, UE)
GM_TCP = Flow("TCP", CORE, UE, 3)


class Bench:
    """A P-CSCF, and both ends of it."""

    def __init__(self, *, hooks=None, **policy):
        self.node = PCscf(AccessPolicy(**policy), MW, "visited.example", Random(5), Seams(hooks or {}))
        self.now = 0.0

    def send(self, message, flow=GM):
        """What comes out for a packet at Gm: requests at Mw, responses at Gm."""
        octets = message if isinstance(message, bytes) else message.to_bytes()
        self.node.receive(Packet(flow, octets), self.now)
        return self.out()

    def home_answers(self, response):
        """What comes out for a response from the home network."""
        octets = response if isinstance(response, bytes) else response.to_bytes()
        self.node.receive(Packet(FROM_HOME, octets), self.now)
        return self.out()

    def out(self):
        """The messages that are ready; the packets stay in `packets`."""
        self.packets = list(self.node.outbox)
        self.node.outbox.clear()
        return [parse(p.data, stream=p.flow.reliable) for p in self.packets]

    def forwarded(self, message, flow=GM):
        """The request that goes on to the home network."""
        (request,) = self.send(message, flow)
        assert isinstance(request, Request)
        assert self.packets[0].flow == MW
        return request

    def refused(self, message, flow=GM):
        """The response that a request gets from the P-CSCF itself."""
        (response,) = self.send(message, flow)
        assert not isinstance(response, Request)
        return response


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def register(new_ue):
    return new_ue().initial_register


@pytest.fixture
def tcp_register(new_ue):
    return new_ue(transport="TCP").initial_register


# Forwarding.


def test_a_register_goes_on_with_what_the_p_cscf_adds(bench, register):
    draft = register()
    request = bench.forwarded(draft)
    own, ue = request.get_all(Via)
    assert request.start_line == draft.start_line
    assert (own.transport, own.host, own.port) == ("TCP", "192.0.2.1", 5060)
    assert own.branch.startswith("z9hG4bK")
    assert f"branch={ue.branch}" in draft.value("Via")
    assert (ue.received, ue.rport) == ("127.0.3.1", 5060)
    assert request.value("Max-Forwards") == "69"
    assert request.get(Path).uri.text == "sip:term@127.0.2.1:5060;lr"
    assert request.option_tags("Require") == ("path",)
    assert request.value("P-Visited-Network-ID") == '"visited.example"'
    assert request.value("P-Charging-Vector").startswith('icid-value="')
    assert request.value("Content-Length") == "0"
    assert request.get(Authorization).integrity_protected == "no"
    for name in ("From", "To", "Call-ID", "CSeq", "Contact", "Expires", "Supported"):
        assert request.value(name) == draft.value(name)


def test_each_request_has_its_own_branch_and_charging_identifier(bench, register):
    one, other = bench.forwarded(register()), bench.forwarded(register())
    assert one.get(Via).branch != other.get(Via).branch
    assert one.value("P-Charging-Vector") != other.value("P-Charging-Vector")


@pytest.mark.parametrize(("given", "sent"), [(None, "70"), ("1", "0"), ("255", "254")])
def test_max_forwards_is_counted_down_or_added(bench, register, given, sent):
    draft = register().remove("Max-Forwards")
    assert bench.forwarded(draft if given is None else draft.add("Max-Forwards", given)).value("Max-Forwards") == sent


def test_what_a_ue_has_no_business_to_send_goes(bench, register):
    draft = register()
    for name, value in (
        ("Path", "<sip:evil;lr>"),
        ("P-Visited-Network-ID", "other"),
        ("P-Charging-Vector", "icid-value=1"),
        ("P-Preferred-Identity", "<sip:x@y>"),
        ("Route", "<sip:127.0.2.1;lr>, <sip:elsewhere;lr>"),
    ):
        draft.add(name, value)
    request = bench.forwarded(draft)
    assert len(request.values("Path")) == len(request.values("P-Visited-Network-ID")) == 1
    assert "icid-value=1" not in request.value("P-Charging-Vector")
    assert request.field("P-Preferred-Identity") is request.field("Route") is None


def test_what_the_p_cscf_does_not_know_goes_on_as_it_came(bench, register):
    raw = register().to_bytes()
    odd = b"X-Unknown:  a\r\n\tb\r\nP-Access-Network-Info: 3GPP-E-UTRAN-FDD\r\nDate: nonsense\r\nno colon here\r\n"
    start, rest = raw.split(b"\r\n", 1)
    request = bench.forwarded(start + b"\r\n" + odd + rest)
    assert odd in request.raw
    assert b"Record-Route" not in request.raw


def test_the_forged_flag_of_a_ue_goes_from_all_of_its_credentials(bench, register):
    draft = register()
    value = draft.value("Authorization") + ', Integrity-Protected="yes"'
    draft.set("Authorization", value).add("Authorization", 'Digest realm="two", integrity-protected=yes')
    draft.add("Authorization", "Basic dXNlcjpwYXNz")
    stamped = [f.value for f in bench.forwarded(draft).fields("Authorization")]
    assert [v.lower().count("integrity-protected") for v in stamped] == [1, 1, 0]
    assert all(Authorization.parse(v).integrity_protected == "no" for v in stamped[:2])


def test_several_via_values_stay_in_order_below_the_own_one(bench, register):
    draft = register()
    top = draft.value("Via")
    draft.set("Via", f"{top} , SIP / 2.0 / TCP [2001:DB8::0:1]:5060 ;branch=z9x").add("Via", "SIP/2.0/UDP third;x=1")
    request = bench.forwarded(draft)
    assert request.values("Via")[2:] == ("SIP / 2.0 / TCP [2001:DB8::0:1]:5060 ;branch=z9x", "SIP/2.0/UDP third;x=1")
    response = bench.home_answers(reply(request, 404))[0]
    assert response.values("Via") == request.values("Via")[1:]


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        ("SIP/2.0/UDP 127.0.3.1:5060;branch=z9hG4bKa;rport", ";branch=z9hG4bKa;rport=5060;received=127.0.3.1"),
        ("SIP/2.0/UDP 127.0.3.1:5060;branch=z9hG4bKa", ";branch=z9hG4bKa"),
        ("SIP/2.0/UDP ue.example;branch=z9hG4bKa", ";branch=z9hG4bKa;received=127.0.3.1"),
        ("SIP/2.0/UDP 127.0.3.9:5060;branch=z9hG4bKa;received=9.9.9.9", ";branch=z9hG4bKa;received=127.0.3.1"),
        ("SIP/2.0/UDP UE.Example:5070 ; branch=z9hG4bKa ; rport ; Keep", None),
    ],
)
def test_received_and_rport_say_where_the_request_came_from(bench, register, via, expected):
    value = bench.forwarded(register().set("Via", via)).values("Via")[1]
    if expected is None:
        assert value == "SIP/2.0/UDP UE.Example:5070;branch=z9hG4bKa;rport=5060;Keep;received=127.0.3.1"
    else:
        assert value == via.partition(";")[0] + expected


@pytest.mark.parametrize("mutation", ["compact-names", "recase-names"])
def test_other_forms_of_the_names_make_no_difference(register, mutation):
    plain, other = Bench(), Bench()
    draft = register()
    for bench, octets in ((plain, draft.to_bytes()), (other, mutate(draft, mutation))):
        bench.request = bench.forwarded(octets)
    for name in ("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Supported", "Content-Length", "Path"):
        assert plain.request.values(name) == other.request.values(name)


def test_folded_fields_mean_the_same(bench, register):
    draft = register()
    for name in ("Authorization", "Via", "From", "CSeq"):
        draft = Draft.of(parse(mutate(draft, "fold-header", header=name)))
    request = bench.forwarded(draft)
    assert request.get(Authorization).integrity_protected == "no"
    assert request.get_all(Via)[1].rport == 5060


def test_over_tcp_the_response_takes_the_connection(bench, tcp_register):
    request = bench.forwarded(tcp_register(), GM_TCP)
    (response,) = bench.home_answers(reply(request, 404))
    assert bench.packets[0].flow == GM_TCP
    assert response.status == 404


# A datagram is not divided where a stream is: nothing that a UE sends may shift the division at Mw.


def test_a_missing_content_length_is_added(bench, register):
    request = bench.forwarded(register().remove("Content-Length"))
    assert request.value("Content-Length") == "0"


def test_a_body_goes_on_with_its_length_and_octets_behind_it_do_not(bench, register):
    draft = register()
    draft.body = b"body"
    request = bench.forwarded(draft.to_bytes() + b"surplus")
    assert request.value("Content-Length") == "4"
    assert request.raw.endswith(b"\r\n\r\nbody")


@pytest.mark.parametrize("length", ["5", "70000", "99999999999999999999", "-1", "x"])
def test_a_datagram_shorter_than_it_says_is_refused(bench, register, length):
    assert bench.refused(register().add("Content-Length", length)).status == 400
    assert bench.forwarded(register())


def test_a_request_that_cannot_be_read_any_more_with_the_additions_is_refused(bench, register):
    draft = register()
    room = MAX_MESSAGE - len(draft.to_bytes()) - 100
    while room > 8000:
        draft.add("X", "x" * 8000)
        room -= 8005
    assert bench.refused(draft.add("X", "x" * (room - 10))).status == 513
    crowded = register()
    for _ in range(MAX_FIELDS - len(crowded.fields) - 1):
        crowded.add("X", "")
    assert bench.refused(crowded).status == 513
    wide = register()
    credentials = wide.value("Authorization") + ', x="'
    wide.set("Authorization", credentials + "x" * (MAX_FIELD - len(f"Authorization: {credentials}") - 1) + '"')
    assert bench.refused(wide).status == 513
    assert bench.forwarded(register())


@pytest.mark.parametrize("name", LISTED)
def test_a_list_without_end_is_refused_before_it_is_read(bench, register, name):
    value = register().value(name)
    draft = (
        register().remove(name).add(name, "x," * MAX_ELEMENTS if value is None else f"{value}{', x=1' * MAX_ELEMENTS}")
    )
    assert bench.refused(draft.add(name, "y,y")).status == 513
    assert bench.forwarded(register())


@pytest.mark.parametrize(
    "end",
    [b"", b"\n", b"\r", b"\n\r", b"\n\r\r", b"\r\n\r", b"\r\r\n\r", b"\n\r\r\nY: z\n\r", b"\n\rY: z", b"\n \n\r"],
)
def test_an_empty_line_cannot_be_smuggled_in(bench, register, end):
    """The half of an empty line at the end of a datagram, and odd line ends in it, would end the head at Mw.

    What follows it would then be a body, or the next message of the connection to the home network.
    """
    raw = register().remove("Content-Length").to_bytes().removesuffix(b"\r\n")
    forwarded = bench.forwarded(raw + b"X: y" + end)
    assert forwarded.value("X").strip() == "y"
    assert forwarded.value("Content-Length") == "0", "the last of the P-CSCF's own fields is in the head"
    assert forwarded.surplus == forwarded.body == b""
    octets = bench.packets[0].data
    assert octets.index(b"\n\r\n") == len(octets) - 3
    assert b"\n\n" not in octets
    assert bench.forwarded(register())


# Refusals.


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq"])
def test_a_mandatory_field_is_there_once_and_not_empty(bench, register, name):
    response = bench.refused(register().remove(name))
    assert (response.status, response.reason) == (400, f"Bad Request (no {name})")
    assert bench.refused(register().set(name, "")).status == 400
    twice = register()
    assert bench.refused(twice.add(name, twice.value(name))).status == 400


@pytest.mark.parametrize("via", [None, "", ",", "SIP/2.0/UDP", "SIP/2.0/UDP 2001:db8::1::2;branch=z9hG4bKa"])
def test_a_via_that_cannot_be_read_is_refused_to_the_source(bench, register, via):
    draft = register().remove("Via")
    response = bench.refused(draft if via is None else draft.add("Via", via, at=0))
    assert response.status == 400
    assert bench.packets[0].flow == GM


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("CSeq", "1 INVITE", 400),
        ("CSeq", "4294967296 REGISTER", 400),
        ("CSeq", "REGISTER", 400),
        ("Max-Forwards", "0", 483),
        ("Max-Forwards", "-1", 400),
        ("Max-Forwards", "256", 400),
        ("Proxy-Require", "foo, Bar", 420),
        ("Proxy-Require", "sec-agree", 420),
        ("Authorization", "Digest", None),
        ("Authorization", 'Digest username="x', 400),
        ("Authorization", 'Digest nonce="1", nonce="2"', 400),
        ("Contact", "<<>", None),
        ("To", "<sip:", None),
        ("Expires", "soon", None),
    ],
)
def test_what_goes_on_and_what_does_not(bench, register, name, value, status):
    draft = register().remove(name).add(name, value)
    if status is None:
        assert bench.forwarded(draft).value(name).startswith(value)
        return
    response = bench.refused(draft)
    assert response.status == status
    if status == 420:
        assert response.option_tags("Unsupported") == tuple(value.lower().split(", "))


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("REGISTER tel:+1 SIP/2.0", 416),
        ("REGISTER nobody-knows:x SIP/2.0", 416),
        ("REGISTER <sip:home.example> SIP/2.0", 400),
        ("REGISTER home.example SIP/2.0", 400),
        ("REGISTER sip:home.example SIP/7.0", 505),
        ("REGISTER SIP:home.example sip/2.0", None),
    ],
)
def test_start_lines(bench, register, line, status):
    draft = register()
    draft.start_line = line
    if status is None:
        assert bench.forwarded(draft)
    else:
        assert bench.refused(draft).status == status


def other_method(draft, method):
    draft.start_line = draft.start_line.replace("REGISTER", method, 1)
    return draft.set("CSeq", draft.value("CSeq").replace("REGISTER", method))


@pytest.mark.parametrize("method", ["OPTIONS", "MESSAGE", "SUBSCRIBE", "INVITE", "register", "UNHEARD-OF"])
def test_without_an_association_nothing_but_register_passes(bench, register, method):
    response = bench.refused(other_method(register(), method))
    assert response.status == 403
    assert response.value("CSeq").endswith(method)
    assert response.get(Via).rport == 5060


def test_an_ack_is_never_answered(bench, register):
    assert bench.send(other_method(register(), "ACK")) == []


def test_a_cancel_is_answered_hop_by_hop_and_has_no_effect(bench, register):
    draft = register()
    cancel = other_method(draft.clone(), "CANCEL")
    stranger = bench.refused(cancel.clone().set("Via", "SIP/2.0/UDP 127.0.3.1:5060;branch=z9hG4bKother;rport"))
    assert (stranger.status, stranger.get(Via).rport) == (481, 5060)
    request = bench.forwarded(draft)
    assert bench.refused(cancel).status == 200
    assert bench.home_answers(reply(request, 404))[0].status == 404
    again = other_method(register(), "CANCEL")
    assert bench.refused(again).status == 481


def test_a_refusal_has_a_to_tag_and_a_repetition_gets_the_same(bench, register):
    draft = register().set("Max-Forwards", "0")
    first, second = bench.refused(draft), bench.refused(draft)
    assert first.raw == second.raw
    assert first.get(To).tag


# Responses.


def test_a_response_goes_back_without_the_own_via_and_otherwise_as_it_came(bench, register):
    request = bench.forwarded(register())
    home = reply(request, 200).add("Service-Route", "<sip:s;lr>").add("Path", request.value("Path")).add("X", "  y")
    home.body = b"body"
    (response,) = bench.home_answers(home)
    assert response.values("Via") == request.values("Via")[1:]
    assert response.value("To") == home.value("To")
    assert (response.value("Path"), response.value("X"), response.body) == (request.value("Path"), "y", b"body")
    assert bench.packets[0].flow == GM


def test_ik_and_ck_stay_with_the_p_cscf(bench, register):
    request = bench.forwarded(register())
    keys = 'ik="00112233445566778899aabbccddeeff", ck="ffeeddccbbaa99887766554433221100"'
    readable = f'Digest realm="r, ik=1", nonce="n", algorithm="AKAv1-MD5", {keys}, qop="auth"'
    home = reply(request, 401)
    for value in (
        readable,
        f'Digest  IK = "0011" , realm="a", realm="b", {keys}',
        f"Digest\tck=0011, {keys}",
        "Digest",
    ):
        home.add("WWW-Authenticate", value)
    (response,) = bench.home_answers(home)
    sent = [f.value for f in response.fields("WWW-Authenticate")]
    assert sent == [
        'Digest realm="r, ik=1", nonce="n", algorithm="AKAv1-MD5", qop="auth"',
        'Digest realm="a", realm="b"',
        "Digest",
        "Digest",
    ]
    assert WwwAuthenticate.parse(sent[0]).ik is None


def test_a_provisional_response_is_not_passed_on(bench, register):
    request = bench.forwarded(register())
    assert bench.home_answers(reply(request, 100)) == []
    assert [r.status for r in bench.home_answers(reply(request, 200))] == [200]


def test_a_second_response_and_one_to_nothing_are_dropped(bench, register):
    request = bench.forwarded(register())
    assert len(bench.home_answers(reply(request, 200))) == 1
    assert bench.home_answers(reply(request, 200)) == []
    assert bench.home_answers(b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n") == []


def test_a_response_that_comes_from_gm_is_none(bench, register):
    request = bench.forwarded(register())
    assert bench.send(reply(request, 200), GM) == []
    assert len(bench.home_answers(reply(request, 404))) == 1


def test_a_repeated_request_is_not_passed_on_twice_and_gets_the_response_again(bench, register):
    draft = register()
    request = bench.forwarded(draft)
    assert bench.send(draft) == []
    (response,) = bench.home_answers(reply(request, 401))
    assert bench.refused(draft).raw == response.raw


def test_a_silent_home_network_is_504(bench, register):
    bench.forwarded(register())
    deadline = bench.node.next_deadline()
    bench.node.on_time(deadline - 0.001)
    assert bench.out() == []
    bench.node.on_time(deadline)
    (response,) = bench.out()
    assert (deadline, response.status) == (32.0, 504)
    assert response.get(To).tag
    assert response.get(Via).rport == 5060


def test_a_home_network_that_cannot_be_reached_is_504(bench, register):
    bench.forwarded(register())
    bench.node.fail(TransportFailure(MW, "refused", "down"), 1.0)
    assert [r.status for r in bench.out()] == [504]


def test_a_lost_response_is_nobodys_business(bench, register):
    bench.home_answers(reply(bench.forwarded(register()), 200))
    bench.node.fail(TransportFailure(GM, "unreachable", "ICMP"), 1.0)
    assert bench.out() == []


def test_requests_on_their_way_are_bounded(bench, new_ue, monkeypatch):
    monkeypatch.setattr(p_cscf, "MAX_RELAYS", 3)
    for seed in range(3):
        bench.forwarded(new_ue(seed=seed).initial_register())
    response = bench.refused(new_ue(seed=9).initial_register())
    assert (response.status, response.value("Retry-After")) == (503, "32")
    bench.node.on_time(32.0)
    bench.out()
    assert bench.forwarded(new_ue(seed=10).initial_register())


# The security agreement, as far as the P-CSCF has to place it.


def test_in_mode_none_a_demand_for_the_agreement_is_an_unknown_extension(bench, new_ue):
    response = bench.refused(new_ue(security="headers").initial_register())
    assert (response.status, response.option_tags("Unsupported")) == (420, ("sec-agree",))


def test_in_mode_headers_the_agreement_ends_at_the_p_cscf(new_ue):
    bench = Bench(security="headers", release=13)
    ue = new_ue(security="headers")
    request = bench.forwarded(ue.initial_register())
    assert request.option_tags("Require") == ("path",)
    for name in ("Proxy-Require", "Security-Client", "Security-Verify"):
        assert request.field(name) is None
    challenge = 'Digest realm="r", nonce="n", algorithm=AKAv1-MD5'
    (response,) = bench.home_answers(reply(request, 401).add("WWW-Authenticate", challenge))
    assert len(response.values("Security-Server")) == 6
    plain = bench.forwarded(new_ue(seed=4).initial_register())
    (response,) = bench.home_answers(reply(plain, 401).add("WWW-Authenticate", challenge))
    assert response.field("Security-Server") is None
