"""What `in-uml` does on this host; these tests are no use inside."""

from __future__ import annotations

import io
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"

if str(FIXTURES) not in sys.path:
    sys.path.append(str(FIXTURES))

from uml import host  # noqa: E402
from uml.host import UmlError, User, find_compiler, octets_of, place_for_memory  # noqa: E402
from uml.machine import TIMED_OUT, Job, hindrance, run  # noqa: E402

REASON = hindrance()
NEEDS_UML = pytest.mark.skipif(REASON is not None, reason=REASON or "")
PYTHON = "/usr/bin/python3"  # which everybody can run
CODE = """
import os, sys, pathlib
print(os.getuid(), os.environ["MARKED"], os.environ["IMSREG_IN_UML"], os.getcwd(), os.isatty(1))
print("aside", file=sys.stderr)
pathlib.Path(sys.argv[1], "kept").write_text("x" * 100_000)
try:
    pathlib.Path(sys.argv[2], "not-kept").touch()
except OSError as error:
    print(error.strerror)
sys.exit(7)
"""
SLEEPER = "import time; print('begun', flush=True); time.sleep(600)"


def test_sizes_are_read() -> None:
    assert [octets_of(each) for each in ("512M", "1g", "100")] == [512 << 20, 1 << 30, 100]
    with pytest.raises(UmlError, match="no size of memory"):
        octets_of("0M")


def test_memory_goes_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    user = User(as_root=True)
    assert place_for_memory("1K", user) == str(tmp_path)
    with pytest.raises(UmlError, match=f"no place for 999999G of memory: {tmp_path} is too small"):
        place_for_memory("999999G", user)


@pytest.mark.parametrize(("flags", "needed"), [("avx2 avx512f", False), ("avx512f amx_tile", True)])
def test_a_compiler_is_needed_for_amx_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: str, needed: bool
) -> None:
    monkeypatch.setattr(host, "CPU_INFO", tmp_path / "cpuinfo")
    host.CPU_INFO.write_text(f"flags\t\t: fpu {flags}\n", encoding="ascii")
    monkeypatch.setenv("PATH", str(tmp_path))
    if needed:
        with pytest.raises(UmlError, match="needs a C compiler to be run: apt install gcc"):
            find_compiler()
        (tmp_path / "cc").touch(0o700)
        assert find_compiler() == str(tmp_path / "cc")
    else:
        assert find_compiler() is None


def test_a_command_that_is_not_there_is_told_before_anything_starts() -> None:
    with pytest.raises(UmlError, match="nonsense: no such command"):
        User().require_executable("nonsense", os.environ)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_script_whose_interpreter_others_cannot_run_is_told(tmp_path: Path) -> None:
    script, interpreter = tmp_path / "script", tmp_path / "interpreter"
    script.write_text(f"#!{interpreter}\n", encoding="utf-8")
    interpreter.touch()
    script.chmod(0o755)
    interpreter.chmod(0o700)
    with pytest.raises(UmlError, match="cannot be run by uid 65534"):
        User().require_executable(str(script), os.environ)


@pytest.mark.slow
@NEEDS_UML
def test_a_command_runs_inside_and_everything_comes_out(tmp_path: Path) -> None:
    output, errors = io.BytesIO(), io.BytesIO()
    results = tmp_path / "results"
    environment = {**os.environ, "MARKED": "yes"}
    here = str(FIXTURES)
    job = Job([PYTHON, "-c", CODE, str(results), here], results=results, environment=environment, directory=FIXTURES)
    assert run(job, output, errors) == 7
    told, refusal = output.getvalue().decode().splitlines()
    assert told == f"0 yes 1 {here} False"
    # In a checkout that is somebody else's, nobody's rights end before the file system's do.
    assert refusal in ("Read-only file system", "Permission denied")
    assert errors.getvalue() == b"aside\n"
    assert [path.name for path in results.iterdir()] == ["kept"]
    assert (results / "kept").stat().st_size == 100_000


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a machine puts its files, which tells it from those of other tests."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o777)
        monkeypatch.setenv("TMPDIR", made)
        yield made


@pytest.mark.slow
@NEEDS_UML
def test_a_machine_whose_time_is_up_is_gone(place: str) -> None:
    assert run(Job([PYTHON, "-c", SLEEPER], timeout=4.0), io.BytesIO()) == TIMED_OUT
    assert [*machines(place)] == []
    assert [*Path(place).iterdir()] == []


@pytest.mark.slow
@NEEDS_UML
def test_a_machine_dies_with_what_started_it(place: str) -> None:
    command = [sys.executable, str(FIXTURES / "uml" / "in-uml"), "--timeout", "120", "--", PYTHON, "-c", SLEEPER]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        found = [*machines(place)]
        process.kill()
    assert found
    for each in found:
        wait_for_end(each)


def machines(place: str) -> Iterator[int]:
    """The machines on this host whose files are there, by the numbers of their processes."""
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            with suppress(OSError):
                words = (each / "cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"linux.uml") and any(place.encode() in word for word in words):
                    yield int(each.name)


def wait_for_end(pid: int) -> None:
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        ended, _, _ = select.select([descriptor], [], [], 10.0)
        os.close(descriptor)
        assert ended
