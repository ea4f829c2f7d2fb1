"""The files about one run of a scenario that a report points to."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imsreg.errors import InputError
from imsreg.transcript import ladder, textlog
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.transcript import Transcript

_SLUG_LIMIT = 80
_TEXT = "transcript.txt"
DUT_LOG = "dut.log"
"""What the tester does not write itself: the DUT's own log of a test, if somebody fetches it."""
ESP_KEYS = "esp_sa"
"""Keys of the test's associations, if the user asks for them; no transcript has any."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the files are."""

    text: Path
    capture: Path
    ladder: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """All of them."""
        return self.text, self.capture, self.ladder

    @property
    def dut_log(self) -> Path:
        """Where the DUT's own log goes."""
        return self.text.with_name(DUT_LOG)

    @property
    def esp_keys(self) -> Path:
        """Where the keys of associations go, for Wireshark."""
        return self.text.with_name(ESP_KEYS)


def write_evidence(directory: Path, transcript: Transcript, marks: Mapping[int, str] = {}) -> Evidence:
    """Writes transcript.txt, wire.pcapng and ladder.svg into `directory`, which is made if need be.

    Each file appears whole or not at all, and replaces an older one; an older log of the DUT goes, and so do older
    keys. `marks` has the text
    of a finding by the number of the entry that shows it. CK and IK are masked. Raises InputError if the directory
    cannot be written to.
    """
    made = Evidence(directory / _TEXT, directory / "wire.pcapng", directory / "ladder.svg")
    _write(made.text, textlog.render(transcript, marks).encode())
    _write(made.capture, write_capture(transcript, marks))
    _write(made.ladder, ladder.svg(transcript, marks).encode())
    made.dut_log.unlink(missing_ok=True)
    made.esp_keys.unlink(missing_ok=True)
    return made


def folder(root: Path, test: str) -> Path:
    """The directory under `root` with the evidence of `test` ("suite: title"), whether it is there yet or not.

    It is named by the title; by the whole name where another test's evidence has that name already.
    """
    short = root / slug(test.partition(": ")[2] or test)
    try:
        with (short / _TEXT).open(encoding="utf-8") as file:
            owner = file.readline().rstrip("\n")
    except OSError:
        return short
    return short if owner == textlog.heading(test) else root / slug(test)


def slug(title: str) -> str:
    """A name for a directory, made of `title`: lower-case letters a to z, digits and hyphens, at most 80 characters.

    Titles that differ in more than case and blanks give names that differ: what the letters do not say, a digest at
    the end does.
    """
    words = " ".join(title.casefold().split())
    name = re.sub(r"[^a-z0-9]+", "-", words).strip("-")
    if re.fullmatch(r"[a-z0-9 ]+", words) and len(words) <= _SLUG_LIMIT:
        return name
    digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[: _SLUG_LIMIT - 9].rstrip('-')}-{digest}".lstrip("-")


def _write(path: Path, octets: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(octets)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(path, "", f"cannot be written: {error.strerror}", "choose another output directory") from None
