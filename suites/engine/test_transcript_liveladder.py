"""The ladder while it grows: columns stay where they are, whoever comes; what is shown is harmless."""

from __future__ import annotations

from collections.abc import Sequence

from imsreg.sip.flow import Address, Flow
from imsreg.transcript.entries import Entry
from imsreg.transcript.liveladder import MAX_LANES, LiveLadder
from imsreg.transcript.textladder import text
from imsreg.transcript.transcript import Transcript

CORE, UE = Address("127.0.3.1", 5060), Address("127.0.2.1", 5064)
GM = Flow("UDP", CORE, UE)
REGISTER = b"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\nCall-ID: c\r\n\r\n"
DENIED = b"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 1 REGISTER\r\nCall-ID: c\r\n\r\n"


def entry(number: int = 1, *, sent: bool = False, raw: bytes | None = None) -> Entry:
    return Entry.of(number, 0.25, sent, GM, raw or (DENIED if sent else REGISTER))


def arrows(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if ">|" in line or "|<" in line]


def test_one_ue_has_the_ladder_that_is_drawn_afterwards() -> None:
    transcript = Transcript("t", 0.0, start=0.0)
    transcript.peers = {UE: "UE", CORE: "P-CSCF"}
    live = LiveLadder()
    lines: list[str] = []
    for sent, raw in ((False, REGISTER), (False, REGISTER), (True, DENIED), (False, b"junk")):
        kept = transcript.record(sent, GM, raw, 0.5)
        assert kept is not None
        lines += live.message("UE", kept, transcript.repeat_of(kept))
    assert lines[1:] == text(transcript).splitlines()[3:]


def test_no_column_moves_when_another_ue_comes() -> None:
    live = LiveLadder()
    lines = [line for ue in ("one", "two", "three", "one") for line in live.message(ue, entry(), None)]
    names = [line.split() for line in lines if "P-CSCF" in line]
    assert names == [["one", "P-CSCF"], ["one", "P-CSCF", "two"], ["one", "P-CSCF", "two", "three"]]
    first, second, third, last = arrows(lines)
    assert first.index(">|") == last.index(">|")
    assert second.index("|<") == third.index("|<") == first.index(">|") + 1
    assert third.rindex("-|") > second.rindex("-|")


def test_a_crowd_shares_the_last_lane_and_keeps_its_names() -> None:
    live = LiveLadder()
    crowd = [f"ue{n}" for n in range(MAX_LANES + 5)]
    lines = [line for ue in crowd for line in live.message(ue, entry(), None)]
    heads = [line.split() for line in lines if "P-CSCF" in line]
    assert len(heads) == MAX_LANES - 1
    assert heads[-1][-1] == "others"
    assert len({len(line.partition("  ue")[0]) for line in arrows(lines)[MAX_LANES - 2 :]}) == 1
    assert [line.rpartition("|  ")[2].split(",")[0] for line in arrows(lines)[-6:]] == crowd[-6:]


def test_a_number_of_zero_stays_away() -> None:
    *_, numbered = LiveLadder().message("UE", entry(17), None)
    *_, bare = LiveLadder().message("UE", entry(0), None)
    assert numbered.startswith("   17 ")
    assert bare == "     " + numbered[5:]


def test_remarks_stand_below_and_nothing_in_them_is_alive() -> None:
    leak = "Q: ck=00112233445566778899aabbccddeeff \x1b[31m"
    live = LiveLadder()
    lines = [*live.message("U\x07E", entry(raw=b"X\x1b[2J"), None, [leak]), live.event("a\x1bb", 1.0)]
    assert lines[-2].strip() == "! Q: ck=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx \\x1b[31m"
    assert lines[-1].endswith("1.000 s  ~ a\\x1bb ~")
    assert all(line.isprintable() for line in lines)
