"""`imsreg analyze`: captures of earlier runs, judged as those runs were, and of whatever else somebody brings."""

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
    from imsreg.verdict.catalogue import Catalogue

_GRAVEST = (ExitClass.CONFORMANT, ExitClass.INCONCLUSIVE, ExitClass.FAILED)
"""Exit classes of several captures, the one that counts most last."""


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "analyze",
        help="judge a capture: how each registration in it went, and what either side broke",
        description="Reads pcap and pcapng, says of each UE how its registration went, and judges UE and network. "
        "Captures that imsreg wrote are judged as the runs were that they come from. Sends nothing. Keys come from the "
        "profile's subscriber file: they open ESP, and what needs them is INCONCLUSIVE where they are missing.",
        epilog="example: imsreg analyze phone.pcapng --profile phone.yaml",
    )
    parser.add_argument(
        "captures",
        nargs="+",
        type=Path,
        metavar="CAPTURE",
        help="a pcap or pcapng file, or the output directory of a run for all that it has",
    )
    add_profile(parser)
    parser.add_argument("--output", type=Path, metavar="DIR", help="write verdicts.json, matrix.html and evidence/")
    parser.add_argument("--test", metavar="NAME", help="only the captures of this test (its title, or suite: title)")
    parser.add_argument("--ignore-known", action="store_true", help="show known deviations as FAIL")
    parser.add_argument("--spec-strict", action="store_true", help="a broken SHOULD is a FAIL")
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.tester.captures import told_apart

    own, foreign = told_apart(options.captures)
    classes = [_of_runs(own, options)] if own else []
    classes += [_of_others(path, options) for path in foreign]
    return max(classes, key=_GRAVEST.index)


def _of_runs(places: Sequence[Path], options: argparse.Namespace) -> ExitClass:
    """Captures that imsreg wrote."""
    from imsreg.robot.documented import decided_elsewhere
    from imsreg.tester.analysis import Analyst
    from imsreg.tester.captures import names, of_test, read_captures
    from imsreg.tester.summary import summary_lines

    captures = read_captures(places)
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


def _of_others(path: Path, options: argparse.Namespace) -> ExitClass:
    """A capture that imsreg did not write."""
    from imsreg.commands.overheard import exit_class_of, overheard_lines, write_overheard
    from imsreg.tester.foreign_analysis import ForeignAnalyst
    from imsreg.tester.foreign_keys import SubscriberKeys
    from imsreg.tester.preflight import read_profile
    from imsreg.transcript.foreign import read_foreign

    given = given_profile(options)
    profile, subscribers = read_profile(given["profile"], keyless=True) if given else (None, ())
    analyst = ForeignAnalyst(profile, subscribers, spec_strict=options.spec_strict, ignore_known=options.ignore_known)
    overheard = analyst.analyse(read_foreign(path, path.read_bytes(), keys=SubscriberKeys(subscribers)))
    print("\n".join(overheard_lines(overheard, analyst.catalogue)))
    if options.output is not None:
        write_overheard(overheard, options.output)
    return exit_class_of(overheard)


def _shown(one: Analysed, catalogue: Catalogue) -> Iterator[str]:
    """The ladder, the findings, and the verdicts."""
    from imsreg.tester.outcome import ScenarioStopped
    from imsreg.transcript.ladder import text

    yield text(one.transcript, one.judgement.marks)
    yield from judged_lines(one, catalogue)
    if isinstance(one.stopped, ScenarioStopped):
        yield f"the scenario ended early: {one.stopped}"
