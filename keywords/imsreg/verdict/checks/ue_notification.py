"""What a UE does with a NOTIFY about its registration (RFC 6665 4.1.3; TS 24.229 5.1.1.7)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.phases import Phase
from imsreg.sip.message import Response
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_registers import Purpose, Stage, UeRegister
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.ue_view import Ended, Notified
from imsreg.verdict.view import View


@check("rfc6665-4.1.3-01")
def answers_notify_with_200(view: View) -> Iterator[Outcome]:
    """Of its own subscription. Another response may be appropriate, silence is not."""
    decided = False
    for notified in view.ue.notified:
        if not notified.known or not _reaches(view, notified):
            continue
        final = notified.exchange.final
        if final is not None and isinstance(final.message, Response):
            decided = True
            status = final.message.status
            yield Held(final.number) if status == 200 else Breach(final.number, "200 to the NOTIFY", f"{status}")
        elif view.ue.watch.until - notified.at >= PATIENCE:
            decided = True
            waited = view.ue.watch.until - notified.at
            yield Breach(notified.number, "200 to the NOTIFY", f"no answer for {waited:.0f} s")
    if not decided:
        yield Unmet("no NOTIFY of the UE's subscription was answered, or waited for")


@check("rfc6665-4.1.3-02")
def refuses_a_notify_of_nobody(view: View) -> Iterator[Outcome]:
    """One with the Call-ID of a SUBSCRIBE, but for another subscriber: of what else the UE watches nothing is known."""
    decided = False
    for notified in view.ue.notified:
        if not _for_another(view, notified) or not _reaches(view, notified):
            continue
        expected = "481 to the NOTIFY, or another 4xx or 5xx"
        final = notified.exchange.final
        if final is not None and isinstance(final.message, Response):
            decided = True
            status = final.message.status
            yield Held(final.number) if status // 100 in (4, 5) else Breach(final.number, expected, f"{status}")
        elif (waited := view.ue.watch.until - notified.at) >= PATIENCE:
            decided = True
            yield Breach(notified.number, expected, f"no answer for {waited:.0f} s")
    if not decided:
        yield Unmet("no NOTIFY came that belongs to no subscription of the UE, with an answer or time to wait for it")


def _for_another(view: View, notified: Notified) -> bool:
    """Whether a NOTIFY has the Call-ID of SUBSCRIBE requests of the UE, but another tag than theirs."""
    call_id = notified.request.value("Call-ID")
    named = [subscribed for subscribed in view.ue.subscribed if subscribed.request.value("Call-ID") == call_id]
    return bool(named) and not any(subscribed.matches(notified.exchange.request) for subscribed in named)


@check("24.229-5.1.1.7-01")
def registers_anew_when_deactivated(view: View) -> Iterator[Outcome]:
    """The first REGISTER after the NOTIFY begins an initial registration."""
    decided = False
    for ended in _ended(view, "deactivated"):
        number, at = ended.notified.number, ended.notified.at
        quiet = view.ue.quiet_since(number, at, ended.registration)
        later = _unasked(view, ended)
        expected = "an initial registration after the NOTIFY"
        if later is not None:
            decided = True
            first = later.purpose is Purpose.INITIAL and later.stage is Stage.FIRST
            yield Held(later.number) if first else Breach(later.number, expected, f"{later.purpose}")
        elif quiet >= PATIENCE:
            decided = True
            yield Breach(number, expected, f"no REGISTER for {quiet:.0f} s")
    if not decided:
        yield Unmet("no NOTIFY said that the UE's contact was deactivated, or nobody waited for what follows")


@check("24.229-5.1.1.7-02")
def does_not_register_when_rejected(view: View) -> Iterator[Outcome]:
    """Not by itself, as long as it is watched. Another attempt much later is no answer to the NOTIFY."""
    decided = False
    for ended in _ended(view, "rejected"):
        number, at = ended.notified.number, ended.notified.at
        quiet = view.ue.quiet_since(number, at, ended.registration)
        later = _unasked(view, ended)
        expected = "no REGISTER after the NOTIFY"
        if quiet >= PATIENCE:
            decided = True
            yield Held(number)
        if later is not None and later.binds:
            decided = True
            finding = Breach if quiet < PATIENCE else Observed
            yield finding(later.number, expected, f"{later.purpose} {later.at - at:.1f} s after it")
    if not decided:
        yield Unmet(f"no NOTIFY said that the UE's contact was rejected, with {PATIENCE:g} s to watch after it")


def _ended(view: View, event: str) -> Iterator[Ended]:
    """What was notified, and answered: a UE that did not take the NOTIFY need not know."""
    for ended in view.ue.ended:
        final = ended.notified.exchange.final
        if ended.event == event and final is not None and final.label.startswith("2"):
            yield ended


def _reaches(view: View, notified: Notified) -> bool:
    """Whether a NOTIFY came where the UE takes it: on an association only if that is one of a set in use for certain.

    On a set whose place another has taken a response tells that it has reached the UE (TS 33.203 7.4.1a).
    """
    request = notified.exchange.request
    if request.flow.association is None:
        return True
    located = view.secured.on(request)
    phase = located.made.phase(request.number) if located is not None else Phase.OLD
    return phase is Phase.ESTABLISHED or (phase is Phase.OLD and notified.exchange.final is not None)


def _unasked(view: View, ended: Ended) -> UeRegister | None:
    """The UE's first REGISTER after it took the NOTIFY, if it was told nothing in between.

    What goes on with an exchange from before, the answer to a challenge, is none that the NOTIFY has brought about.
    """
    final = ended.notified.exchange.final
    number = final.number if final is not None else ended.notified.number
    since = (r for r in view.ue.registers if r.number > number and r.same_ue(ended.registration))
    later = next((r for r in since if r.answers is None or r.answers.number > number), None)
    told = later is not None and view.ue.watch.told_between(number, later.number) is not None
    return None if told else later
