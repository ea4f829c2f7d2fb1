"""When and with what a UE registers again (TS 24.229 5.1.1.4; RFC 3261 10.2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization
from imsreg.verdict.bindings import expires_header
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_authorization import why_none
from imsreg.verdict.checks.ue_register import asks_for_the_default_expiry
from imsreg.verdict.checks.ue_response import none_for_aka
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.ue_notices import own_contacts
from imsreg.verdict.ue_registers import Purpose, Stage, UeRegister, listed
from imsreg.verdict.ue_replies import digest_of, password_for
from imsreg.verdict.view import View, line_of, readable

LONG = 1200
"""Seconds of a registration above which the refresh comes 600 s before its end, else half-way (5.1.1.4.1)."""
AHEAD = 600
TOLERANCE = 5.0
"""Seconds by which a refresh may be late: an expiry counts whole seconds, and so may the UE's timer."""

NO_REFRESH = Unmet("the UE did not register again")


@dataclass(frozen=True, slots=True)
class _Due:
    """A registration that was granted for `granted` seconds, and when it is to be refreshed."""

    registration: UeRegister
    granted: int

    @property
    def at(self) -> float:
        return self.registration.final_entry.at + due_after(self.granted)


@check("24.229-5.1.1.4.1-01")
def registers_again_in_time(view: View) -> Iterator[Outcome]:
    """Earlier is odd, later is wrong; where the 200 tells several expiries, the row of the own contact says so."""
    yield from _timed(view, "rfc3261-10.2.4-01", breaches_of_ambiguous=False)


@check("rfc3261-10.2.4-01")
def goes_by_its_own_contact(view: View) -> Iterator[Outcome]:
    """Where the 200 tells other expiries too, or the expiry in Expires alone, the refresh shows which was taken."""
    yield from _timed(view, "24.229-5.1.1.4.1-01", breaches_of_ambiguous=True)


@check("24.229-5.1.1.4.1-02")
def asks_for_600000_s_again(view: View) -> Iterator[Outcome]:
    """Not for what was granted before."""
    yield from asks_for_the_default_expiry(view, Purpose.REFRESH, NO_REFRESH)


@check("24.229-5.1.1.4.2-01")
def sends_its_last_credentials(view: View) -> Iterator[Outcome]:
    """The nonce of the last authentication with a right response; nc, cnonce and response may be those of before."""
    yield from last_credentials(view, Purpose.REFRESH, NO_REFRESH)


def last_credentials(view: View, purpose: Purpose, none: Unmet) -> Iterator[Outcome]:
    """Each request that begins such an exchange, of a subscriber with AKA keys."""
    decided = False
    for register in view.ue.registers:
        if register.purpose is not purpose or register.stage is not Stage.FIRST or register.by_password:
            continue
        answer = _last_answer(register.anchor)
        if answer is not None:
            decided = True
            yield _repeated(register, answer)
    if not decided:
        moot = none_for_aka(view, none.reason)
        yield moot if isinstance(moot, Moot) else none


def due_after(granted: int) -> float:
    """Seconds from the 2xx to the refresh of what was granted for so many seconds."""
    return float(granted - AHEAD) if granted > LONG else granted / 2


def _timed(view: View, sibling: str, *, breaches_of_ambiguous: bool) -> Iterator[Outcome]:
    """Each registration whose refresh was due. A breach belongs to one of two rows, and leaves the other undecided."""
    decided = False
    for registration in view.ue.registrations:
        granted = registration.granted()
        if not granted:
            continue
        others = _other_expiries(registration, granted)
        outcome = _when(view, _Due(registration, granted), others)
        if outcome is not None:
            decided = True
            elsewhere = isinstance(outcome, Breach) and bool(others) is not breaches_of_ambiguous
            yield Unmet(f"a refresh was not in time, which {sibling} judges") if elsewhere else outcome
    if not decided:
        yield Unmet("no registration was watched until its refresh was due")


def _other_expiries(registration: UeRegister, granted: int | None) -> set[int | None]:
    """What else a UE could take for its expiry by mistake; with None if its own contact has no expires parameter."""
    if registration.final is None:
        return set()
    contacts = listed(registration.final)
    own = [contact for contact in contacts if registration.owns(contact.uri)]
    others: set[int | None] = {contact.expires for contact in contacts}
    others.add(expires_header(registration.final))
    if all("expires" in contact.params for contact in own):
        others.discard(None)
    else:
        others.add(None)
    return others - {granted}


def _when(view: View, due: _Due, others: set[int | None]) -> Outcome | None:
    """What the UE did about a registration by itself; None if the transcript ends, or something else happens, first."""
    registration, entry = due.registration, due.registration.final_entry
    later = view.ue.next(registration)
    quiet = view.ue.quiet(registration)
    limit = due.at + TOLERANCE
    if _cut_short(view, registration, later.number if later is not None else None, limit):
        return None
    expected = f"a REGISTER {due_after(due.granted):g} s after the 2xx, which granted {due.granted} s"
    if entry.at + quiet > limit:
        return Breach(entry.number, expected, f"none for {quiet:.0f} s", line_of_contact(registration))
    own = view.ue.own_next(registration)
    if own is None or not own.binds or own.purpose is Purpose.INITIAL:
        return None
    after = own.at - entry.at
    if own.at >= due.at - TOLERANCE:
        return Held(own.number)
    mistaken = [o for o in others if o is not None and abs(after - due_after(o)) <= TOLERANCE]
    if mistaken:
        return Breach(own.number, expected, f"{after:.0f} s after it, as an expiry of {mistaken[0]} s would have it")
    return Observed(own.number, expected, f"{after:.0f} s after it")


def _cut_short(view: View, registration: UeRegister, later: int | None, limit: float) -> bool:
    """Whether a NOTIFY changed the expiry of the own contact, or ended it, before the refresh was due."""
    begun = registration.final_entry.number
    return any(
        contact.state == "terminated" or contact.event == "shortened"
        for notified in view.ue.notified
        if begun < notified.number and (later is None or notified.number < later) and notified.at <= limit
        for contact in own_contacts(notified.request, registration)
    )


def line_of_contact(registration: UeRegister) -> int | None:
    """Where the 2xx lists contacts."""
    return line_of(registration.final, "Contact") if registration.final is not None else None


def _last_answer(anchor: UeRegister | None) -> UeRegister | None:
    """The last request with a response that led to a registration, or to the one that it refreshed."""
    while anchor is not None:
        for request in anchor.chain():
            if request.stage is Stage.ANSWER:
                return request
        anchor = anchor.anchor
    return None


def _repeated(register: UeRegister, answer: UeRegister) -> Outcome:
    line = line_of(register.request, "Authorization")
    given = register.authorization
    expected = f'the nonce of the last authentication, nonce="{answer.nonce}", with the right response'
    if given is None:
        return Breach(register.number, expected, why_none(register), line)
    if given.nonce in _next_nonces(answer) or _same(given, answer.authorization):
        return Held(register.number)
    if given.nonce != answer.nonce:
        return Breach(register.number, expected, f'nonce="{given.nonce or ""}"', line)
    challenged = answer.answers.posed if answer.answers is not None else None
    password = password_for(answer, challenged) if challenged is not None else None
    if password is None:
        return Unmet("the password of the last authentication is unknown")
    right = digest_of(register, given, password)
    if right is None:
        return Unmet("no digest can be computed with the parameters that the UE sent")
    if given.response == right:
        return Held(register.number)
    return Breach(register.number, expected, f'response="{given.response}", not "{right}"', line)


def _same(given: Authorization, before: Authorization | None) -> bool:
    """Whether they prove alike: whether that was right is what the answer was judged for."""
    names = ("username", "realm", "nonce", "uri", "response", "nc", "cnonce")
    return before is not None and all(given.text(name) == before.text(name) for name in names)


def _next_nonces(answer: UeRegister) -> set[str]:
    """What Authentication-Info of the 2xx said to go on with (RFC 7616 3.5)."""
    found = readable(answer.final, AuthenticationInfo) if answer.final is not None else ()
    return {info.nextnonce for info in found if info.nextnonce}
