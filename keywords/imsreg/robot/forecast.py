"""Which tests a profile makes N/A, by their tags and by what their UEs ask for. Nothing is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from robot.api import TestSuite
from robot.running import Keyword, ResourceFile
from robot.utils import normalize

from imsreg.robot.selection import ids_of
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.lacking import no_mode, no_password, no_reg_event, no_room, no_sim, no_way, none_binds, wrong_side
from imsreg.verdict.profile import Profile

UE_ON, CORE_ON = normalize("Power On UE", ignore="_"), normalize("Power On Core", ignore="_")
"""The keywords that begin a test, by what the tester plays in it."""
SUBSCRIBE = {normalize(name, ignore="_") for name in ("Build Subscribe", "Subscribe To Registration State")}
"""The keywords that need a notifier of the reg event."""
_DEEPEST = 16

Arguments = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many tests there are, how many requirements they decide, and how many would be N/A for which reason."""

    tests: int
    requirements: int
    not_applicable: Counter[str]


def forecast(suite: TestSuite, profile: Profile, families: Collection[str], lacks: str | None = None) -> Forecast:
    """What would become of the tests of `suite`. `families` are those in which the DUT can be reached.

    `lacks`: what this host lacks for the profile's security mode, so that no test can run.
    """
    found = ((_reason(test, profile, families) or lacks) for test in suite.all_tests)
    reasons = Counter(reason for reason in found if reason is not None)
    decided = {identifier for test in suite.all_tests for identifier in ids_of(test.tags)}
    return Forecast(suite.test_count, len(decided), reasons)


def _reason(test: TestSuite, profile: Profile, families: Collection[str]) -> str | None:
    """Why a test would be N/A: what it powers on lacks something, or none of its requirements binds the DUT."""
    others = 0
    for name, wanted in _power_ons(test):
        if name == CORE_ON:
            why = wrong_side(profile, "ue") or no_sim(profile.dut.subscriber, wanted.get("subscriber"))
        elif name in SUBSCRIBE:
            why = no_reg_event(profile)
        else:
            why = (
                wrong_side(profile, "cscf")
                or no_room(profile, others)
                or no_way(profile, families, wanted.get("transport"), wanted.get("family"))
                or no_mode(profile, wanted.get("security"))
                or (no_password(profile) if wanted.get("credentials") == "password" else None)
            )
            others += 1
        if why is not None:
            return why
    catalogue = full_catalogue()
    return none_binds(profile, [catalogue[identifier] for identifier in ids_of(test.tags)])


def _power_ons(test: TestSuite) -> Iterator[tuple[str, Arguments]]:
    """Each keyword that needs something of the profile, with the named arguments of those that power something on.

    In setup and body, and in the keywords of the suite.
    """
    keywords = _own_keywords(test.parent.resource)
    for step in (test.setup, *test.body):
        yield from _in_step(step, keywords, 0)


def _in_step(step: object, keywords: Mapping[str, object], depth: int) -> Iterator[tuple[str, Arguments]]:
    if depth > _DEEPEST:
        return
    if isinstance(step, Keyword) and step.name is not None:
        name = normalize(step.name, ignore="_")
        if name in (UE_ON, CORE_ON):
            # What a variable will hold is not known before.
            stated = [argument for argument in step.args if "=" in str(argument) and "${" not in str(argument)]
            yield name, dict(argument.split("=", 1) for argument in stated)
            return
        if name in SUBSCRIBE:
            yield name, {}
            return
        step = keywords.get(name)
    setup = getattr(step, "setup", None)
    for inner in (*((setup,) if setup else ()), *(getattr(step, "body", None) or ())):
        yield from _in_step(inner, keywords, depth + 1)


def _own_keywords(resource: ResourceFile) -> dict[str, object]:
    """The user keywords of a suite and of the resource files that it imports."""
    found: dict[str, object] = {}
    for each in resource.imports:
        if each.type == each.RESOURCE and each.directory is not None:
            path = Path(each.directory) / each.name
            if path.is_file():
                found.update(_of_file(path.resolve()))
    found.update({normalize(keyword.name, ignore="_"): keyword for keyword in resource.keywords})
    return found


@lru_cache(maxsize=32)
def _of_file(path: Path) -> dict[str, object]:
    return _own_keywords(ResourceFile.from_file_system(path))
