"""Control of a UE under test: commands and people, what they are told, and what is said if they do not do it."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber, load_subscribers
from imsreg.paths import data
from imsreg.sip.flow import Address
from imsreg.tester.device import CommandDevice, Device, ManualDevice
from imsreg.tester.external_ue import ExternalUe
from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from imsreg.verdict.profile import load_profile
from imsreg.verdict.profile_control import Action, Control

CORE = {"IPv4": Address("127.0.0.1", 5099)}
STEP = "Switch flight mode off"


def no() -> bool:
    return False


def command(directory: Path, script: str, limit: float = 10) -> Device:
    return CommandDevice(Control("command", {"register": ("sh", "-c", script, "phone")}, limit), directory)


def refused(device: Device, action: Action = "register") -> str:
    with pytest.raises(ScenarioStopped) as stopped:
        device.act(action, {}, no)
    assert stopped.value.kind == "device"
    assert "\n" not in str(stopped.value)
    return str(stopped.value)


# commands


def test_a_command_runs_in_the_profiles_directory_with_what_it_is_told(tmp_path: Path) -> None:
    command(tmp_path, 'echo "$IMSREG_SUBSCRIBER" >told').act("register", {"IMSREG_SUBSCRIBER": "sub01"}, no)
    assert (tmp_path / "told").read_text() == "sub01\n"


def test_a_command_that_fails_is_named_with_its_code_and_its_last_line(tmp_path: Path) -> None:
    said = refused(command(tmp_path, "echo one; printf 'no\\033 device ck=\"00ff\"\\n\\n' >&2; exit 3"))
    assert said.startswith("the command to register the UE (sh -c ")
    assert said.endswith('ended with exit code 3: no\\x1b device ck="xxxx"')


def test_a_command_that_says_nothing_and_one_that_is_killed(tmp_path: Path) -> None:
    assert refused(command(tmp_path, "exit 1")).endswith("ended with exit code 1, and printed nothing")
    assert refused(command(tmp_path, "kill -9 $$")).endswith("ended with signal 9, and printed nothing")


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    device = CommandDevice(Control("command", {"register": ("./phone", "on")}, 1), tmp_path)
    assert refused(device) == (
        "the command to register the UE (./phone on) could not be started: No such file or directory"
    )


def test_a_command_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    said = refused(command(tmp_path, "echo dialling; echo $$ >pid; exec sleep 60", limit=1))
    assert said.endswith("did not end within 1 s and was stopped: dialling")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_what_a_command_leaves_running_must_not_hold_its_output(tmp_path: Path) -> None:
    said = refused(command(tmp_path, "sleep 60 & echo $! >pid", limit=1))
    assert "ended, but what it left running held on to its output for 1 s and was stopped" in said


def test_a_ue_that_a_command_leaves_running_stays(tmp_path: Path) -> None:
    command(tmp_path, "setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $! >pid").act("register", {}, no)
    started = int((tmp_path / "pid").read_text())
    os.kill(started, 9)  # raises if it has not been left running


# people


@contextmanager
def person() -> Iterator[tuple[int, Path]]:
    """A terminal: the end at which a person types and reads, and the device that the tester opens."""
    theirs, ours = pty.openpty()
    try:
        yield theirs, Path(os.ttyname(ours))
    finally:
        os.close(theirs)
        os.close(ours)


def manual(terminal: Path, limit: float = 10, **steps: str) -> Device:
    named: dict[Action, tuple[str, ...]] = {"register": (STEP,), "reset": ("Pull the plug",)}
    return ManualDevice(Control("manual", named, limit), Path("phone.yaml"), terminal)


def read_until(terminal: int, text: bytes) -> bytes:
    seen = b""
    while text not in seen:
        read = os.read(terminal, 1000)
        assert read, f"the terminal closed without {text!r}: {seen!r}"
        seen += read
    return seen


class Asked(threading.Thread):
    """A device that asks a person, beside the test that plays that person."""

    def __init__(self, device: Device, action: Action = "register", heard: threading.Event | None = None) -> None:
        super().__init__(daemon=True)
        self.stopped: ScenarioStopped | None = None
        self._device, self._action, self._heard = device, action, heard or threading.Event()
        self.start()

    def run(self) -> None:
        try:
            self._device.act(self._action, {}, self._heard.is_set)
        except ScenarioStopped as stopped:
            self.stopped = stopped

    def ended(self) -> ScenarioStopped | None:
        self.join(10)
        assert not self.is_alive()
        return self.stopped


def test_a_person_is_asked_at_the_terminal_with_the_seconds_counting() -> None:
    with person() as (keyboard, terminal):
        asked = Asked(manual(terminal))
        shown = read_until(keyboard, b"waiting 9 s")
        assert f"{STEP}, then press Enter".encode() in shown
        assert b"waiting 10 s" in shown
        os.write(keyboard, b"\n")
        assert asked.ended() is None


def test_a_person_says_that_it_cannot_be_done() -> None:
    with person() as (keyboard, terminal):
        asked = Asked(manual(terminal))
        read_until(keyboard, b"waiting")
        os.write(keyboard, b"X\n")
        assert str(asked.ended()) == (
            f"the person who was asked to register the UE ({STEP}) said that it cannot be done"
        )


def test_nobody_presses_enter() -> None:
    with person() as (_, terminal):
        assert refused(manual(terminal, limit=1)) == (
            f"nobody who was asked to register the UE ({STEP}) pressed Enter within 1 s"
        )


def test_a_line_typed_before_the_question_is_no_answer() -> None:
    with person() as (keyboard, terminal):
        os.write(keyboard, b"x\n")
        asked = Asked(manual(terminal))
        read_until(keyboard, b"waiting")
        os.write(keyboard, b"\n")
        assert asked.ended() is None


def test_a_request_of_the_ue_is_an_answer_too() -> None:
    with person() as (keyboard, terminal):
        heard = threading.Event()
        asked = Asked(manual(terminal), heard=heard)
        read_until(keyboard, b"waiting")
        heard.set()
        assert asked.ended() is None


def test_a_request_of_the_ue_does_not_say_that_it_has_been_reset() -> None:
    with person() as (keyboard, terminal):
        heard = threading.Event()
        heard.set()
        asked = Asked(manual(terminal), "reset", heard)
        read_until(keyboard, b"waiting 9 s")
        os.write(keyboard, b"\n")
        assert asked.ended() is None


def test_without_a_terminal_it_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        ManualDevice(Control("manual", {"register": (STEP,)}, 10), Path("phone.yaml"), tmp_path / "none")
    assert str(error.value) == (
        "phone.yaml: control.kind: manual needs a terminal, and there is none; "
        "run it from a terminal, or write kind: command"
    )


# the UE of a profile


PROFILE = """\
dut: {{name: phone, role: ue, transports: [tcp, udp]{more}}}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: none
subscribers: {subscribers}
tester: {{address: 127.0.0.1, port: 5099}}
control: {{kind: command, {steps}}}
"""


def ue(directory: Path, steps: str, more: str = "") -> ExternalUe:
    path = directory / "phone.yaml"
    subscribers = data("fixtures", "subscribers", "embedded.yaml")
    path.write_text(PROFILE.format(subscribers=subscribers, steps=steps, more=more))
    return ExternalUe(load_profile(path), CORE)


@pytest.fixture(scope="module")
def sub01() -> Subscriber:
    return load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})[0]


def steps(directory: Path) -> list[str]:
    log = directory / "log"
    return log.read_text().split() if log.exists() else []


def logging(*actions: str) -> str:
    return ", ".join(f"{action}: sh -c 'echo {action} >>log'" for action in actions)


def test_a_command_is_told_for_whom_and_towards_which_core_and_no_key(tmp_path: Path, sub01: Subscriber) -> None:
    with closing(ue(tmp_path, "register: sh -c 'env | grep ^IMSREG_ | sort >told; test -d $IMSREG_SCRATCH'")) as phone:
        phone.act("register", sub01)
    domain = "ims.mnc001.mcc001.3gppnetwork.org"
    told = dict(line.split("=", 1) for line in (tmp_path / "told").read_text().splitlines())
    assert not Path(told.pop("IMSREG_SCRATCH")).exists()
    expected = {
        "IMSREG_CORE_ADDRESS": "127.0.0.1",
        "IMSREG_CORE_PORT": "5099",
        "IMSREG_HOME_DOMAIN": domain,
        "IMSREG_IMPI": f"001010000000001@{domain}",
        "IMSREG_IMPU": f"sip:+15550100001@{domain}",
        "IMSREG_SUBSCRIBER": "sub01",
        "IMSREG_SUBSCRIBERS": str(data("fixtures", "subscribers", "embedded.yaml").resolve()),
        "IMSREG_TRANSPORT": "tcp",
    }
    assert {name: value for name, value in told.items() if name not in os.environ} == expected


def test_a_ue_is_started_reset_and_stopped(tmp_path: Path, sub01: Subscriber) -> None:
    phone = ue(
        tmp_path, logging("register", "reset"), ", start: sh -c 'echo start >>log', stop: sh -c 'echo stop >>log'"
    )
    phone.act("reset", sub01)
    phone.act("register", sub01)
    phone.close()
    assert steps(tmp_path) == ["start", "reset", "register", "reset", "stop"]


def test_what_has_been_reset_is_not_reset_again(tmp_path: Path, sub01: Subscriber) -> None:
    phone = ue(tmp_path, logging("register", "reset"))
    phone.act("register", sub01)
    phone.act("reset", sub01)
    phone.act("reset", sub01)
    phone.close()
    assert steps(tmp_path) == ["register", "reset"]


def test_a_reset_that_failed_is_tried_again(tmp_path: Path, sub01: Subscriber) -> None:
    script = "sh -c 'echo reset >>log; test -e plugged'"
    with closing(ue(tmp_path, f"{logging('register')}, reset: {script}")) as phone:
        phone.act("register", sub01)
        with pytest.raises(ScenarioStopped, match=r"the command to reset the UE .* ended with exit code 1"):
            phone.act("reset", sub01)
        (tmp_path / "plugged").touch()
        phone.act("reset", sub01)
    assert steps(tmp_path) == ["register", "reset", "reset"]


def test_without_a_reset_the_ue_deregisters(tmp_path: Path, sub01: Subscriber) -> None:
    with closing(ue(tmp_path, logging("register", "deregister"))) as phone:
        phone.act("reset", sub01)
        assert steps(tmp_path) == []
        phone.act("register", sub01)
        phone.act("reset", sub01)
        phone.act("reset", sub01)
    assert steps(tmp_path) == ["register", "deregister"]


def test_without_either_a_registration_may_have_stayed(tmp_path: Path, sub01: Subscriber) -> None:
    with closing(ue(tmp_path, logging("register"))) as phone:
        phone.act("reset", sub01)
        phone.act("register", sub01)
        with pytest.raises(ScenarioStopped, match=r"neither control\.reset nor control\.deregister") as stopped:
            phone.act("reset", sub01)
        with pytest.raises(NotApplicable, match=r"no control\.deregister: this UE cannot be told to deregister"):
            phone.act("deregister", sub01)
    assert stopped.value.kind == "leftovers"


def test_a_start_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    with pytest.raises(InputError, match=r"dut\.start: the command failed"):
        ue(tmp_path, logging("register"), ", start: [sh, -c, exit 1]")
    assert list((tmp_path / "scratch").iterdir()) == []
