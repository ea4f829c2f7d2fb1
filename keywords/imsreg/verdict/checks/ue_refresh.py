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

REPEATED = 15.0
"""Seconds within which a request over UDP whose first copies got lost is repeated at least once (TS 24.229 7.7)."""

ROUNDING = 1.0
"""Seconds that a watch up to the end of a registration may lack."""

NO_REFRESH = Unmet("the UE did not register again")
NOT_DUE = Unmet("no registration was watched until its refresh was due")


@dataclass(frozen=True, slots=True)
class _Due:
    """A registration for `granted` seconds; `others` is what else a UE could take for its expiry by mistake.

    None is in it where its own contact has no expires parameter.
    """

    registration: UeRegister
    granted: int
    others: frozenset[int | None]

    @property
    def heard(self) -> float:
        """When the UE has heard of it at the latest: the first 200 may have got lost, and have been sent again."""
        final = self.registration.final_entry
        return max(entry.at for entry in self.registration.exchange.responses if entry.raw == final.raw)

    @property
    def at(self) -> float:
        """When it is to be refreshed."""
        return self.heard + due_after(self.granted)

    @property
    def end(self) -> float:
        """When it is over."""
        return self.heard + self.granted

    @property
    def expected(self) -> str:
        """What the UE should do, in words."""
        return f"a REGISTER {due_after(self.granted):g} s after the 200, which granted {self.granted} s"


@dataclass(frozen=True, slots=True)
class _Course:
    """What the UE did by itself: a REGISTER in `entry` at `at`, `after` seconds; `never`: none while it was watched.

    `astray` says why it shows that the UE goes by another expiry than its own; empty if it does not.
    """

    entry: int
    at: float
    after: float
    line: int | None = None
    never: bool = False
    astray: str = ""


@check("24.229-5.1.1.4.1-01")
def registers_again_in_time(view: View) -> Iterator[Outcome]:
    """Earlier is odd, later is wrong. What follows from another's expiry, the row of the own contact finds."""
    decided = False
    for due in _granted(view):
        course = _course(view, due)
        if course is None or (course.never and _may_have_got_lost(due, course)):
            continue
        decided = True
        after = f"{course.after:.0f} s after it"
        lost = course.never and bool(due.others) and course.at >= due.end - ROUNDING
        if course.astray or lost:
            yield Unmet("the UE went by another expiry than its own, which rfc3261-10.2.4-01 judges")
        elif course.never or course.at > due.at + TOLERANCE:
            actual = f"none for {course.after:.0f} s" if course.never else after
            finding = Observed if _may_have_got_lost(due, course) else Breach
            yield finding(course.entry, due.expected, actual, course.line)
        elif course.at < due.at - TOLERANCE:
            yield Observed(course.entry, due.expected, after)
        else:
            yield Held(course.entry)
    if not decided:
        yield NOT_DUE


def _may_have_got_lost(due: _Due, course: _Course) -> bool:
    """Whether the REGISTER may have been sent in time over UDP, and only a repetition arrive, or none so far."""
    over_udp = not due.registration.exchange.request.flow.reliable
    return over_udp and course.at <= min(due.at + REPEATED, due.end - ROUNDING)


@check("rfc3261-10.2.4-01")
def goes_by_its_own_contact(view: View) -> Iterator[Outcome]:
    """The refresh comes before its own contact is over.

    Where the 200 tells other expiries too, or the expiry in Expires alone, no refresh, or one by the time of another
    expiry, shows that the UE took the wrong one.
    """
    decided = False
    for due in _granted(view):
        course = _course(view, due)
        if course is None or (course.never and course.at < due.end - ROUNDING):
            continue
        decided = True
        expected = f"a REGISTER within the {due.granted} s that its own contact was granted"
        if course.astray:
            yield Breach(course.entry, due.expected, f"{course.after:.0f} s after it, {course.astray}")
        elif course.at < due.end - ROUNDING:
            yield Held(course.entry)
        elif due.others:
            yield Breach(course.entry, expected, f"none for {course.after:.0f} s", course.line)
        else:
            yield Unmet("no refresh at all, which 24.229-5.1.1.4.1-01 judges")
    if not decided:
        yield NOT_DUE


@check("24.229-5.1.1.4.1-02")
def asks_for_600000_s_again(view: View) -> Iterator[Outcome]:
    """Not for what was granted before."""
    yield from asks_for_the_default_expiry(view, Purpose.REFRESH, NO_REFRESH)


@check("24.229-5.1.1.4.2-01")
def sends_its_last_credentials(view: View) -> Iterator[Outcome]:
    """The nonce of the last authentication with a right response; nc, cnonce and response may be those of before."""
    yield from last_credentials(view, Purpose.REFRESH, NO_REFRESH)


def last_credentials(view: View, purpose: Purpose, none: Unmet) -> Iterator[Outcome]:
    """Each request that begins such an exchange, of a subscriber with AKA keys.

    The nonce of a later challenge will do, too, that the UE has answered without being accepted: it is the last one.
    """
    decided = False
    for register in view.ue.registers:
        if register.purpose is not purpose or register.stage is not Stage.FIRST or register.by_password:
            continue
        answer = _last_answer(register.anchor)
        if answer is not None:
            decided = True
            yield _repeated(register, _later_answer(view, register, answer))
    if not decided:
        moot = none_for_aka(view, none.reason)
        yield moot if isinstance(moot, Moot) else none


def due_after(granted: int) -> float:
    """Seconds from the 2xx to the refresh of what was granted for so many seconds."""
    return float(granted - AHEAD) if granted > LONG else granted / 2


def _granted(view: View) -> Iterator[_Due]:
    for registration in view.ue.registrations:
        granted = registration.granted()
        if granted:
            yield _Due(registration, granted, frozenset(_other_expiries(registration, granted)))


def _other_expiries(registration: UeRegister, granted: int) -> Iterator[int | None]:
    if registration.final is None:
        return
    contacts = listed(registration.final)
    for seconds in (*(contact.expires for contact in contacts), expires_header(registration.final)):
        if seconds is not None and seconds != granted:
            yield seconds
    if any("expires" not in contact.params for contact in contacts if registration.owns(contact.uri)):
        yield None


def _course(view: View, due: _Due) -> _Course | None:
    """What the UE did about a registration by itself; None if the transcript ends, or something else happens, first."""
    registration, begun = due.registration, due.registration.final_entry
    quiet = view.ue.quiet(registration)
    later = view.ue.next(registration)
    if cut_short(view, registration, later.number if later is not None else None, due.at + TOLERANCE):
        return None
    own = view.ue.own_next(registration)
    if own is not None and own.binds and own.purpose is not Purpose.INITIAL:
        return _Course(own.number, own.at, own.at - begun.at, astray=_astray(due, own.at - begun.at))
    if begun.at + quiet > due.at + TOLERANCE:
        return _Course(begun.number, begun.at + quiet, quiet, line_of_contact(registration), never=True)
    return None


def _astray(due: _Due, after: float) -> str:
    """Why a refresh after so many seconds shows that the UE goes by another expiry."""
    if abs(after - due_after(due.granted)) <= TOLERANCE:
        return ""
    for seconds in due.others:
        if seconds is not None and abs(after - due_after(seconds)) <= TOLERANCE:
            return f"as an expiry of {seconds} s would have it"
    # Late alone says nothing: a UE that registers again at nine tenths of the time goes by the same expiry.
    over = after >= due.granted - ROUNDING
    return "as if there were no Expires" if over and None in due.others else ""


def cut_short(view: View, registration: UeRegister, later: int | None, limit: float) -> bool:
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


def _later_answer(view: View, register: UeRegister, answer: UeRegister) -> UeRegister:
    """The answer since then whose nonce a request has; if there is none, that one."""
    since = (r for r in reversed(view.ue.responses) if answer.number < r.number < register.number)
    return next((r for r in since if r.same_ue(register) and r.nonce == register.nonce), answer)


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
