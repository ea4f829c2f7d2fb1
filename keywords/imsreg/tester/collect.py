"""The DUT's own log of a test that failed: the profile's `collect` command fetches it, as evidence beside the wire."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO

from imsreg.errors import InputError
from imsreg.tester.case import Case
from imsreg.text import safe_text
from imsreg.transcript.redaction import presentable
from imsreg.verdict.summary import write_atomically

LIMIT = 30.0
"""Seconds that the command may take."""
ROOM = 1 << 20
"""Octets of its output that are kept: the last ones, where a log has the test that has just ended."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of the command: the file, if there is one, and a line for the log of the test."""

    path: Path | None
    note: str


def collect(case: Case, *, limit: float = LIMIT) -> Collected | None:
    """Run the profile's `collect` command for a test that has failed, and keep what it prints as dut.log.

    It runs in the profile's directory with IMSREG_TEST, the name of the test, and IMSREG_EVIDENCE, the directory of its
    evidence, for at most `limit` seconds; then it and what it started are killed. Whatever goes wrong is in the note.
    None if there is nothing to do: no command, no evidence, or not one message passed.
    """
    command = case.session.profile.collect
    if not command or case.evidence is None or not case.transcript.entries:
        return None
    directory = case.evidence.text.parent.resolve()
    try:
        output, problem = _run(
            command,
            cwd=case.session.profile.path.parent,
            environment={"IMSREG_TEST": safe_text(case.name), "IMSREG_EVIDENCE": str(directory)},
            limit=limit,
        )
        write_atomically(case.evidence.dut_log, _text(output))
    except (OSError, InputError) as error:
        return Collected(None, f"the DUT's log was not collected: {safe_text(str(error))}")
    octets = f"{output.seen} octet{'' if output.seen == 1 else 's'}"
    return Collected(
        case.evidence.dut_log, f"the DUT's log: {octets}" + (f"; the collect command {problem}" if problem else "")
    )


class _Tail:
    """The last ROOM octets of what is written to it."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self.seen = 0

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._kept += len(chunk)
        self.seen += len(chunk)
        while self._kept - len(self._chunks[0]) >= ROOM:
            self._kept -= len(self._chunks.popleft())

    def octets(self) -> bytes:
        return b"".join(self._chunks)[-ROOM:]


def _run(command: tuple[str, ...], *, cwd: Path, environment: dict[str, str], limit: float) -> tuple[_Tail, str]:
    """What a command printed, and what went wrong with it; empty if nothing did. Raises OSError if it cannot start."""
    tail = _Tail()
    deadline = time.monotonic() + limit
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            # The output ends later than the command if it has left something behind that still writes.
            if _read(process.stdout, tail, deadline):
                code = process.wait(max(0.0, deadline - time.monotonic()))
                return tail, f"ended with {code}" if code else ""
        except subprocess.TimeoutExpired:
            pass
        except BaseException:
            _kill(process)
            raise
        _kill(process)
    return tail, f"was stopped after {limit:g} s"


def _read(stream: IO[bytes], tail: _Tail, deadline: float) -> bool:
    """Read until the end of the output; False if the deadline comes first."""
    with DefaultSelector() as selector:
        selector.register(stream, EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(stream.fileno(), _CHUNK)
            if not chunk:
                return True
            tail.add(chunk)
            if time.monotonic() > deadline:
                break
    return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The command and what it has started. It has not been waited for: the number is still its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _text(output: _Tail) -> str:
    """The output, harmless and with CK and IK masked; as octets of UTF-8 it takes no more than ROOM."""
    left_out = output.seen - len(output.octets())
    head = f"[{left_out} octets before this are left out]\n" if left_out else ""
    # No escape is longer than ten characters.
    shown = presentable(output.octets(), limit=10 * ROOM, keep_newlines=True).encode()
    return head + shown[-(ROOM - len(head)) :].decode("utf-8", "ignore")
