"""`imsreg core`: a small IMS core for a UE on the bench."""

from __future__ import annotations

import argparse
import math
import shlex
from contextlib import suppress
from pathlib import Path

from imsreg.commands.judged import brief_lines
from imsreg.commands.options import Verbs, add_profile, given_profile
from imsreg.errors import ExitClass
from imsreg.tester.settings import default_profile


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "core",
        help="be an IMS core that a UE on the bench registers with",
        description="Listens as a small IMS core and answers the UEs of the profile's subscriber file as a conformant "
        "one does. Every message is a row of the ladder at once, with what is wrong in it; rows without a number are "
        "not judged. Ctrl-C is the normal end: what each UE broke and kept is printed. exit: 0 nothing broken, 1 "
        "failed, 2 unusable input, 3 nothing decided.",
        epilog="example: imsreg core --profile phone.yaml --output out",
    )
    add_profile(parser, built_in="reference UE, which is not started")
    parser.add_argument(
        "--address", action="append", default=[], metavar="A", help="listen here and not where the profile says"
    )
    parser.add_argument("--port", type=int, metavar="P", help="at this port (default: the profile's, else 5060)")
    parser.add_argument("--for", dest="seconds", type=_seconds, metavar="SECONDS", help="end after so long")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write verdicts.json, matrix.html and evidence/")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.tester.analysis import Analyst
    from imsreg.tester.bench import bench_core, introduction, judged
    from imsreg.tester.output import made
    from imsreg.tester.summary import summary_lines

    given = given_profile(options)
    path: Path = given.get("profile") or default_profile("ue")
    analyst = Analyst(path)  # what it needs may have changed by the end
    if options.output is not None:
        made(options.output)
    with bench_core(path, options.address, options.port) as core:
        with suppress(KeyboardInterrupt):
            for line in introduction(core, built_in=not given):
                print(line, flush=True)
            for line in core.lines(options.seconds):
                print(line, flush=True)
        for line in core.shown():
            print(line)
    print()
    command = f"imsreg core --profile {shlex.quote(str(path))}"
    analysed = judged(core, analyst, options.output, command)
    for one in analysed:
        print("\n".join((f"{one.test}:", *brief_lines(one, analyst.catalogue))), end="\n\n")
    if not analysed:
        print("no UE has begun a registration: nothing is decided")
        return ExitClass.INCONCLUSIVE
    summary = analyst.summary(analysed, options.output)
    print("\n".join(summary_lines(summary, analyst.catalogue, options.output)))
    return analyst.exit_class(analysed, summary)


def _seconds(text: str) -> float:
    """A span of time, for argparse."""
    seconds = float(text)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(text)
    return seconds
