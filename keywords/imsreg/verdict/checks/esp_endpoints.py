"""SPIs, protected ports and algorithms that a P-CSCF chooses for its associations (TS 33.203 7.1, 7.2, 7.4.0)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.associations import SaSet
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secagree.usability import transform, usable
from imsreg.sip.headers.security import SecurityClient, SecurityMechanism, SecurityServer
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_choices import no_new_authentication
from imsreg.verdict.esp_history import MadeSet
from imsreg.verdict.esp_ports import none_is_standard
from imsreg.verdict.esp_view import NO_SET
from imsreg.verdict.offers import nothing_in_common
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.view import View, line_of, readable

NAME = "Security-Server"


@check("33.203-7.1-02")
def no_protected_port_is_a_standard_one(view: View) -> Iterator[Outcome]:
    """Neither client nor server port of any ipsec-3gpp entry is 5060 or 5061."""
    outcomes = [
        each for reply in view.replies for each in none_is_standard(reply.entry, reply.response, SecurityServer)
    ]
    yield from outcomes or [Unmet("no response had a Security-Server with ports that can be read")]


@check("33.203-7.1-05")
def spis_are_unique(view: View) -> Iterator[Outcome]:
    """An SPI of a new set is none that the same P-CSCF has in a set which is certainly in use."""
    sets = view.secured.sets
    if not sets:
        yield NO_SET
    for new in sets:
        others = [each for each in sets if each is not new and _in_use(each, new)]
        taken = {spi for each in others for sas in each.candidates for spi in sas.p_cscf.spis}
        shared = sorted({spi for sas in new.candidates for spi in sas.p_cscf.spis} & taken)
        if shared:
            expected = f"SPIs of its own: {', '.join(map(str, sorted(taken)))} are in use"
            yield Breach(new.challenge.number, expected, f"SPI {shared[0]} again", _line(new))
        elif others:
            yield Held(new.challenge.number)
        else:
            yield Held(new.challenge.number, "no other set was in use")


@check("33.203-7.4.0-01")
def a_new_authentication_renews_them(view: View) -> Iterator[Outcome]:
    """The first REGISTER came on a set: its server port stays, client port and SPIs are others than in that set."""
    decided = False
    for new in view.secured.sets:
        old = new.began_on
        if old is None or not old.lives(new.asked):
            continue
        decided = True
        faults = [fault for sas in new.candidates for fault in _not_renewed(sas, old)]
        expected = "Security-Server with new spi-c, spi-s and port-c, and the former port-s"
        if faults:
            yield Breach(new.challenge.number, expected, ", ".join(dict.fromkeys(faults)), _line(new))
        else:
            yield Held(new.challenge.number)
    if not decided:
        yield no_new_authentication(view, "no REGISTER on an established set was challenged")


@check("33.203-7.3.2.1-01")
def chooses_what_the_ue_offered(view: View) -> Iterator[Outcome]:
    """At least one combination of the list is the UE's. A list may have more (RFC 3329 2.3.1).

    Integrity decides. Encryption is the P-CSCF's to leave out, and to list for a UE that offers none (7.2). A 494 whose
    list has nothing of the UE's is right.
    """
    decided = False
    for answered in view.answered:
        offered = _transforms(readable(answered.attempt.request, SecurityClient))
        listed = _transforms(readable(answered.response, SecurityServer))
        if answered.response.status == 494 and nothing_in_common(answered.attempt.request, answered.response):
            decided = True
            yield Held(answered.entry)
        if answered.response.status != 401 or not offered & {*ALL_TRANSFORMS} or not listed:
            continue
        decided = True
        if listed & offered or any(_acceptable(each, offered) for each in listed):
            yield Held(answered.entry)
        else:
            expected = f"one of {_shown(offered)}, which the UE offers"
            yield Breach(answered.entry, expected, _shown(listed), line_of(answered.response, NAME))
    if not decided:
        yield Unmet("no REGISTER with algorithms of Annex H got a 401 with Security-Server")


def _in_use(other: MadeSet, new: MadeSet) -> bool:
    same_host = other.asked.destination.host == new.asked.destination.host
    return same_host and other.challenge.number < new.challenge.number and other.lives(new.challenge)


def _not_renewed(sas: SaSet, old: MadeSet) -> Iterator[str]:
    """What of a set breaks the rule against the one before."""
    before = [each.p_cscf for each in old.candidates]
    if sas.p_cscf.port_s not in {each.port_s for each in before}:
        yield f"port-s={sas.p_cscf.port_s} instead of {before[0].port_s}"
    if sas.p_cscf.port_c in {each.port_c for each in before}:
        yield f"port-c={sas.p_cscf.port_c} as before"
    for spi in sorted({*sas.p_cscf.spis} & {spi for each in before for spi in each.spis}):
        yield f"SPI {spi} as before"


def _acceptable(listed: Transform, offered: set[Transform]) -> bool:
    """Whether an entry differs from what the UE offers only in the encryption that 7.2 leaves to the P-CSCF."""
    encrypted = any(each.ealg != "null" for each in offered)
    return any(each.alg == listed.alg for each in offered) and (listed.ealg == "null" or not encrypted)


def _transforms(entries: tuple[SecurityMechanism, ...]) -> set[Transform]:
    return {transform(entry) for entry in entries if usable(entry)}


def _shown(found: set[Transform]) -> str:
    return ", ".join(f"alg={each.alg} ealg={each.ealg}" for each in sorted(found))


def _line(made: MadeSet) -> int | None:
    return line_of(made.challenge.message, NAME) if made.challenge.message is not None else None
