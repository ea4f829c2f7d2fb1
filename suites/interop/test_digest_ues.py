"""Softphones register with the reference core by SIP digest: UEs that know neither AKA nor us."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from string import Template

import pytest

from imsreg.paths import data
from imsreg.tester.reference_process import ReferenceProcess

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))

from kamailio import namespace  # noqa: E402

DOMAIN = "ims.mnc001.mcc001.3gppnetwork.org"
CORE = "192.0.2.10"
LIFETIME = ("timeout", "--foreground", "--kill-after=2", "20")
"""No UE lives longer, whatever becomes of the test.

In the foreground `timeout` passes SIGTERM on to the UE alone. Else it signals its process group as well: baresip then
gets the signal twice now and then, and at the second one it leaves without waiting for the answer to its REGISTER.
"""

_WAY = namespace.way() or ()
_HAS_IP = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin") is not None
_HINDRANCE = "" if _WAY and _HAS_IP else "iproute2 is not installed" if _WAY else namespace.NO_RIGHT
pytestmark = pytest.mark.skipif(bool(_HINDRANCE), reason=_HINDRANCE)


@pytest.fixture
def core() -> Iterator[ReferenceProcess]:
    """A reference core in a network namespace of its own, which is there as long as the core is."""
    within = (*_WAY, "sh", str(data("fixtures", "ues", "with-veth")))
    profile = data("fixtures", "profiles", "digest-core.yaml")
    with closing(ReferenceProcess(profile, addresses=[CORE], within=within)) as process:
        assert process.addresses["IPv4"].host == CORE
        yield process


class Ue:
    """A softphone in the core's namespace, its configuration, home and log in `directory`."""

    def __init__(self, core: ReferenceProcess, directory: Path, *command: str) -> None:
        user = ("--user", "--preserve-credentials") if "--user" in _WAY else ()
        self._process = subprocess.Popen(
            ["nsenter", "--target", str(core.pid), "--net", *user, *LIFETIME, "stdbuf", "--output=L", *command],
            cwd=directory,
            env={"HOME": str(directory), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []

    def wait_for(self, text: str) -> None:
        """Read what it says until `text` comes."""
        for line in self._process.stdout or ():
            self.said.append(line)
            if text in line:
                return
        pytest.fail(f"the UE ended without {text!r}:\n{''.join(self.said)}")

    def stop(self, command: str | None = None) -> None:
        """Let it go by itself, told so by a command or by SIGTERM."""
        if command is None:
            self._process.terminate()
        self.said.append(self._process.communicate(command, timeout=10)[0])

    def end(self) -> None:
        """End it, if it has not ended: SIGTERM first, and SIGKILL by `timeout` if that does not help."""
        self._process.terminate()
        self._process.communicate(timeout=10)


@contextmanager
def ue(core: ReferenceProcess, directory: Path, *command: str) -> Iterator[Ue]:
    phone = Ue(core, directory, *command)
    try:
        yield phone
    finally:
        phone.end()


def configure(directory: Path, kind: str, core: ReferenceProcess, transport: str) -> None:
    """Copy a UE's configuration, with the way to the core filled in."""
    for file in data("fixtures", "ues", kind).iterdir():
        text = Template(file.read_text()).substitute(core=core.addresses["IPv4"], transport=transport)
        (directory / file.name).write_text(text)


def bindings(core: ReferenceProcess, user: str, expect: int | None = None) -> list[str]:
    found: list[str] = core.command(bindings=f"sip:{user}@{DOMAIN}", expect=expect)["bindings"]
    return found


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_baresip_registers_and_deregisters(core: ReferenceProcess, tmp_path: Path, transport: str) -> None:
    if shutil.which("baresip") is None:
        pytest.skip("baresip is not installed; apt-get install baresip-core")
    configure(tmp_path, "baresip", core, transport)
    with ue(core, tmp_path, "baresip", "-s", "-f", str(tmp_path)) as baresip:
        baresip.wait_for("200 OK () [1 binding]")
        (contact,) = bindings(core, "+15550100101")
        baresip.stop()
        assert bindings(core, "+15550100101", expect=0) == []
    assert "@192.0.2." in contact
    assert "nc=00000001" in "".join(baresip.said)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_linphone_registers_and_deregisters(core: ReferenceProcess, tmp_path: Path, transport: str) -> None:
    if shutil.which("linphonec") is None:
        pytest.skip("linphonec is not installed; apt-get install linphone-cli")
    (tmp_path / ".local/share/linphone").mkdir(parents=True)
    configure(tmp_path, "linphone", core, transport)
    with ue(core, tmp_path, "linphonec", "-d", "6", "-c", "linphonerc") as linphone:
        linphone.wait_for("SIP/2.0 200 OK")
        (contact,) = bindings(core, "+15550100102")
        linphone.stop("quit\n")
        assert bindings(core, "+15550100102", expect=0) == []
    assert f"transport={transport}" in contact
