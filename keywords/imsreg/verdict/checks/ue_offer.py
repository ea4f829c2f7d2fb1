"""What a UE offers in Security-Client, beside what its profile says that it has (TS 24.229 5.1.1.2.2 d)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.transforms import ALL_TRANSFORMS, transforms
from imsreg.secagree.usability import MECHANISM
from imsreg.sip.headers.security import SecurityClient
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_response import none_for_aka
from imsreg.verdict.outcome import Breach, Moot, Observed, Outcome, held_unless
from imsreg.verdict.ue_registers import Stage, UeRegister
from imsreg.verdict.view import View, line_of, readable


@check("24.229-5.1.1.2.2-06")
def offers_all_that_it_supports(view: View) -> Iterator[Outcome]:
    """Every algorithm of Annex H that the profile claims, in whichever combinations. An answer repeats the offer."""
    claimed = {*view.facts.ipsec_algorithms} & _names(ALL_TRANSFORMS)
    if not claimed:
        yield Moot("the profile's ipsec-algorithms do not say what the UE supports")
        return
    decided = False
    for register in view.ue.registers:
        offered = _offered(register)
        if not offered or register.stage is Stage.ANSWER:
            continue
        decided = True
        yield from held_unless(_left_out(view, register, claimed - offered, offered), register.number)
    if not decided:
        yield none_for_aka(view, f"the UE sent no Security-Client with an entry for {MECHANISM}")


def _left_out(view: View, register: UeRegister, missing: set[str], offered: set[str]) -> Iterator[Breach | Observed]:
    """An algorithm that the release has dropped need not be offered."""
    current = _names(transforms(view.facts.release))
    for finding, names in ((Breach, missing & current), (Observed, missing - current)):
        if names:
            expected = f"{', '.join(sorted(names))} in Security-Client, as the profile's ipsec-algorithms say"
            line = line_of(register.request, "Security-Client")
            yield finding(register.number, expected, f"only {', '.join(sorted(offered))}", line)


def _offered(register: UeRegister) -> set[str]:
    """The algorithms in all entries for ipsec-3gpp, in lower case."""
    entries = [e for e in readable(register.request, SecurityClient) if e.mechanism.lower() == MECHANISM]
    return {name.lower() for entry in entries for name in (entry.alg, entry.ealg) if name}


def _names(combinations: tuple[tuple[str, str], ...]) -> set[str]:
    """The algorithms in combinations; null is none."""
    return {name for combination in combinations for name in combination} - {"null"}
