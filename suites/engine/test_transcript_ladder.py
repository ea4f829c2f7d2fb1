"""The ladder: well-formed, without anything active, every message in its place; the picture and the lines agree."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from imsreg.sip.flow import Address, Flow
from imsreg.transcript import ladder
from imsreg.transcript.canvas import STYLE
from imsreg.transcript.transcript import Transcript

SVG = "{http://www.w3.org/2000/svg}"
UE, PCSCF, SCSCF = Address("127.0.1.7", 5064), Address("127.0.2.1", 5060), Address("127.0.3.1", 5060)
GM = Flow("UDP", UE, PCSCF)
REGISTER = b"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\nCall-ID: c\r\n\r\n"
DENIED = b"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\nCall-ID: c\r\n\r\n"


PASSIVE = {"x", "y", "x1", "y1", "x2", "y2", "d", "width", "height", "rx", "viewBox", "text-anchor"}
PASSIVE |= {"class", "role", "aria-label"}


def sample() -> Transcript:
    transcript = Transcript("A registration", 1_767_225_600.0, start=0.0)
    transcript.peers.update({"127.0.1.7": "UE", "127.0.2.1": "P-CSCF"})
    transcript.record(True, GM, REGISTER, 0.25)
    transcript.record(True, GM, REGISTER, 0.75)
    transcript.record(False, GM, DENIED, 1.0)
    transcript.note("advanced 300 s", 301.0, kind="clock")
    transcript.record(True, GM, b"\r\n\r\n", 301.0)
    transcript.record(False, GM, b"junk", 302.0)
    transcript.note("ICMP port unreachable", 303.0, kind="transport", flow=GM)
    return transcript


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_the_picture_tells_everything_once() -> None:
    shown = texts(parsed(ladder.svg(sample())))
    for text in (
        "A registration",
        "2026-01-01 00:00:00 UTC, 5 messages",
        "127.0.1.7:5064",
        "0.250 s",
        "401 Unauthorized",
        "retransmission of 1, CSeq 1 REGISTER, UDP",
        "advanced 300 s",
        "keep-alive",
        "unreadable",
        "ICMP port unreachable",
    ):
        assert shown.count(text) == 1, text
    assert [text for text in shown if text in ("UE", "P-CSCF")] == ["UE", "P-CSCF"]
    assert [text for text in shown if text.isdigit()] == ["1", "2", "3", "4", "5"]


def test_a_marked_message_is_red_with_its_finding_below() -> None:
    plain, marked = parsed(ladder.svg(sample())), parsed(ladder.svg(sample(), {3: "MUST: be\nExpected: 200", 99: "x"}))
    assert not [element for element in plain.iter() if "bad" in element.get("class", "").split()]
    red = [element.text for element in marked.iter(f"{SVG}text") if "bad" in element.get("class", "").split()]
    assert red == ["401 Unauthorized", "MUST: be", "Expected: 200"]
    assert int(marked.get("height", "0")) > int(plain.get("height", "0"))


def test_arrows_point_the_way_the_message_went() -> None:
    root = parsed(ladder.svg(sample()))
    lanes = [float(line.get("x1", "")) for line in root.iter(f"{SVG}line") if line.get("class") == "lane"]
    arrows = [line for line in root.iter(f"{SVG}line") if "arrow" in line.get("class", "")]
    assert [lanes.index(float(line.get("x1", ""))) for line in arrows] == [0, 0, 1, 0, 1]


def test_nothing_is_outside_the_picture() -> None:
    transcript = sample()
    transcript.title = "A title of many words " * 20
    transcript.note("word " * 60, 400.0)
    root = parsed(ladder.svg(transcript, {1: "finding " * 100, 3: "x" * 2000}))
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for element in root.iter():
        for name, size in (("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height), ("y2", height)):
            assert 0 <= float(element.get(name, "0")) <= size
    for text in root.iter(f"{SVG}text"):
        if text.get("class") == "bad":
            assert float(text.get("x", "")) + 5.5 * len(text.text or "") < width


HOSTILE = [
    b'SIP/2.0 200 <script>alert(1)</script>\r\nCSeq: 1 <a href="javascript:x">\r\n\r\n',
    "SIP/2.0 200 \u202eevil\u200b\x00\x1b[31m\r\nCSeq: \ufffe\uffff\r\n\r\n".encode(),
    b"*HTML* <b>SIP/2.0\xff\xfe\r\n\r\n",
    b"]]><!--SIP/2.0 200 OK\r\n\r\n",
]


@pytest.mark.parametrize("raw", HOSTILE)
def test_what_the_dut_sends_stays_text(raw: bytes) -> None:
    transcript = sample()
    transcript.peers["127.0.2.1"] = "<P & CSCF>"
    transcript.record(False, GM, raw, 400.0)
    transcript.note(raw.decode("utf-8", "surrogateescape"), 400.0)
    picture = ladder.svg(transcript, {6: raw.decode("utf-8", "surrogateescape")})
    picture.encode("utf-8")
    names = {element.tag.removeprefix(SVG) for element in parsed(picture).iter()}
    assert names == {"svg", "style", "g", "title", "text", "line", "path", "rect"}
    attributes = {name for element in parsed(picture).iter() for name in element.attrib}
    assert attributes <= PASSIVE
    assert not [character for character in picture if not character.isprintable() and character != "\n"]
    assert "\x1b" not in ladder.text(transcript)


def test_the_style_refers_to_nothing() -> None:
    assert "url" not in STYLE
    assert "import" not in STYLE
    assert "prefers-color-scheme:dark" in STYLE
    assert all(
        part.startswith((".ladder ", "@media", "}")) or not part for part in STYLE.replace("}", "}\n").split("\n")
    )


def test_every_class_has_a_rule() -> None:
    root = parsed(ladder.svg(sample(), {3: "x"}))
    used = {name for element in root.iter() for name in element.get("class", "").split()}
    assert [name for name in used - {"ladder"} if f".ladder .{name}{{" not in STYLE] == []


def test_keys_are_masked_wherever_they_come_from() -> None:
    key = "00112233445566778899aabbccddeeff"
    transcript = sample()
    transcript.title = f"ck={key}"
    transcript.note(f'ik="{key}"', 400.0)
    transcript.record(False, GM, f"SIP/2.0 200 ck={key}\r\nCSeq: ck={key}\r\n\r\n".encode(), 400.0)
    transcript.record(False, GM, f"ck={key}".encode(), 400.0)
    marks = {1: f"Actual: ck={key}"}
    assert key not in ladder.svg(transcript, marks)
    assert key not in ladder.text(transcript, marks)


def test_lanes_stand_as_they_are_named_and_the_others_follow() -> None:
    transcript = Transcript("", 0.0)
    transcript.record(False, Flow("UDP", PCSCF, UE), REGISTER, 0.0)
    transcript.record(True, Flow("UDP", PCSCF, SCSCF), REGISTER, 0.0)
    transcript.peers.update({"127.0.1.7": "UE", PCSCF: "P-CSCF"})
    names = [text for text in texts(parsed(ladder.svg(transcript))) if text in ("UE", "P-CSCF", "127.0.3.1:5060")]
    assert names == ["UE", "P-CSCF", "127.0.3.1:5060"]
    lines = ladder.text(transcript).splitlines()
    assert lines[3].split() == names
    assert lines[4].index("|--") < lines[4].index("->|") < lines[5].index("|--") < lines[5].index("->|")


def test_a_flood_does_not_make_a_flood_of_a_picture() -> None:
    transcript = Transcript("", 0.0)
    for port in range(1, 1001):
        transcript.record(False, Flow("TCP", PCSCF, Address("127.0.1.7", port), port), REGISTER, 0.0)
    transcript.dropped = 3
    root = parsed(ladder.svg(transcript, {900: "found"}))
    shown = texts(root)
    assert "found" in shown
    assert "others" in shown
    assert f"{1000 - ladder.MAX_DRAWN - 1 - 100} more not drawn here" in shown
    assert "100 more not drawn here" in shown
    assert "3 more were not kept" in shown
    assert float(root.get("width", "")) < 3000
    assert len([text for text in shown if text == "REGISTER"]) == ladder.MAX_DRAWN + 1


def test_an_empty_transcript_has_a_ladder() -> None:
    empty = Transcript("nothing", 0.0)
    assert "nothing" in texts(parsed(ladder.svg(empty)))
    assert ladder.text(empty) == "nothing\n1970-01-01 00:00:00 UTC, 0 messages\n\n"
    empty.note("the DUT did not start", 1.0)
    assert "~ the DUT did not start ~" in ladder.text(empty)


def test_the_lines_for_a_terminal() -> None:
    transcript = sample()
    why = transcript.entries[4].error or ""
    assert ladder.text(transcript, {3: "MUST: be\nExpected: 200"}) == (
        "A registration\n"
        "2026-01-01 00:00:00 UTC, 5 messages\n"
        "\n"
        "                             UE                              P-CSCF\n"
        "    1      0.250 s            |----------- REGISTER ----------->|  CSeq 1 REGISTER, UDP\n"
        "    2      0.750 s            |- - - - - - REGISTER  - - - - - >|  retransmission of 1, CSeq 1 REGISTER, UDP\n"
        "    3      1.000 s            |<------ 401 Unauthorized --------|  CSeq 1 REGISTER, UDP\n"
        "                    ! MUST: be\n"
        "                    ! Expected: 200\n"
        "         301.000 s  ~ advanced 300 s ~\n"
        "    4    301.000 s            |---------- keep-alive ---------->|  UDP\n"
        "    5    302.000 s            |<--------- unreadable -----------|  "
        f"{why[:45]}..., UDP\n"
        "         303.000 s  ~ ICMP port unreachable ~\n"
    )
