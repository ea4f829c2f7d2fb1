"""The journal: everything decided so far, on disk before the next test begins, whatever happens then."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from imsreg.errors import InputError
from imsreg.text import safe_text
from imsreg.verdict.profile import Dut
from imsreg.verdict.records import DutNames, Ended, Record, Ruled, RunStarted
from imsreg.verdict.verdict import Ruling

NAME = "journal.jsonl"

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
_REMEDY = "make room or choose another output directory; what was recorded before is kept"


class Journal:
    """Appends records to a file of JSON lines, one write a line, so that parallel workers can share the file.

    `run` tells the runs apart that share a file: workers of one run give the same. Raises InputError if the file
    cannot be opened or written.
    """

    def __init__(self, path: Path, run: str = "") -> None:
        self._path = path
        self._run = run
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise InputError(
                path, "", f"cannot be opened: {error.strerror}", "choose another output directory"
            ) from None
        self._torn = _ends_torn(path)

    def begin(
        self,
        *,
        imsreg: str,
        profile: str,
        dut: Dut,
        versions: Mapping[str, str],
        addresses: Sequence[str] = (),
        security: str = "",
        lacks: str = "",
    ) -> None:
        """The head of the run: version of imsreg, the profile's name, the DUT, versions of runners and libraries.

        `addresses` are those at which the DUT was found, with ports. `security` says what protects the messages,
        `lacks` why no test can run.
        """
        names = DutNames(dut.name, dut.version, dut.build, dut.role, tuple(addresses))
        told = safe_text(security), safe_text(lacks)
        self._append(RunStarted(self._run, imsreg, safe_text(profile), names, dict(versions), *told))

    def ruling(self, test: str, ruling: Ruling) -> None:
        """A ruling on an id that the test decides, or that it found broken in passing."""
        self._append(Ruled(self._run, safe_text(test), ruling))

    def test(self, test: str, status: str, message: str = "") -> None:
        """The end of a test."""
        self._append(Ended(self._run, safe_text(test), status, safe_text(message, keep_newlines=True)))

    def close(self) -> None:
        """Closes the file; closing twice does no harm."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, record: Record) -> None:
        # The first record after a torn line ends that line, so that only the torn one is lost.
        line = (b"\n" if self._torn else b"") + _ENCODER.encode(record) + b"\n"
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise InputError(self._path, "", f"cannot be written: {error.strerror}", _REMEDY) from None
        self._torn = written < len(line)
        if self._torn:
            raise InputError(self._path, "", f"took {written} of {len(line)} octets of a record", _REMEDY)


class Contents(NamedTuple):
    """The records of a journal, and the numbers (from 1) of the lines that could not be read."""

    records: tuple[Record, ...]
    damaged: tuple[int, ...]


def read(path: Path) -> Contents:
    """Reads a journal that may still be written to, or whose writer was killed in the middle of a line.

    Raises InputError if the file cannot be read at all.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(path, "", f"cannot be read: {error.strerror}", "name the directory of a run") from None
    records: list[Record] = []
    damaged: list[int] = []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            records.append(_DECODER.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            damaged.append(number)
    return Contents(tuple(records), tuple(damaged))


def _ends_torn(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            return size > 0 and file.read(1) != b"\n"
    except OSError:
        return False
