"""`imsreg analyze`: captures of earlier runs, judged as those runs were."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imsreg.commands.judged import judged_lines
from imsreg.commands.options import Verbs, add_profile, given_profile
from imsreg.errors import ExitClass
from imsreg.tester.settings import Settings

if TYPE_CHECKING:
    from imsreg.tester.analysis import Analysed
    from imsreg.tester.captures import Captures
    from imsreg.verdict.catalogue import Catalogue


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "analyze",
        help="judge captures of earlier runs",
        description="Judges captures that imsreg wrote as the runs were that they come from. Sends nothing. Keys come "
        "from the profile's subscriber file; what needs them is INCONCLUSIVE where they are missing.",
        epilog="example: imsreg analyze out/evidence/right-response-is-answered-200/wire.pcapng --profile acme.yaml",
    )
    parser.add_argument(
        "captures",
        nargs="+",
        type=Path,
        metavar="CAPTURE",
        help="a wire.pcapng, or the output directory of a run for all that it has",
    )
    add_profile(parser)
    parser.add_argument("--output", type=Path, metavar="DIR", help="write verdicts.json, matrix.html and evidence/")
    parser.add_argument("--test", metavar="NAME", help="only the captures of this test (its title, or suite: title)")
    parser.add_argument("--ignore-known", action="store_true", help="show known deviations as FAIL")
    parser.add_argument("--spec-strict", action="store_true", help="a broken SHOULD is a FAIL")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.robot.documented import decided_elsewhere
    from imsreg.tester.analysis import Analyst
    from imsreg.tester.captures import names, of_test
    from imsreg.tester.summary import summary_lines

    captures = _read(options.captures)
    if options.test is not None:
        captures = of_test(captures, options.test)
    analyst = Analyst(
        Settings(**given_profile(options)).profile,
        spec_strict=options.spec_strict,
        ignore_known=options.ignore_known,
        partial=decided_elsewhere({transcript.title for transcript in captures.values()}),
    )
    analysed = [analyst.analyse(path, captures[path], name) for path, name in names(captures).items()]
    summary = analyst.summary(analysed, options.output)
    for one in analysed:
        print("\n".join(_shown(one, analyst.catalogue)), end="\n\n")
    lines = summary_lines(summary, analyst.catalogue, options.output)
    print("\n".join(lines if len(analysed) > 1 or options.output else list(lines)[:1]))
    return analyst.exit_class(analysed, summary)


def _read(places: Sequence[Path]) -> Captures:
    """The captures. Of one that imsreg did not write it shows what can be read, and raises InputError all the same."""
    from imsreg.tester.captures import read_captures
    from imsreg.transcript.foreign import EspCapture

    try:
        return read_captures(places)
    except EspCapture as error:
        if error.transcript.entries:
            from imsreg.transcript.ladder import text

            print(text(error.transcript))
        raise


def _shown(one: Analysed, catalogue: Catalogue) -> Iterator[str]:
    """The ladder, the findings, and the verdicts."""
    from imsreg.tester.outcome import ScenarioStopped
    from imsreg.transcript.ladder import text

    yield text(one.transcript, one.judgement.marks)
    yield from judged_lines(one, catalogue)
    if isinstance(one.stopped, ScenarioStopped):
        yield f"the scenario ended early: {one.stopped}"
