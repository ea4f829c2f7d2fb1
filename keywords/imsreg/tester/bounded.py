"""Commands of the user's, run within bounds: of time, and of what is kept of their output."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO

ROOM = 1 << 20
"""Octets of output that are kept: the last ones."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed, on either stream: `tail` is the end of the `seen` octets. `code` None: it was stopped.

    `left_behind`: the command itself had ended; what was stopped is something that it had started and that held on to
    its output.
    """

    tail: bytes
    seen: int
    code: int | None
    left_behind: bool = False


def run_bounded(
    command: Sequence[str], *, limit: float, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Output:
    """Run a command without input for at most `limit` seconds; then it and what it started are killed.

    `environment` is added to this process's own. Raises OSError if it cannot be started.
    """
    tail = _Tail()
    deadline = time.monotonic() + limit
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=os.environ | (environment or {}),
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
                return Output(tail.octets(), tail.seen, code)
        except subprocess.TimeoutExpired:
            pass
        except BaseException:
            _kill(process)
            raise
        left_behind = _has_ended(process)
        _kill(process)
    return Output(tail.octets(), tail.seen, None, left_behind)


class _Tail:
    """The last ROOM octets of what is added to it."""

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


def _read(stream: IO[bytes], tail: _Tail, deadline: float) -> bool:
    """Read until the end of the output; False if the deadline comes first."""
    with DefaultSelector() as selector:
        selector.register(stream, EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(left):
                chunk = os.read(stream.fileno(), _CHUNK)
                if not chunk:
                    return True
                tail.add(chunk)
    return False


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the command has ended; it can still be waited for, and its number is not given to another."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The command and what it has started. It has not been waited for: the number is still its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
