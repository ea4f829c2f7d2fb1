"""The DUT's own log of a test that failed: the profile's `collect` command fetches it, as evidence beside the wire."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imsreg.errors import InputError
from imsreg.tester.bounded import ROOM, Output, run_bounded
from imsreg.tester.case import Case
from imsreg.text import safe_text
from imsreg.transcript.redaction import presentable
from imsreg.verdict.summary import write_atomically

LIMIT = 30.0
"""Seconds that the command may take."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of the command: the file, if there is one, and a line for the log of the test."""

    path: Path | None
    note: str


def collect(case: Case, *, limit: float = LIMIT) -> Collected | None:
    """Run the profile's `collect` command for a test that has failed, and keep the end of what it prints as dut.log.

    It runs in the profile's directory with IMSREG_TEST, the name of the test, and IMSREG_EVIDENCE, the directory of its
    evidence, for at most `limit` seconds; then it and what it started are killed. Whatever goes wrong is in the note.
    None if there is nothing to do: no command, no evidence, or not one message passed.
    """
    command = case.session.profile.collect
    if not command or case.evidence is None or not case.transcript.entries:
        return None
    path = case.evidence.dut_log
    environment = {"IMSREG_TEST": safe_text(case.name), "IMSREG_EVIDENCE": str(path.parent.resolve())}
    try:
        output = run_bounded(command, limit=limit, cwd=case.session.profile.path.parent, environment=environment)
        write_atomically(path, _text(output))
    except (OSError, InputError) as error:
        return Collected(None, f"the DUT's log was not collected: {safe_text(str(error))}")
    note = f"the DUT's log: {output.seen} octet{'' if output.seen == 1 else 's'}"
    if output.code is None:
        note += f"; the collect command was stopped after {limit:g} s"
    elif output.code:
        note += f"; the collect command ended with {output.code}"
    return Collected(path, note)


def _text(output: Output) -> str:
    """The output, harmless and with CK and IK masked; as octets of UTF-8 it takes no more than ROOM."""
    left_out = output.seen - len(output.tail)
    head = f"[{left_out} octets before this are left out]\n" if left_out else ""
    # No escape is longer than ten characters.
    shown = presentable(output.tail, limit=10 * ROOM, keep_newlines=True).encode()
    return head + shown[-(ROOM - len(head)) :].decode("utf-8", "ignore")
