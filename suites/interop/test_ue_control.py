"""Real UEs as DUT: the control commands of their profiles do what they say, and leave nothing behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from imsreg.paths import data

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))

from kamailio import namespace  # noqa: E402

TOLD = Path(__file__).with_name("told_ue.py")
PROFILES = data("fixtures", "profiles")
LIMIT = 60
REGISTERED = ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK"]
PACKAGES = {"sipp": "sip-tester", "baresip": "baresip-core", "linphonec": "linphone-cli"}

_WAY = namespace.way() or ()
_HAS_IP = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin") is not None


def require(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed; apt-get install {PACKAGES[program]}")


def told(profile: Path, within: Sequence[str] = ()) -> dict[str, Any]:
    """What told_ue.py says of the UE of a profile."""
    command = [*within, sys.executable, str(TOLD), str(profile)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def check(result: dict[str, Any]) -> None:
    assert result["registered"] == [True, False, True]
    assert [label for label in result["passed"] if "REGISTER" in label or label[0].isdigit()][:4] == REGISTERED
    assert (result["left"], result["kept"]) == (False, False)


def test_sipp_does_what_it_is_told(tmp_path: Path) -> None:
    require("sipp")
    text = (PROFILES / "sipp-ue.yaml").read_text().replace("../", f"{PROFILES.parent}/")
    mine = tmp_path / "sipp-ue.yaml"
    # Another place than that of whoever uses the profile as it is.
    mine.write_text(text.replace("address: 127.0.3.16, port: 5060", "address: 127.0.3.18, port: 5068"))
    check(told(mine))


@pytest.mark.parametrize(("program", "profile"), [("baresip", "baresip-ue"), ("linphonec", "linphone-ue")])
def test_a_softphone_does_what_it_is_told(program: str, profile: str) -> None:
    require(program)
    if not (_WAY and _HAS_IP):
        pytest.skip("iproute2 is not installed" if _WAY else namespace.NO_RIGHT)
    check(told(PROFILES / f"{profile}.yaml", (*_WAY, "sh", str(data("fixtures", "ues", "with-veth")))))
