"""Coverage-guided fuzzing of every reader of the SIP room with atheris: pip install atheris.

    python suites/properties/atheris_parse.py [-max_total_time=SECONDS] [libFuzzer's other options] [CORPUS ...]

Without -max_total_time it ends after 60 s. It begins with the seed messages, the torture set and a reginfo document;
what it finds new is kept in a corpus folder, if one is named. The first octet of an input chooses the reader. A finding
is written by libFuzzer to crash-... in the working folder, and the exit code is not 0; the same command with that file
in place of a folder shows it again.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

SECONDS = 60
FUZZ = "--in-this-process"
MISSING = "coverage-guided fuzzing: skipped, atheris is not installed (pip install atheris)"


def write_seeds(folder: Path) -> None:
    """What it begins with: every seed for its reader."""
    from havoc import message_seeds, reginfo_seeds

    for number, octets in enumerate(message_seeds()):
        (folder / f"message-{number}").write_bytes(b"\x00" + octets)
        (folder / f"stream-{number}").write_bytes(b"\x01" + octets)
    for number, octets in enumerate(reginfo_seeds()):
        (folder / f"reginfo-{number}").write_bytes(b"\x02" + octets)


def fuzz(options: list[str]) -> None:
    """Fuzzes with atheris, which ends the process itself."""
    import atheris

    with atheris.instrument_imports(include=["imsreg.sip"]):
        from exercise import Clock, TooSlow, read_message, read_reginfo, read_stream

    def one(data: bytes) -> None:
        clock = Clock()
        try:
            match data[:1]:
                case b"\x01":
                    read_stream(data[1:], Random(len(data)), clock)
                case b"\x02":
                    read_reginfo(data[1:], clock)
                case _:
                    read_message(data[1:], clock, thorough=len(data) % 8 == 0)
        except TooSlow:
            pass  # instrumented code has other times; the mutation fuzzer watches them

    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    """Runs a process that fuzzes, so that its folder of seeds can be cleared away; gives its exit code."""
    if importlib.util.find_spec("atheris") is None:
        print(MISSING)
        return 0
    given = [argument for argument in arguments if not argument.startswith("-")]
    if not any(argument.startswith("-max_total_time=") for argument in arguments):
        arguments = [f"-max_total_time={SECONDS}", *arguments]
    with tempfile.TemporaryDirectory(prefix="imsreg-atheris-") as seeds:
        write_seeds(Path(seeds))
        again = len(given) == 1 and Path(given[0]).is_file()
        command = [sys.executable, __file__, FUZZ, *arguments, *([] if again else [seeds])]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    if sys.argv[1:2] == [FUZZ]:
        fuzz(sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
