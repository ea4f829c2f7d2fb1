"""Captures of somebody else's: what is said of them is true of the run that they come from."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from imsreg.cli import main
from imsreg.commands.overheard import overheard_lines
from imsreg.errors import ExitClass, InputError
from imsreg.paths import data
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.foreign_analysis import ForeignAnalyst, Heard, Overheard
from imsreg.tester.foreign_keys import SubscriberKeys
from imsreg.tester.preflight import read_profile
from imsreg.transcript.blocks import BlockType, read_blocks
from imsreg.transcript.foreign import read_foreign
from imsreg.verdict.verdict import Ruling, Verdict

Pcap = Callable[[bytes], bytes]
BROKEN = (Verdict.FAIL, Verdict.NON_STRICT)
RAW_IP, WIRE = 101, 1
RIGHT = "right-response-is-answered-200"
ODD = "malformed-messages-do-not-silence-the-dut"


def as_pcap(capture: bytes, interface: int = 0) -> bytes:
    """The packets of one interface of a capture of ours, as tcpdump would have written them: no names, no remarks.

    Interface 0 has the messages as if there was no ESP, interface 1 what was on the wire beside them.
    """
    pieces = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, RAW_IP)]
    for block in read_blocks(capture):
        if block.kind == BlockType.ENHANCED_PACKET:
            number, high, low, captured, original = block.unpack("IIIII")
            if number == interface:
                at = high << 32 | low
                pieces.append(struct.pack("<IIII", at // 10**6, at % 10**6, captured, original))
                pieces.append(block.body[20 : 20 + captured])
    return b"".join(pieces)


def profile(name: str) -> Path:
    return data("fixtures", "profiles", f"{name}.yaml")


def live(output: Path, name: str, *options: str) -> int:
    return main(
        ["run", "--link", "memory", "--seed", "20", "--profile", str(profile(name)), "--output", str(output), *options]
    )


def overheard(path: Path, octets: bytes, name: str | None = None) -> Overheard:
    given, subscribers = read_profile(profile(name)) if name is not None else (None, ())
    return ForeignAnalyst(given, subscribers).analyse(read_foreign(path, octets, keys=SubscriberKeys(subscribers)))


def rulings_of(heard: Heard, role: str) -> Iterator[Ruling]:
    for side in heard.sides:
        if side.role == role:
            yield from side.judgement.rulings


def broken(output: Path, name: str | None, role: str) -> dict[str, set[str]]:
    """Test -> rows that one side has broken by the captures of a run, turned into somebody else's."""
    found: dict[str, set[str]] = {}
    for path in sorted(output.glob("evidence/*/wire.pcapng")):
        rows = {
            ruling.requirement
            for heard in overheard(path, as_pcap(path.read_bytes()), name).heard
            for ruling in rulings_of(heard, role)
            if ruling.verdict in BROKEN
        }
        if rows:
            found[path.parent.name] = rows
    return found


@pytest.fixture(scope="module", params=["embedded-core-ipsec", "embedded-ue-ipsec"])
def conformant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A conformant reference through all suites: tests that try it in every way."""
    output = tmp_path_factory.mktemp(request.param)
    assert live(output, request.param) == ExitClass.CONFORMANT
    return request.param, output


@pytest.mark.parametrize("with_profile", [True, False])
def test_nothing_is_held_against_a_conformant_side(conformant: tuple[str, Path], with_profile: bool) -> None:
    name, output = conformant
    role = "ue" if "-ue" in name else "core"
    assert broken(output, name if with_profile else None, role) == {}


def test_what_a_run_finds_a_capture_shows_and_no_more(tmp_path: Path) -> None:
    """A defect that shows in ordinary messages."""
    live(tmp_path, "embedded-core", "--mutant", "c-service-route-missing", "--include", "smoke")
    failed = {
        row
        for row, entry in json.loads((tmp_path / "verdicts.json").read_text())["verdicts"].items()
        if entry["verdict"] == "FAIL"
    }
    seen = broken(tmp_path, "embedded-core", "core")
    assert {row for rows in seen.values() for row in rows} == failed != set()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where two captures of a run on the reference core are, as pcap."""
    output = tmp_path_factory.mktemp("plain")
    live(output / "out", "embedded-core", "24.229-5.4.1.2.2-05", "rfc3261-18.1.1-01")
    for name in (RIGHT,):
        (output / f"{name}.pcap").write_bytes(
            as_pcap((output / "out" / "evidence" / name / "wire.pcapng").read_bytes())
        )
    return output


def test_without_a_profile_both_sides_are_judged(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(plain / f"{RIGHT}.pcap")]) == ExitClass.CONFORMANT
    said = capsys.readouterr().out
    assert "12 SIP messages, 0 packets of ESP" in said
    assert "how it went:" in said
    assert "REGISTER, the answer to the challenge: 200 OK, bound for 600000 s" in said
    assert "\nUE:\nOBSERVATION" in said
    assert "\nnetwork:\nkept: " in said
    assert "undecided without keys: " in said


def test_keys_decide_the_rest(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--profile", str(profile("embedded-core"))]
    assert main(["analyze", str(plain / f"{RIGHT}.pcap"), *given]) == ExitClass.CONFORMANT
    said = capsys.readouterr().out
    assert "the answer to the challenge, which is right: 200 OK" in said
    assert "undecided without keys" not in said
    assert "24.229-5.4.1.2.2-05" in said


def test_each_side_has_its_reports(plain: Path, tmp_path: Path) -> None:
    main(["analyze", str(plain / f"{RIGHT}.pcap"), "--output", str(tmp_path)])
    for side in ("ue", "network"):
        verdicts = json.loads((tmp_path / side / "verdicts.json").read_text())["verdicts"]
        assert verdicts
        assert (tmp_path / side / "matrix.html").exists()
        assert list((tmp_path / side / "evidence").glob("*/ladder.svg"))


def test_our_own_and_somebody_elses_at_once(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = plain / "out" / "evidence" / RIGHT / "wire.pcapng"
    assert main(["analyze", str(own), str(plain / f"{RIGHT}.pcap")]) == ExitClass.CONFORMANT
    assert capsys.readouterr().out.count(" 12 messages\n") == 2


def test_a_capture_without_a_registration_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(as_pcap(b""))
    assert main(["analyze", str(path)]) == ExitClass.INCONCLUSIVE
    assert "there is no SIP message in it; capture between the UE and its P-CSCF" in capsys.readouterr().out


def test_where_the_capture_lost_packets_nobody_is_blamed(plain: Path) -> None:
    """The last three messages but the last are cut, and what is left of one may look like anything."""
    octets = (plain / f"{RIGHT}.pcap").read_bytes()
    packets, offset = [], 24
    while offset < len(octets):
        length = struct.unpack_from("<I", octets, offset + 8)[0]
        packets.append((octets[offset : offset + 8], octets[offset + 16 : offset + 16 + length]))
        offset += 16 + length
    cut = octets[:24]
    for number, (at, packet) in enumerate(packets):
        kept = packet[:200] if len(packets) - 4 <= number < len(packets) - 1 else packet
        cut += at + struct.pack("<II", len(kept), len(packet)) + kept
    shown = overheard(plain, cut)
    assert any("capture with -s 0" in remark for remark in shown.remarks)
    assert shown.heard
    assert not any(ruling.verdict in BROKEN for ruling in shown.rulings)


@pytest.mark.parametrize("kind", ["octets", "messages"])
def test_any_damage_ends_in_an_analysis_or_one_line(plain: Path, kind: str) -> None:
    """Text from the DUT is hostile, and so is a capture."""
    octets, draw, analysed = (plain / f"{RIGHT}.pcap").read_bytes(), Random(5), 0
    refused: list[str] = []
    for _ in range(60):
        spoilt = bytearray(octets)
        for _ in range(draw.choice((1, 5, 50))):
            place = draw.randrange(24, len(spoilt))
            if kind == "octets":
                spoilt[place] = draw.randrange(256)
            else:  # of the same length, so that everything is read
                word = draw.choice((b"sip:", b"tel:", b"urn:", b'"', b"<", b"@", b"\x00", b"\xff", b";", b",", b"]"))
                spoilt[place : place + len(word)] = word[: len(spoilt) - place]
        try:
            shown = overheard(plain, bytes(spoilt))
        except InputError as error:
            refused.append(str(error))
            continue
        analysed += bool(shown.heard)
        lines = "\n".join(overheard_lines(shown, full_catalogue()))
        assert "\x00" not in lines
    assert analysed > 20
    assert not any("\n" in line for line in refused)
