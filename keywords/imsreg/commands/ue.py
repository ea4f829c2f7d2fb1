"""`imsreg ue`: register once, and show what happened."""

from __future__ import annotations

import argparse

from imsreg.commands.options import Verbs, add_link, add_profile, given_profile
from imsreg.errors import ExitClass
from imsreg.tester.settings import Settings

DECIDES = ("24.229-5.4.1.2.1-01", "24.229-5.4.1.2.2-05", "24.229-5.4.1.2.2-06")
"""What one registration is asked to decide: challenged, accepted, listed."""


def add_to(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(
        "ue",
        help="register one simulated UE and show the ladder",
        description="Registers one simulated UE, shows the ladder and what is wrong with it, and de-registers.",
        epilog="example: imsreg ue --profile acme.yaml --transport TCP",
    )
    add_profile(parser)
    parser.add_argument("--transport", choices=("UDP", "TCP"), help="default: the profile's first")
    parser.add_argument("--family", choices=("IPv4", "IPv6"), help="default: IPv4 where the DUT has it")
    parser.add_argument("--subscriber", metavar="NAME", help="default: the first of the profile's file")
    parser.add_argument("--keep", action="store_true", help="stay registered: send no de-registration at the end")
    add_link(parser)
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> ExitClass:
    """Run the verb."""
    from imsreg.tester.cscf_case import CscfCase
    from imsreg.tester.outcome import NotApplicable, ScenarioStopped
    from imsreg.tester.session import Session
    from imsreg.transcript.ladder import text
    from imsreg.verdict.runners import status

    settings = Settings(**given_profile(options), link=options.link, mutant=options.mutant, seed=options.seed)
    with Session(settings) as session:
        case = CscfCase(session, "imsreg ue", DECIDES)
        try:
            ue = case.power_on(transport=options.transport, family=options.family, subscriber=options.subscriber)
            ue.register()
            if options.keep:
                ue.may_be_bound = False
        except (ScenarioStopped, NotApplicable) as stopped:
            case.note_stop(stopped)
        judgement = case.close()
        print(text(case.transcript, judgement.marks))
        for ruling in (*judgement.rulings, *judgement.in_passing):
            for finding in ruling.findings:
                print(f"{finding.kind}: {finding.text(session.catalogue[ruling.requirement])}\n")
        ended = status((*judgement.rulings, *judgement.in_passing), session.catalogue)
        print(f"{ended.word}{'' if case.stopped is None else f': {case.stopped}'}")
    return {"FAIL": ExitClass.FAILED, "INCONCLUSIVE": ExitClass.INCONCLUSIVE}.get(ended.word, ExitClass.CONFORMANT)
