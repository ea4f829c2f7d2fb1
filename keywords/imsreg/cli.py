"""The command `imsreg`: one verb, one job. Every verb's exit code is a class (see `imsreg.errors.ExitClass`)."""

from __future__ import annotations

import argparse
import io
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from imsreg import __version__
from imsreg.commands import analyze, core, diff, explain, lint, profile, prove, report, requirements, run, ue
from imsreg.errors import EgressDenied, ExitClass, InputError

COMMANDS = (run, profile, analyze, diff, requirements, explain, lint, prove, ue, core, report)


def parser() -> argparse.ArgumentParser:
    """The parser with every verb."""
    top = argparse.ArgumentParser(
        prog="imsreg",
        description="Judges IMS registration, requirement by requirement.",
        epilog="exit: 0 conformant, 1 failed, 2 usage or unusable input, 3 inconclusive only, 130 interrupted",
    )
    top.add_argument("--version", action="version", version=f"imsreg {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for command in COMMANDS:
        command.add_to(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code. What the user gave wrong ends in one line on standard error."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The terminal may not have every character that a DUT may write.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with _terminable():
            return int(options.execute(options))
    except (InputError, EgressDenied) as error:
        print(f"imsreg: {error}", file=sys.stderr)
        return ExitClass.USAGE
    except KeyboardInterrupt:
        print("imsreg: interrupted", file=sys.stderr)
        return ExitClass.INTERRUPTED
    except BrokenPipeError:
        # Whoever reads our output has gone (`imsreg requirements | head`): nobody is left to tell.
        sys.stderr.close()
        return ExitClass.CONFORMANT


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends a verb as Ctrl-C does: everything is given back, what was measured is kept."""
    if threading.current_thread() is not threading.main_thread():  # the only one that may set a handler
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
