"""`with-core` passes exit codes and signals on, refuses in one line, and leaves nothing behind."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))

pytest.importorskip("diameter", reason="python-diameter is not installed")

from kamailio import namespace, preflight, with_core  # noqa: E402

WITH_CORE = (sys.executable, str(FIXTURES / "kamailio" / "with-core"))
_HINDRANCE = preflight.lacking(ipv6=False) or (None if namespace.way() else namespace.NO_RIGHT)
needs_core = pytest.mark.skipif(_HINDRANCE is not None, reason=str(_HINDRANCE))
TIMEOUT = 60.0


@pytest.fixture
def subscribers(tmp_path: Path) -> Path:
    path = tmp_path / "subscribers.yaml"
    path.write_text('keys: keys.yaml\nsubscribers: [{name: alice, imsi: "001010000000001", mnc_digits: 2}]\n')
    # TS 35.208 test set 1.
    keys = '{k: "465b5ce8b199b49faa5f0a2ee238a6bc", opc: "cd63cb71954a9f4e48a5994e37a02baf"}'
    path.with_name("keys.yaml").write_text(f"alice: {keys}\n")
    return path


def _start(subscribers: Path, *command: str) -> subprocess.Popen[str]:
    words = [*WITH_CORE, "--one", "--subscribers", str(subscribers), "--", *command]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _processes_in(net: str) -> list[int]:
    """The processes of a network namespace."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            if str(entry.readlink()) == net:
                found.append(int(entry.parts[2]))
        except OSError:
            continue
    return found


@pytest.mark.slow
@needs_core
def test_exit_code_passes_through_and_nothing_stays(subscribers: Path) -> None:
    script = "readlink /proc/self/ns/net; echo $IMSREG_KAMAILIO_RUN; test -S $IMSREG_KAMAILIO_HSS_CONTROL && exit 7"
    process = _start(subscribers, "sh", "-c", script)
    out, err = process.communicate(timeout=TIMEOUT)
    net, directory = out.split()
    assert (process.returncode, err) == (7, "")
    assert net != namespace.identity()
    assert _processes_in(net) == []
    assert not Path(directory).exists()


@pytest.mark.slow
@needs_core
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_reaches_the_command_and_nothing_stays(subscribers: Path, number: signal.Signals) -> None:
    script = (
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})\n"
        "print(os.readlink('/proc/self/ns/net'), os.environ['IMSREG_KAMAILIO_RUN'], flush=True)\n"
        "sys.exit(signal.sigwait({signal.SIGINT, signal.SIGTERM}) + 40)\n"
    )
    process = _start(subscribers, sys.executable, "-c", script)
    assert process.stdout is not None
    net, directory = process.stdout.readline().split()
    assert len(_processes_in(net)) > 10
    process.send_signal(number)
    _, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (number + 40, "")
    assert _processes_in(net) == []
    assert not Path(directory).exists()


@pytest.mark.slow
@needs_core
def test_not_even_kill_leaves_a_process(subscribers: Path) -> None:
    process = _start(subscribers, "sh", "-c", "readlink /proc/self/ns/net; echo $IMSREG_KAMAILIO_RUN; read line")
    assert process.stdout is not None
    net, directory = process.stdout.readline().strip(), process.stdout.readline().strip()
    poll = select.poll()
    watched = [os.pidfd_open(pid) for pid in _processes_in(net) if pid != process.pid]
    for descriptor in watched:
        poll.register(descriptor, select.POLLIN)
    process.kill()
    while watched:
        ended = [descriptor for descriptor, _ in poll.poll(TIMEOUT * 1000)]
        assert ended, "processes of the core are still alive"
        for descriptor in ended:
            poll.unregister(descriptor)
            watched.remove(descriptor)
            os.close(descriptor)
    process.communicate()
    shutil.rmtree(directory)


@pytest.mark.slow
@needs_core
def test_a_command_that_cannot_start(subscribers: Path) -> None:
    process = _start(subscribers, "/nonexistent/command")
    _, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (127, "with-core: /nonexistent/command: No such file or directory\n")


@needs_core
def test_a_bad_subscribers_file_is_one_line_and_exit_2(tmp_path: Path) -> None:
    process = _start(tmp_path / "none.yaml", "true")
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 2
    assert err == f"with-core: HSS ended with 2: {tmp_path}/none.yaml: there is no such file; check the path\n"


@needs_core
def test_it_does_not_start_in_the_network_namespace_of_the_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert with_core.main(["--inside-of", namespace.identity(), "--", "true"]) == 2
    assert "IPsec state" in capsys.readouterr().err


def test_missing_packages_are_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight.shutil, "which", lambda _program, path: None)
    assert with_core.main(["--", "true"]) == 2
    assert capsys.readouterr().err == (
        "with-core: Kamailio is not (completely) installed; "
        "apt-get install kamailio kamailio-ims-modules kamailio-presence-modules iproute2\n"
    )
