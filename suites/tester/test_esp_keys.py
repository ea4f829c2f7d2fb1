"""The keys of associations: in a file only if asked for, which nobody else can read, and nowhere else."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from imsreg.allure.dressing import dressing
from imsreg.cli import main
from imsreg.errors import ExitClass, InputError
from imsreg.paths import data
from imsreg.robot.logview import judgement_html
from imsreg.secagree.associations import SaSet
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret
from imsreg.tester import esp_keys
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.esp_keys import EspKeyFile
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.transcript.capture import read_capture

CK, IK = bytes(range(0xA0, 0xB0)), bytes(range(0xC0, 0xD0))
TEST = "Suite: Protected"
SHA_CBC = Transform("hmac-sha-1-96", "aes-cbc")


def a_set(transform: Transform = SHA_CBC, *, first: int = 4096, v6: bool = False) -> SaSet:
    hosts = ("fd00::7", "fd00::1") if v6 else ("127.0.1.7", "127.0.2.1")
    ends = Endpoints(first, first + 1, 40_001, 40_002), Endpoints(first + 2, 4_294_967_295, 50_001, 50_002)
    return SaSet(*hosts, *ends, expand(transform, Secret(CK), Secret(IK)))


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").splitlines()[1:]


def test_the_table_has_a_row_for_each_association(tmp_path: Path) -> None:
    keys = EspKeyFile()
    keys.add(a_set())
    keys.write(tmp_path / "esp_sa")
    algorithms = f'"AES-CBC [RFC3602]","0x{CK.hex()}","HMAC-SHA-1-96 [RFC2404]","0x{IK.hex()}00000000"'
    assert lines(tmp_path / "esp_sa") == [
        f'"IPv4","127.0.1.7","127.0.2.1","0xffffffff",{algorithms}',
        f'"IPv4","127.0.2.1","127.0.1.7","0x00001000",{algorithms}',
        f'"IPv4","127.0.2.1","127.0.1.7","0x00001001",{algorithms}',
        f'"IPv4","127.0.1.7","127.0.2.1","0x00001002",{algorithms}',
    ]


@pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="-".join)
def test_every_transform_has_its_names(tmp_path: Path, transform: Transform) -> None:
    keys = EspKeyFile()
    keys.add(a_set(transform, v6=True))
    keys.write(tmp_path / "esp_sa")
    first = lines(tmp_path / "esp_sa")[0]
    if transform.alg == "aes-gmac":
        assert first.startswith("# UL1 [fd00::7]:40001 -> [fd00::1]:50002")
        assert IK.hex() not in first
    else:
        assert first.startswith('"IPv6","fd00::7","fd00::1",')
        assert first.count(",") == 7


def test_a_set_is_named_once_and_there_are_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(esp_keys, "MAX_SETS", 2)
    keys = EspKeyFile()
    for first in (4096, 4096, 5096, 6096):
        keys.add(a_set(first=first))
    assert len(keys) == 2
    keys.write(tmp_path / "esp_sa")
    assert len(lines(tmp_path / "esp_sa")) == 8


def test_only_its_owner_reads_it_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "esp_sa"
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        EspKeyFile().write(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["esp_sa"]


def test_a_link_that_waits_for_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("")
    (tmp_path / "esp_sa").symlink_to(tmp_path / "public")
    keys = EspKeyFile()
    keys.add(a_set())
    keys.write(tmp_path / "esp_sa")
    assert (tmp_path / "public").read_text() == ""


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        EspKeyFile().write(tmp_path / "file" / "esp_sa")


def test_it_shows_nothing() -> None:
    keys = EspKeyFile()
    keys.add(a_set())
    assert CK.hex() not in repr(vars(keys)) + repr(keys)


@pytest.mark.parametrize("asked", [True, False])
def test_a_test_writes_them_only_if_asked(tmp_path: Path, asked: bool) -> None:
    with Session(Settings(link="memory", output=tmp_path, esp_keys=asked)) as session:
        case = CscfCase(session, TEST, [])
        case.esp_keys.add(a_set())
        judgement = case.close()
        evidence = case.write_evidence(tmp_path, judgement)
        dressed = dressing(case, judgement)
        shown = [judgement_html(case, judgement, evidence), str(dressed.attachments[0].content)]
    assert ["keys of its associations" in each for each in shown] == [asked, asked], "reports say so"
    assert not [each for each in dressed.attachments if each.content == evidence.esp_keys]
    assert evidence.esp_keys.is_file() == asked
    others = [path for path in tmp_path.rglob("*") if path.is_file() and path != evidence.esp_keys]
    assert len(others) >= 4
    for octets in (CK, IK):
        assert not [path for path in others if octets in (held := path.read_bytes()) or octets.hex().encode() in held]


def test_no_file_without_associations_and_older_ones_go(tmp_path: Path) -> None:
    with Session(Settings(link="memory", output=tmp_path, esp_keys=True)) as session:
        for has_some in (True, False):
            case = CscfCase(session, TEST, [])
            if has_some:
                case.esp_keys.add(a_set())
            assert case.write_evidence(tmp_path, case.close()).esp_keys.is_file() == has_some


def test_each_runner_passes_the_choice_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from imsreg.robot import run

    seen: list[bool] = []

    def kept(settings: list[Settings], _: object) -> ExitClass:
        seen.extend(each.esp_keys for each in settings)
        return ExitClass.CONFORMANT

    monkeypatch.setattr(run, "run", kept)
    for options in ([], ["--esp-keys"]):
        main(["run", *options, "--output", str(tmp_path), "--profile", "any.yaml"])
    assert seen == [False, True]


@pytest.mark.parametrize(
    ("name", "chosen"),
    [("embedded-core-ipsec", "24.229-5.4.1.2.2-05"), ("embedded-ue-ipsec", "24.229-5.1.1.5.1-06")],
)
def test_a_run_over_esp_leaves_the_keys_of_its_associations(tmp_path: Path, name: str, chosen: str) -> None:
    where = ["--profile", str(data("fixtures", "profiles", f"{name}.yaml")), "--output", str(tmp_path)]
    main(["run", "--link", "memory", "--seed", "3", "--esp-keys", *where, chosen])
    files = {path.parent: path.read_text(encoding="ascii") for path in tmp_path.rglob("esp_sa")}
    captures = {path.parent: read_capture(path) for path in tmp_path.rglob("wire.pcapng")}
    used = {place: {entry.event.spi for entry in capture.esp} for place, capture in captures.items()}
    assert {place for place, spis in used.items() if spis} <= set(files), "each test with a packet has its keys"
    for place, text in files.items():
        assert used[place] <= {int(spi, 16) for spi in re.findall(r'"0x([0-9a-f]{8})"', text)}
    keys = {bytes.fromhex(key) for text in files.values() for key in re.findall(r'"0x([0-9a-f]{32,})"', text)}
    others = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "esp_sa"]
    assert keys
    texts = [path.read_bytes() for path in others]
    assert not [key for key in keys for octets in texts if key in octets or key.hex().encode() in octets]
