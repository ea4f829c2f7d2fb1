"""What a UE does when the network has lost its registration and says so (TS 24.229 5.1.2A.1.6)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.content_type import ContentType
from imsreg.sip.headers.name_addr import PAssertedIdentity, Path, ServiceRoute
from imsreg.sip.ims_3gpp import MEDIA_TYPE, asks_for_initial_registration
from imsreg.sip.message import Response
from imsreg.sip.uri import equivalent
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Outcome, Unmet
from imsreg.verdict.ue_registers import Purpose, UeRegister
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View, readable


@check("24.229-5.1.2A.1.6-01")
def registers_anew_when_it_is_asked_to(view: View) -> Iterator[Outcome]:
    """The first REGISTER after the 504 begins an initial registration."""
    decided = False
    for entry, registration in _asked(view):
        later = next((r for r in view.ue.registers if r.number > entry.number and r.same_ue(registration)), None)
        expected = "an initial registration after the 504"
        quiet = view.ue.quiet_since(entry.number, entry.at, registration)
        if later is not None and view.ue.watch.told_between(entry.number, later.number) is not None:
            later = None
        if later is not None:
            decided = True
            anew = later.purpose is Purpose.INITIAL
            yield Held(later.number) if anew else Breach(later.number, expected, f"{later.purpose}")
        elif quiet >= PATIENCE:
            decided = True
            yield Breach(entry.number, expected, f"no REGISTER for {quiet:.0f} s")
    if not decided:
        yield Unmet("no 504 asked the UE to register anew, or nobody waited for what follows")


def _asked(view: View) -> Iterator[tuple[Entry, UeRegister]]:
    """The 504 responses to other requests than REGISTER that ask for it, with the registration that was lost."""
    for exchange in view.ue.exchanges:
        final = exchange.final
        if exchange.method == "REGISTER" or final is None or not isinstance(final.message, Response):
            continue
        registration = view.ue.registration_before(final.number)
        if registration is None or any(r.final is None for r in view.ue.registers if r.number < final.number):
            continue
        if registration.final is not None and _asks(final.message, registration.final):
            yield final, registration


def _asks(response: Response, granted: Response) -> bool:
    """Whether it comes from an element that the UE knows, and its body says restoration by a registration."""
    if response.status != 504:
        return False
    try:
        kind, sender = response.get(ContentType), response.get(PAssertedIdentity)
    except HeaderError:
        return False
    known = [hop.uri for hop in (*readable(granted, ServiceRoute), *readable(granted, Path))]
    if kind is None or kind.media_type != MEDIA_TYPE or sender is None:
        return False
    return any(equivalent(sender.uri, uri) for uri in known) and asks_for_initial_registration(response.body)
