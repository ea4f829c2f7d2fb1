"""Building messages, right and wrong on purpose."""

import pytest

from imsreg.paths import data
from imsreg.sip.draft import Draft
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.message import Request, Response, parse

SEED = ("S1", "S2", "S3", "S4", "S5")


def seed(name: str) -> bytes:
    return data("vectors", "seed", f"{name}.sip").read_bytes()


def register() -> Draft:
    return (
        Draft.request("REGISTER", "sip:home")
        .add("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
        .add("CSeq", CSeq(1, "REGISTER"))
        .add("Expires", 600000)
    )


def test_a_request_as_written() -> None:
    draft = register()
    draft.body = b"ab"
    assert draft.to_bytes() == (
        b"REGISTER sip:home SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\n"
        b"Expires: 600000\r\nContent-Length: 2\r\n\r\nab"
    )
    message = draft.to_message()
    assert isinstance(message, Request)
    assert message.defects == ()


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (494, None, "SIP/2.0 494 Security Agreement Required"),
        (499, None, "SIP/2.0 499 Bad Request"),
        (799, None, "SIP/2.0 799 "),
        (200, "Fine", "SIP/2.0 200 Fine"),
        (200, "", "SIP/2.0 200 "),
    ],
)
def test_response_reason(status: int, reason: str | None, line: str) -> None:
    draft = Draft.response(status, reason)
    assert draft.start_line == line
    message = draft.to_message()
    assert isinstance(message, Response)
    assert (message.status, message.defects) == (status, ())


def test_fields_are_added_set_prepended_removed_in_order() -> None:
    draft = (
        register()
        .add("k", "path")
        .add("X", "1", at=0)
        .prepend("via", "SIP/2.0/UDP 192.0.2.2")
        .prepend("Route", "<sip:p>")
    )
    draft.add("Supported", "gruu, 100rel").set("supported", "sec-agree").set("Max-Forwards", 70).remove("x").remove(
        "Path"
    )
    assert [each.name for each in draft.fields] == ["Route", "via", "Via", "CSeq", "Expires", "k", "Max-Forwards"]
    assert draft.values("Via") == ("SIP/2.0/UDP 192.0.2.2", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
    assert (draft.value("Supported"), draft.value("Path"), draft.values("CSeq")) == ("sec-agree", None, ("1 REGISTER",))


def test_a_clone_is_independent() -> None:
    draft = register()
    draft.clone().remove("Via").add("X", "1")
    assert draft.to_bytes() == register().to_bytes()


def test_content_length_may_be_wrong_absent_or_elsewhere() -> None:
    assert b"\r\nl: 99\r\nA: b\r\n\r\n" in register().add("l", 99).add("A", "b").to_bytes()
    assert b"Length" not in register().remove("Content-Length").to_bytes()


def test_compact_names() -> None:
    draft = register().add("Supported", "path")
    draft.compact = True
    names = [field.name_raw for field in draft.to_message().headers]
    assert names == ["v", "CSeq", "Expires", "k", "l"]


def test_odd_octets_and_injected_lines_go_out_as_given() -> None:
    octets = register().add("X", b"\xff\x00").add("Y", "a\r\n b").add("Bad Name", "\udcfe").to_bytes()
    assert b"\r\nX: \xff\x00\r\nY: a\r\n b\r\nBad Name: \xfe\r\n" in octets


ODD = (
    b"\r\n\r\nREGISTER  sip:home SIP/2.0\nv :x\n\tfolded\r\nno colon\r\nX: \xff\x00\rz\r\nl: 1\r\n\nbody and more",
    b"SIP/2.0 200\r\nA: b",
    b"REGISTER sip:h SIP/2.0\r\nContent-Length: 9\r\n\r\nabc",
)


@pytest.mark.parametrize("octets", [*(seed(name) for name in SEED), *ODD])
def test_an_untouched_message_keeps_its_octets(octets: bytes) -> None:
    draft = Draft.of(parse(octets))
    assert draft.to_bytes() == octets
    assert draft.clone().add("X", "1").remove("X").to_bytes() in (octets, draft.clone().remove("X").to_bytes())


def test_a_touched_message_keeps_its_other_fields() -> None:
    draft = Draft.of(parse(seed("S1"))).set("Expires", 600000)
    assert draft.to_bytes() == seed("S1").replace(b"Expires: 7200", b"Expires: 600000")


def test_a_right_content_length_follows_the_body_in_its_place() -> None:
    draft = Draft.of(parse(seed("S1")))
    draft.body = b"abc"
    assert draft.to_bytes() == seed("S1").replace(b"l: 0\r\n", b"l: 3\r\n") + b"abc"
    lying = Draft.of(parse(ODD[2]))
    lying.body = b""
    assert b"Content-Length: 9\r\n\r\n" in lying.to_bytes()


def test_a_changed_start_line_is_a_change() -> None:
    draft = Draft.of(parse(seed("S1")))
    draft.start_line = "REGISTER sip:other SIP/2.0"
    assert draft.to_bytes().split(b"\r\n", 1) == [b"REGISTER sip:other SIP/2.0", seed("S1").split(b"\r\n", 1)[1]]


def test_folded_fields_mean_what_they_meant() -> None:
    credentials = 'Digest username="a  b", realm="x"'
    draft = Draft.request("REGISTER", "sip:home.example").add("Authorization", credentials).add("Call-ID", "one")
    folded = draft.fold().to_message()
    assert b'Digest\r\n\tusername="a  b",\r\n realm' in folded.raw
    assert b"Call-ID: \r\n one\r\n" in folded.raw
    assert (folded.value("Authorization"), folded.value("Call-ID")) == (credentials, "one")
    assert folded.defects == ()
