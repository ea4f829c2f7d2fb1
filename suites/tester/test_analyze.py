"""`imsreg analyze`: a capture is judged as the run was that it comes from, and what is none is refused in one line."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from imsreg.cli import main
from imsreg.errors import ExitClass, InputError
from imsreg.paths import data
from imsreg.sip.flow import Address, Flow
from imsreg.tester.analysis import Analyst
from imsreg.tester.captures import read_captures
from imsreg.transcript.capture import read_capture
from imsreg.transcript.circumstances import Circumstances, Stop
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.journal import read
from imsreg.verdict.records import Ruled
from imsreg.verdict.verdict import Ruling

RIGHT = "right-response-is-answered-200"
ANSWERED = "24.229-5.4.1.2.2-05"

Rulings = dict[str, dict[str, Ruling]]
"""Test -> requirement -> ruling, without the command that shows it again."""


class Lived(NamedTuple):
    """A run that has been lived through."""

    output: Path
    profile: Path
    code: int


def profile(name: str) -> Path:
    return data("fixtures", "profiles", f"{name}.yaml")


def live(output: Path, name: str, *mutant: str, chosen: Sequence[str] = ()) -> Lived:
    options = ["--mutant", *mutant] if mutant else []
    where = ["--profile", str(profile(name)), "--output", str(output), *chosen]
    return Lived(output, profile(name), main(["run", "--link", "memory", "--seed", "20", *options, *where]))


@pytest.fixture(scope="module", params=["embedded-core", "embedded-core-plain"])
def conformant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """All suites on the conformant reference."""
    return live(tmp_path_factory.mktemp("conformant"), request.param)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The mode none on a core that leaves CK in its challenges."""
    return live(tmp_path_factory.mktemp("plain"), "embedded-core-plain", "p09-ck-left-in-the-challenge")


def without_command(ruling: Ruling) -> Ruling:
    return replace(ruling, findings=tuple(replace(finding, reproduce="") for finding in ruling.findings))


def journal(output: Path) -> Rulings:
    """What the run ruled, test by test."""
    found: Rulings = {}
    for record in read(output / "journal.jsonl").records:
        if isinstance(record, Ruled):
            found.setdefault(record.test, {})[record.ruling.requirement] = without_command(record.ruling)
    return found


def analysis(lived: Lived) -> Rulings:
    """What its captures say."""
    analyst = Analyst(lived.profile)
    found: Rulings = {}
    for path, transcript in read_captures([lived.output]).items():
        judgement = analyst.analyse(path, transcript, transcript.title).judgement
        found[transcript.title] = {
            ruling.requirement: without_command(ruling) for ruling in (*judgement.rulings, *judgement.in_passing)
        }
    return {test: rulings for test, rulings in found.items() if rulings}


def differences(lived: Lived) -> list[str]:
    """What a capture says otherwise than its run, one line each."""
    before, after = journal(lived.output), analysis(lived)
    return [
        f"{test}: {requirement}: {live_ruling} in the run, {capture_ruling} from its capture"
        for test in sorted({*before, *after})
        for requirement in sorted({*before.get(test, {}), *after.get(test, {})})
        for live_ruling in (before.get(test, {}).get(requirement),)
        for capture_ruling in (after.get(test, {}).get(requirement),)
        if live_ruling != capture_ruling
    ]


def test_captures_of_the_conformant_core_give_the_rulings_of_the_run(conformant: Lived) -> None:
    assert conformant.code == ExitClass.CONFORMANT
    assert len(journal(conformant.output)) >= 40
    assert differences(conformant) == []


@pytest.mark.parametrize(
    ("name", "chosen"), [("embedded-core-ipsec", ["24.229", "33.203"]), ("embedded-ue-ipsec", ["24.229/5.1.1"])]
)
def test_captures_over_esp_give_the_rulings_of_the_run(name: str, chosen: list[str], tmp_path: Path) -> None:
    lived = live(tmp_path, name, chosen=chosen)
    transcripts = read_captures([tmp_path]).values()
    assert [t for t in transcripts if any(record.event.octets for record in t.esp)]
    assert [t for t in transcripts if any(entry.flow.association for entry in t.entries)]
    assert differences(lived) == []


@pytest.mark.parametrize(
    "mutant",
    [
        "c-response-on-another-connection",  # over TCP
        "c-silent-after-a-malformed-message",  # the tester waits in vain, the scenario ends early
        "s19-binding-ends-with-another",  # time passes
        "s01-auts-ignored",  # the keys decide
        "s-notify-missing-after-200",  # what is missing is a request of the DUT
    ],
)
def test_captures_of_a_mutant_give_the_rulings_of_the_run(mutant: str, tmp_path: Path) -> None:
    lived = live(tmp_path, "embedded-core-plain", mutant)
    verdicts = {str(r.verdict) for rulings in journal(tmp_path).values() for r in rulings.values()}
    assert lived.code == ExitClass.FAILED
    assert "FAIL" in verdicts
    assert differences(lived) == []


def test_a_masked_key_is_seen_all_the_same(plain: Lived) -> None:
    found = [rulings["33.203-6.1.1-04"] for rulings in analysis(plain).values() if "33.203-6.1.1-04" in rulings]
    assert found
    assert {str(ruling.verdict) for ruling in found} == {"FAIL"}
    assert differences(plain) == []


class Ended(NamedTuple):
    """How the verb ended."""

    code: int
    out: str
    err: str


Analyze = Callable[..., Ended]


@pytest.fixture
def analyze(capsys: pytest.CaptureFixture[str]) -> Analyze:
    """Runs the verb in this process."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main(["analyze", *map(str, arguments)])
        return Ended(code, *capsys.readouterr())

    return run


def refused(ended: Ended) -> str:
    """The one line with which the verb refused what it was given."""
    assert (ended.code, ended.out) == (ExitClass.USAGE, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("imsreg: ")
    return line


def own_profile(directory: Path, *, subscribers: Path | None = None, dut: str = "", more: str = "") -> Path:
    """The profile of the plain mode with other subscribers, another DUT, or more text."""
    text = profile("embedded-core-plain").read_text(encoding="utf-8")
    known = subscribers or data("fixtures", "subscribers", "embedded.yaml")
    text = text.replace("../subscribers/embedded.yaml", str(known))
    path = directory / "profile.yaml"
    path.write_text((text.replace("embedded: reference-core", dut) if dut else text) + more, encoding="utf-8")
    return path


def capture(directory: Path, circumstances: Circumstances | None = None) -> Path:
    """A capture with one OPTIONS."""
    transcript = Transcript("a: test", 1_767_225_600.0, start=0.0)
    transcript.circumstances = circumstances or Circumstances()
    flow = Flow("UDP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060))
    transcript.record(True, flow, b"OPTIONS sip:b SIP/2.0\r\n\r\n", 0.0)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "wire.pcapng"
    path.write_bytes(write_capture(transcript))
    return path


def verdicts(output: Path) -> Mapping[str, object]:
    """verdicts.json without the commands that show findings again."""
    found = json.loads((output / "verdicts.json").read_text(encoding="utf-8"))
    for entry in found["verdicts"].values():
        for finding in entry["findings"]:
            del finding["reproduce"]
    return dict(found)


def test_one_capture_shows_ladder_finding_and_verdicts(plain: Lived, analyze: Analyze) -> None:
    path = plain.output / "evidence" / "the-first-register-is-challenged-by-aka" / "wire.pcapng"
    assert path.exists()
    ended = analyze(path, "--profile", plain.profile)
    assert (ended.code, ended.err) == (ExitClass.FAILED, "")
    lines = ended.out.splitlines()
    assert lines[0] == "5 4 1 2 1 Challenge: The First REGISTER Is Challenged By AKA"
    begin = next(number for number, line in enumerate(lines) if line.startswith("FAIL: TS 33.203 6.1.1"))
    assert any(line.strip().startswith("! 33.203-6.1.1-04: ck with a value") for line in lines[:begin])
    assert [line.split(":")[0].strip() for line in lines[begin + 1 : begin + 5]] == [
        "Expected",
        "Actual",
        "Where",
        "Reproduce",
    ]
    assert lines[begin + 4] == f"Reproduce: imsreg analyze --profile {plain.profile} {path}"
    assert "PASS          24.229-5.4.1.2.1-01     MUST    " in ended.out
    assert "also kept: " in ended.out
    assert lines[-1].startswith("9 requirements: 8 PASS, 1 FAIL, ")


def test_a_subscription_is_in_the_ladder(plain: Lived, analyze: Analyze) -> None:
    (path,) = (plain.output / "evidence").glob("the-last-de-registration-ends-the-subscription*")
    ended = analyze(path, "--profile", plain.profile)
    rows = [line.split("|")[1].strip(" -<>") for line in ended.out.splitlines() if line.count("|") == 2]
    told = [row for row in rows if row in ("REGISTER", "SUBSCRIBE", "NOTIFY")]
    assert told == ["REGISTER", "REGISTER", "SUBSCRIBE", "NOTIFY", "REGISTER", "REGISTER", "NOTIFY"]
    assert "PASS          24.229-5.4.2.1.2-04" in ended.out


def test_all_captures_of_a_run_give_its_verdicts(plain: Lived, analyze: Analyze, tmp_path: Path) -> None:
    ended = analyze(plain.output, "--profile", plain.profile, "--output", tmp_path / "again")
    assert ended.code == plain.code == ExitClass.FAILED
    assert verdicts(tmp_path / "again") == verdicts(plain.output)
    assert (tmp_path / "again" / "matrix.html").exists()
    before, after = ({p.name for p in (d / "evidence").iterdir()} for d in (plain.output, tmp_path / "again"))
    assert after == before
    one = f"evidence/{RIGHT}/transcript.txt"
    assert (tmp_path / "again" / one).read_text() == (plain.output / one).read_text()


def test_a_deviation_that_is_gone_shows_in_all_captures_together(tmp_path: Path, analyze: Analyze) -> None:
    listed = own_profile(tmp_path, more=f"deviations: [{{id: {ANSWERED}, because: it was so}}]\n")
    output = tmp_path / "out"
    assert main(["run", "--link", "memory", "--profile", str(listed), "--output", str(output)]) == ExitClass.FAILED
    assert analyze(output, "--profile", listed, "--output", tmp_path / "again").code == ExitClass.FAILED
    assert verdicts(tmp_path / "again") == verdicts(output)
    one = analyze(output / "evidence" / RIGHT, "--profile", listed)
    assert one.code == ExitClass.CONFORMANT, "another test may show it"


def test_without_keys_what_needs_them_is_inconclusive(plain: Lived, analyze: Analyze, tmp_path: Path) -> None:
    text = data("fixtures", "subscribers", "embedded.yaml").read_text(encoding="utf-8")
    (tmp_path / "keyless.yaml").write_text(text.replace("keys: embedded-keys.yaml\n", ""), encoding="utf-8")
    keyless = own_profile(tmp_path, subscribers=tmp_path / "keyless.yaml")
    ended = analyze(plain.output / "evidence" / RIGHT, "--profile", keyless)
    assert ended.code == ExitClass.FAILED, "that CK was left in the challenge needs no keys to be seen"
    assert f"INCONCLUSIVE  {ANSWERED}" in ended.out
    assert "keys: " in ended.out
    assert "there are no keys; name a key file" in ended.out
    assert "undecided without keys: " in ended.out

    by_keys, without = analysis(plain), analysis(plain._replace(profile=keyless))
    lost = {
        (test, row) for test, rulings in by_keys.items() for row in rulings if without[test].get(row) != rulings[row]
    }
    assert {without[test][row].reason.partition(":")[0] for test, row in lost} == {"keys"}
    assert ("5 4 1 2 1 Challenge: The First REGISTER Is Challenged By AKA", "33.203-6.1.1-01") in lost
    kept = "Rfc3608 6 3 Service Route: Every Service-Route Value Is A Loose Route"
    assert str(without[kept]["rfc3608-6.3-01"].verdict) == "PASS"


def test_other_subscribers_are_refused(plain: Lived, analyze: Analyze, tmp_path: Path) -> None:
    (tmp_path / "others.yaml").write_text('subscribers: [{name: zoe, imsi: "001019999999998", mnc_digits: 2}]\n')
    others = own_profile(tmp_path, subscribers=tmp_path / "others.yaml")
    line = refused(analyze(plain.output / "evidence" / RIGHT, "--profile", others))
    assert "others.yaml: has no subscriber " in line

    path = plain.output / "evidence" / RIGHT / "wire.pcapng"
    transcript = read_capture(path)
    transcript.circumstances = Circumstances()
    (tmp_path / "wire.pcapng").write_bytes(write_capture(transcript))
    assert "has no subscriber " in refused(analyze(tmp_path, "--profile", others))


@pytest.mark.parametrize(
    ("stop", "code", "reason"),
    [
        (Stop("no-answer", "no answer within 32 s"), ExitClass.INCONCLUSIVE, "no-answer: no answer within 32 s"),
        (Stop("not-applicable", "the profile's transports are udp"), ExitClass.CONFORMANT, "transports are udp"),
    ],
)
def test_why_a_scenario_ended_early_is_kept(
    stop: Stop, code: int, reason: str, analyze: Analyze, tmp_path: Path
) -> None:
    ended = analyze(capture(tmp_path, Circumstances((ANSWERED,), stopped=stop)))
    assert ended.code == code
    assert reason in ended.out


def test_a_scenario_that_ended_early_is_inconclusive_whatever_held(
    plain: Lived, analyze: Analyze, tmp_path: Path
) -> None:
    transcript = read_capture(plain.output / "evidence" / RIGHT / "wire.pcapng")
    known = transcript.circumstances
    transcript.circumstances = replace(known, stopped=Stop("unexpected", "expected 200, got 500"))
    (tmp_path / "wire.pcapng").write_bytes(write_capture(transcript))
    ended = analyze(tmp_path, "--profile", plain.profile)
    assert "PASS          24.229-5.4.1.2.2-05" in ended.out
    assert "the scenario ended early: expected 200, got 500" in ended.out
    assert ended.code == ExitClass.FAILED, "CK in the challenge"
    transcript.entries.clear()
    (tmp_path / "wire.pcapng").write_bytes(write_capture(transcript))
    assert analyze(tmp_path, "--profile", plain.profile).code == ExitClass.INCONCLUSIVE


def test_a_capture_that_names_no_requirement_decides_what_it_can(
    plain: Lived, analyze: Analyze, tmp_path: Path
) -> None:
    transcript = read_capture(plain.output / "evidence" / RIGHT / "wire.pcapng")
    transcript.circumstances = Circumstances()
    (tmp_path / "wire.pcapng").write_bytes(write_capture(transcript))
    ended = analyze(tmp_path, "--profile", plain.profile)
    assert "PASS          24.229-5.4.1.2.2-05" in ended.out
    assert "FAIL          33.203-6.1.1-04" in ended.out
    assert ended.code == ExitClass.FAILED


def test_a_capture_that_decides_nothing_is_inconclusive(analyze: Analyze, tmp_path: Path) -> None:
    ended = analyze(capture(tmp_path))
    assert ended.code == ExitClass.INCONCLUSIVE
    assert ended.out.splitlines()[-1].startswith("0 requirements: ")


def test_a_test_is_chosen_by_its_title(plain: Lived, analyze: Analyze) -> None:
    title = "right response is answered 200"
    ended = analyze(plain.output, "--profile", plain.profile, "--test", title)
    assert ended.out.startswith("5 4 1 2 2 Protected Register: Right Response Is Answered 200\n")
    assert ended.out.count(" messages\n") == 1
    line = refused(analyze(plain.output, "--profile", plain.profile, "--test", "Right Respose Is Answered 200"))
    assert line.endswith("no capture is of this test; did you mean Right Response Is Answered 200?")


def test_captures_with_one_title_are_told_apart(analyze: Analyze, tmp_path: Path) -> None:
    paths = [capture(tmp_path / name, Circumstances((ANSWERED,))) for name in "ab"]
    analyze(*paths, "--output", tmp_path / "out")
    (entry,) = json.loads((tmp_path / "out" / "verdicts.json").read_text())["verdicts"].values()
    assert entry["tests"] == [f"a: test ({path})" for path in paths]


def test_host_names_are_those_of_then(plain: Lived, analyze: Analyze, tmp_path: Path) -> None:
    """What the name means today is of no interest, and nobody is asked."""
    named = own_profile(tmp_path, dut="address: nobody.invalid")
    assert analyze(plain.output / "evidence" / RIGHT, "--profile", named).code == plain.code
    assert "nobody.invalid cannot be resolved" in refused(analyze(capture(tmp_path), "--profile", named))


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04" + bytes(100), "no section header: this is no pcapng file"),
        ("REGISTER sip:home SIP/2.0\r\n\r\n".encode("utf-16"), "no section header: this is no pcapng file"),
    ],
    ids=["empty", "zip", "text"],
)
def test_what_is_no_capture_is_refused_in_one_line(
    octets: bytes, problem: str, analyze: Analyze, tmp_path: Path
) -> None:
    path = tmp_path / "wire.pcapng"
    path.write_bytes(octets)
    assert problem in refused(analyze(path))


def test_what_is_not_there_is_refused_in_one_line(analyze: Analyze, tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refused(analyze(tmp_path / "none.pcapng"))
    assert "there is no capture in it" in refused(analyze(tmp_path))
    assert "there is no such file" in refused(analyze(capture(tmp_path), "--profile", tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("circumstances", "problem"),
    [
        (Circumstances(("24.229-9.9-99",)), "no requirement has the id 24.229-9.9-99"),
        (Circumstances(stopped=Stop("bored", "x")), 'cannot be stopped by "bored"'),
    ],
)
def test_a_capture_of_another_version_is_refused(
    circumstances: Circumstances, problem: str, analyze: Analyze, tmp_path: Path
) -> None:
    line = refused(analyze(capture(tmp_path, circumstances)))
    assert problem in line
    assert line.endswith("another version of imsreg wrote the capture")


def test_an_output_that_cannot_be_written_is_refused(analyze: Analyze, tmp_path: Path) -> None:
    path = capture(tmp_path)
    ended = analyze(path, "--output", path)
    assert ended.code == ExitClass.USAGE
    assert "cannot be made" in ended.err


def test_any_damage_ends_in_verdicts_or_one_line(plain: Lived, tmp_path: Path) -> None:
    octets = (plain.output / "evidence" / RIGHT / "wire.pcapng").read_bytes()
    draw = random.Random(5)
    analyst = Analyst(plain.profile)
    path = tmp_path / "wire.pcapng"
    judged = refusals = 0
    for _ in range(150):
        spoilt = bytearray(octets)
        for _ in range(draw.randrange(1, 6)):
            spoilt[draw.randrange(len(spoilt))] = draw.randrange(256)
        path.write_bytes(bytes(spoilt[: draw.choice((len(spoilt), draw.randrange(len(spoilt))))]))
        try:
            transcript = read_capture(path)
            analyst.summary([analyst.analyse(path, transcript, "spoilt")])
            judged += 1
        except InputError as error:
            refusals += "\n" not in str(error)
    assert judged + refusals == 150
    assert min(judged, refusals) > 20
