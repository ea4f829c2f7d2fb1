"""What is said of a UE that does not send what a test waits for."""

from __future__ import annotations

import pytest

from imsreg.sip.flow import Address, Flow, Transport
from imsreg.tester.judge import Judgement
from imsreg.tester.no_request import CHECK_LIST, Piece, Watch, diagnose, findings
from imsreg.tester.summary import ue_stops
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.verdict import Ruling

CORE = Address("192.0.2.10", 5060)
UE = Address("192.0.2.20", 40001)
HOME = "ims.mnc001.mcc001.3gppnetwork.org"
WATCH = Watch((CORE,), HOME, f"001010000000001@{HOME}", f"sip:+15550100001@{HOME}")


def flow(transport: Transport = "UDP") -> Flow:
    return Flow(transport, CORE, UE, 7 if transport == "TCP" else 0)


def request(
    method: str = "REGISTER", *, to: str = HOME, impi: str = f"001010000000001@{HOME}", more: str = "", cseq: int = 1
) -> bytes:
    return (
        f"{method} sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {UE};branch=z9hG4bK{method}{cseq}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:someone@{to}>;tag=1\r\nTo: <sip:someone@{to}>\r\nCall-ID: a\r\nCSeq: {cseq} {method}\r\n"
        f'Authorization: Digest username="{impi}",realm="{to}",uri="sip:{to}",nonce="",response=""\r\n'
        f"{more}Content-Length: 0\r\n\r\n"
    ).encode()


def response(to: bytes, status: str) -> bytes:
    fields = b"\r\n".join(to.split(b"\r\n")[1:])
    return f"SIP/2.0 {status}\r\n".encode() + fields


def passed(*messages: tuple[bool, float, bytes]) -> Transcript:
    """A transcript of what the tester sent (true) or received, at these times."""
    transcript = Transcript("test", 0.0, start=0.0)
    for sent, at, raw in messages:
        transcript.record(sent, flow(), raw, at)
    return transcript


NOTHING = passed()


def met(*pieces: bytes, transport: Transport = "UDP", octets: int = 1) -> Watch:
    strangers = tuple(Piece(flow(transport), raw) for raw in pieces)
    return Watch(WATCH.addresses, HOME, WATCH.impi, WATCH.impu, octets, strangers)


# nothing came


def test_nothing_at_all_is_a_check_list_in_order() -> None:
    said = diagnose(NOTHING, WATCH, "REGISTER", 32.0)
    assert said.startswith(
        "no REGISTER from the UE within 32 s: (1) nothing at all has reached 192.0.2.10:5060 over UDP or TCP; (2) "
    )
    places = [said.index(word) for word in ("P-CSCF address", "route and firewall", "port: ", "bearer: ", "SIM and")]
    assert places == sorted(places)
    assert len(findings(NOTHING, WATCH, "REGISTER")) == 1 + len(CHECK_LIST)
    assert "tcpdump -ni any host 192.0.2.10" in said
    assert "\n" not in said
    assert "{" not in said


def test_a_tester_on_loopback_is_out_of_reach_of_most() -> None:
    here = Watch((Address("127.0.0.1", 5060), Address("::1", 5060)), HOME, "", "")
    assert findings(NOTHING, here, "REGISTER")[0] == (
        "nothing at all has reached 127.0.0.1:5060 or [::1]:5060 over UDP or TCP, "
        "which only a UE on this host can reach"
    )


def test_a_ue_that_was_heard_before_has_a_way_to_the_tester() -> None:
    first, second = findings(NOTHING, met(octets=4711), "REGISTER")
    assert first == "nothing came in this test, but 4711 octets did before it: the way to the tester is open"
    assert "back-off" in second


def test_a_connection_without_sip() -> None:
    watch = Watch((CORE,), HOME, WATCH.impi, WATCH.impu, 0, (), (UE, UE))
    assert findings(NOTHING, watch, "REGISTER") == [
        f"TCP connections came from {UE} without an octet of SIP: does it wait for the tester to speak first?"
    ]


# something else came


def test_a_register_for_another_domain() -> None:
    (line,) = findings(NOTHING, met(request(to="test.3gpp.com", impi="1@test.3gpp.com")), "REGISTER")
    assert line == (f"{UE} over UDP registers with test.3gpp.com, and the home domain of the subscriber is {HOME}")


def test_the_same_domain_in_other_letters_is_no_other() -> None:
    (line,) = findings(NOTHING, met(request(to=HOME.upper(), impi="somebody")), "REGISTER")
    assert "registers with" not in line


def test_a_register_of_another_subscriber() -> None:
    (line,) = findings(NOTHING, met(request(impi=f"001010000000002@{HOME}"), transport="TCP"), "REGISTER")
    assert line == (
        f"{UE} over TCP registers 001010000000002@{HOME}, and the test waits for {WATCH.impi} ({WATCH.impu}): "
        "which SIM is in the UE?"
    )


def test_a_subscriber_without_readable_credentials_is_named_by_to() -> None:
    raw = request().replace(b"Digest username=", b"Digest ,=")
    (line,) = findings(NOTHING, met(raw), "REGISTER")
    assert f"registers <sip:someone@{HOME}>, and" in line


def test_what_the_ue_sent_between_two_tests_is_no_stranger() -> None:
    subscribe = request("SUBSCRIBE").replace(b"sip:someone@", b"sip:+15550100001@")
    without = b"\r\n".join(line for line in subscribe.split(b"\r\n") if not line.startswith(b"Authorization"))
    own = met(request(), without, response(without, "200 OK"), octets=900)
    assert findings(NOTHING, own, "REGISTER")[0].startswith("nothing came in this test, but 900 octets did before it")


def test_another_method() -> None:
    (line,) = findings(NOTHING, met(request("OPTIONS", impi="somebody")), "REGISTER")
    assert line == f"{UE} over UDP sent OPTIONS and no REGISTER"


def test_a_malformed_register_and_what_is_wrong_in_it() -> None:
    (line,) = findings(
        NOTHING, met(request(to="test.3gpp.com", impi="1@test.3gpp.com", more="Foo bar\r\n")), "REGISTER"
    )
    assert "registers with test.3gpp.com" in line
    assert line.endswith(
        "; it is malformed: line 9: no colon in 'Foo bar': the line has no header name (RFC 3261 7.3.1)"
    )


def test_what_is_no_sip() -> None:
    (line,) = findings(NOTHING, met(b"GET / HTTP/1.1\r\n\r\n", transport="TCP"), "REGISTER")
    assert line.startswith(f"{UE} over TCP sent what is no request: ")


def test_tls_is_recognised() -> None:
    (line,) = findings(NOTHING, met(b"\x16\x03\x01\x00\xf4\x01" + bytes(40), transport="TCP"), "REGISTER")
    assert "sent what is no request: it looks like TLS, and the tester listens in the clear" in line


def test_the_newest_strangers_come_first_and_each_kind_once() -> None:
    methods = ["OPTIONS", "INVITE", *["MESSAGE"] * 5, "PUBLISH"]
    kinds = [request(method, impi="somebody", cseq=number) for number, method in enumerate(methods)]
    lines = findings(NOTHING, met(*kinds), "REGISTER")
    assert [line.split()[4] for line in lines] == ["PUBLISH", "MESSAGE", "INVITE"]


def test_text_of_strangers_is_harmless() -> None:
    for line in findings(NOTHING, met(request(to="a\x1b[2J.example", impi="a\x1b"), b"\xff" * 4000), "REGISTER"):
        assert line.isprintable()
        assert len(line) < 500


# the UE did something else


def test_a_ue_that_does_not_react() -> None:
    first = request()
    transcript = passed((False, 0.5, first), (True, 0.75, response(first, "401 Unauthorized")))
    assert diagnose(transcript, WATCH, "REGISTER", 32) == (
        "no REGISTER from the UE within 32 s: it has sent nothing after the tester's 401 Unauthorized (no. 2, 0.75 s); "
        "before that REGISTER (no. 1, 0.50 s)"
    )


def test_a_ue_that_only_repeats_itself() -> None:
    first = request()
    answer = response(first, "401 Unauthorized")
    transcript = passed((False, 0.0, first), (True, 0.1, answer), (False, 2.0, first))
    (line,) = findings(transcript, WATCH, "REGISTER")
    assert line == (
        "it only repeats itself after the tester's 401 Unauthorized (no. 2, 0.10 s): REGISTER (no. 3, 2.00 s); "
        "the tester's may not have arrived"
    )


def test_a_ue_that_sends_another_method() -> None:
    first = request()
    accepted = (True, 0.1, response(first, "200 OK"))
    transcript = passed((False, 0.0, first), accepted, (False, 0.2, request("SUBSCRIBE")))
    assert findings(transcript, WATCH, "REGISTER") == ["what it sent instead: SUBSCRIBE (no. 3, 0.20 s)"]


def test_a_keep_alive_is_no_reaction() -> None:
    first = request()
    transcript = passed((False, 0.5, first), (True, 0.75, response(first, "200 OK")), (False, 30.0, b"\r\n\r\n"))
    (line,) = findings(transcript, WATCH, "SUBSCRIBE")
    assert line.startswith("it has sent nothing after the tester's 200 OK")
    (line,) = findings(passed((False, 1.0, b"\r\n\r\n")), WATCH, "REGISTER")
    assert line == f"it has sent nothing but keep-alives, the first from {UE} over UDP: the way is open"


def test_a_request_that_the_test_has_had_is_told() -> None:
    assert findings(passed((False, 0.0, request())), WATCH, "REGISTER") == ["none beside REGISTER (no. 1, 0.00 s)"]


def test_the_strangers_of_others_do_not_explain_what_the_ue_does() -> None:
    transcript = passed((False, 0.0, request("OPTIONS")))
    assert findings(transcript, met(request(to="test.3gpp.com")), "REGISTER") == [
        "what it sent instead: OPTIONS (no. 1, 0.00 s)"
    ]


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (request(more="Foo bar\r\n"), "line 9: no colon in 'Foo bar'"),
        (b"REGISTER\r\n\r\n", "line 1: 'REGISTER' is neither"),
    ],
)
def test_what_is_wrong_with_its_own_message(raw: bytes, wrong: str) -> None:
    _, line = findings(passed((False, 0.0, raw)), WATCH, "REGISTER")
    assert "(no. 1, 0.00 s) is malformed: " in line
    assert wrong in line


def test_the_terminal_shows_the_check_list_line_by_line() -> None:
    reason = f"no-request: {diagnose(NOTHING, WATCH, 'REGISTER', 32)}"
    same = Ruling.inconclusive("24.229-5.1.1.2.1-01", "no-request", diagnose(NOTHING, WATCH, "REGISTER", 32))
    other = Ruling.inconclusive("24.229-5.1.1.2.1-02", "precondition", "the UE did not register")
    shown = list(ue_stops([Judgement((same, other), ()), Judgement((same,), ())]))
    assert shown[0] == "no-request: no REGISTER from the UE within 32 s:"
    assert [line[:5] for line in shown[1:]] == [f"  ({number})" for number in range(1, 2 + len(CHECK_LIST))]
    assert "; ".join(line.strip() for line in shown[1:]) == reason.partition("32 s: ")[2]
