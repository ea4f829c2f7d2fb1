"""The subscription of a UE to its registration state (TS 24.229 5.1.1.3, 5.1.2A.1.1; RFC 3680 4.5)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.flow import Address
from imsreg.sip.headers.accept import Accept
from imsreg.sip.headers.name_addr import From, Route, ServiceRoute, To
from imsreg.sip.reginfo import MEDIA_TYPE
from imsreg.sip.uri import Uri
from imsreg.verdict.bindings import expires_header
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.ue_register import EXPIRY
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.route_hops import hop, hops
from imsreg.verdict.ue_registers import Purpose, UeRegister
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.ue_view import Subscribed
from imsreg.verdict.view import View, line_of

NO_SUBSCRIBE = Unmet("the UE sent no SUBSCRIBE for the event reg outside a dialog")


@check("24.229-5.1.1.3-01")
def subscribes_after_the_registration(view: View) -> Iterator[Outcome]:
    """After the first initial registration of the transcript; with associations, the first that made some."""
    registration = next(
        (r for r in view.ue.registrations if r.purpose is Purpose.INITIAL and r.granted() and _can_subscribe(view, r)),
        None,
    )
    if registration is None:
        yield Unmet("no initial registration was accepted")
        return
    entry = registration.final_entry
    subscribed = next((s for s in view.ue.subscribed if s.number > entry.number), None)
    told = next((c.at for c in view.ue.watch.commands if c.after >= entry.number), view.ue.watch.until)
    watched = min(told, view.ue.watch.until) - entry.at
    if subscribed is not None:
        yield Held(subscribed.number)
    elif watched >= PATIENCE:
        yield Breach(entry.number, "SUBSCRIBE for the event reg after this 2xx", f"none for {watched:.0f} s")
    else:
        yield Unmet("the tester did not wait for SUBSCRIBE")


@check("24.229-5.1.1.3-02")
def subscribes_to_one_usable_identity(view: View) -> Iterator[Outcome]:
    """Request-URI, From and To are one identity: the registered one if P-Associated-URI has it, or the default one."""
    decided = False
    for subscribed in view.ue.subscribed:
        if subscribed.after is None or subscribed.after.final is None:
            continue
        associated = _records(subscribed.after.final.values("P-Associated-URI"))
        if not associated:
            continue
        decided = True
        yield _identity(subscribed, subscribed.after, associated)
    if not decided:
        yield (
            Unmet("no SUBSCRIBE followed on a registration with P-Associated-URI")
            if view.ue.subscribed
            else NO_SUBSCRIBE
        )


def _identity(subscribed: Subscribed, registration: UeRegister, associated: list[str]) -> Outcome:
    request, number = subscribed.request, subscribed.number
    named = {"Request-URI": _record(request.request_uri)}
    try:
        for header in (From, To):
            value = request.get(header)
            named[header.NAME] = value.uri.address_of_record() if value is not None else ""
    except HeaderError as error:
        return Breach(number, "one identity in Request-URI, From and To", str(error), error.line)
    actual = ", ".join(f"{name} {uri or 'unreadable'}" for name, uri in named.items())
    if len(set(named.values())) > 1:
        return Breach(number, "one identity in Request-URI, From and To", actual)
    identity = named["To"]
    usable = [associated[0], *([registration.record] if registration.record in associated else [])]
    expected = " or ".join(dict.fromkeys(usable))
    if identity in usable:
        return Held(number)
    if identity in associated:
        return Observed(number, expected, f"{identity}, another one of P-Associated-URI", line_of(request, "To"))
    return Breach(number, expected, f"{identity}, which P-Associated-URI does not have", line_of(request, "To"))


@check("24.229-5.1.1.3-03")
def asks_for_600000_s(view: View) -> Iterator[Outcome]:
    """The event is what makes it a subscription to the registration state; the expiry stands in Expires.

    What a 423 has asked for is another matter, and so is a fetch, which subscribes to nothing (RFC 6665 4.4.3).
    """
    if not view.ue.subscribed:
        yield NO_SUBSCRIBE
    longer = False
    for subscribed in view.ue.subscribed:
        seconds = expires_header(subscribed.request)
        if seconds == EXPIRY:
            yield Held(subscribed.number)
        elif seconds == 0 or (longer and seconds is not None and seconds > EXPIRY):
            yield Unmet("a SUBSCRIBE for another time than at first: a fetch, or what a 423 has asked for")
        else:
            actual = f"{seconds} s" if seconds is not None else "no Expires that can be read"
            yield Breach(subscribed.number, f"Expires: {EXPIRY}", actual, line_of(subscribed.request, "Expires"))
        final = subscribed.exchange.final
        longer = final is not None and final.label.startswith("423")


@check("rfc3680-4.5-01")
def accepts_reginfo(view: View) -> Iterator[Outcome]:
    """Without Accept the document is accepted by default."""
    if not view.ue.subscribed:
        yield NO_SUBSCRIBE
    for subscribed in view.ue.subscribed:
        line = line_of(subscribed.request, "Accept")
        try:
            ranges = subscribed.request.get_all(Accept)
        except HeaderError as error:
            yield Breach(subscribed.number, f"Accept with {MEDIA_TYPE}", str(error), line)
            continue
        media = Accept.parse(MEDIA_TYPE)
        named = any(each.type == media.type and each.subtype == media.subtype for each in ranges)
        if line is None or named:
            yield Held(subscribed.number)
        elif any(each.covers(media) for each in ranges):
            yield Observed(subscribed.number, f"Accept with {MEDIA_TYPE}", ", ".join(map(str, ranges)), line)
        else:
            yield Breach(subscribed.number, f"Accept with {MEDIA_TYPE}", ", ".join(map(str, ranges)), line)


@check("24.229-5.1.2A.1.1-01")
def route_begins_with_the_p_cscf(view: View) -> Iterator[Outcome]:
    """By the address to which the request went, or by a host name."""
    if not view.ue.subscribed:
        yield NO_SUBSCRIBE
    for subscribed in view.ue.subscribed:
        request, line = subscribed.request, line_of(subscribed.request, "Route")
        try:
            routes = request.get_all(Route)
        except HeaderError as error:
            yield Breach(subscribed.number, "Route that begins with the P-CSCF", str(error), error.line)
            continue
        p_cscf = subscribed.exchange.request.destination
        expected = f"Route that begins with the P-CSCF, <sip:{p_cscf};lr>"
        actual = f"Route: {', '.join(map(str, routes))}" if routes else "no Route"
        if not routes or not _leads_to(routes[0], p_cscf, _service_route(subscribed), len(routes)):
            yield Breach(subscribed.number, expected, actual, line)
        elif not routes[0].loose:
            yield Observed(subscribed.number, expected, f"{routes[0]}, without lr", line)
        else:
            yield Held(subscribed.number)


@check("24.229-5.1.2A.1.1-02")
def route_goes_on_with_service_route(view: View) -> Iterator[Outcome]:
    """Every value of the last 2xx in its order, with its parameters, and nothing else."""
    decided = False
    for subscribed in view.ue.subscribed:
        wanted = _service_route(subscribed)
        try:
            routes = subscribed.request.get_all(Route)
        except HeaderError:
            continue  # the row of the P-CSCF finds that
        if wanted is None or (not wanted and len(routes) <= 1):
            continue
        decided = True
        p_cscf = subscribed.exchange.request.destination
        begun = bool(routes) and _leads_to(routes[0], p_cscf, wanted, len(routes))
        found = routes[1:] if begun else routes
        if hops(found) == hops(wanted):
            yield Held(subscribed.number)
        else:
            expected = ", ".join(map(str, wanted)) or "nothing: the last 2xx has no Service-Route"
            actual = ", ".join(map(str, found)) or "nothing"
            line = line_of(subscribed.request, "Route")
            yield Breach(subscribed.number, f"behind the P-CSCF {expected}", actual, line)
    if not decided:
        yield Unmet("no SUBSCRIBE followed on a 2xx with Service-Route") if view.ue.subscribed else NO_SUBSCRIBE


def _service_route(subscribed: Subscribed) -> tuple[ServiceRoute, ...] | None:
    """What the registration before it brought; None if there was none, or nobody can read it."""
    if subscribed.after is None or subscribed.after.final is None:
        return None
    try:
        return subscribed.after.final.get_all(ServiceRoute)
    except HeaderError:
        return None


def _leads_to(route: Route, p_cscf: Address, service: tuple[ServiceRoute, ...] | None, hops: int) -> bool:
    """Whether the first of so many Route values is the P-CSCF and not the first of Service-Route."""
    if service and hops <= len(service) and hop(route) == hop(service[0]):
        return False
    try:
        return Address.of(route.uri.host, 0).host == p_cscf.host
    except ValueError:
        return bool(route.uri.host)


def _records(values: tuple[str, ...]) -> list[str]:
    found = []
    for value in values:
        try:
            found.append(To.parse(value).uri.address_of_record())
        except (HeaderError, UriError):
            continue
    return found


def _record(text: str) -> str:
    try:
        return Uri.parse(text).address_of_record()
    except UriError:
        return ""


def _can_subscribe(view: View, registration: UeRegister) -> bool:
    """Whether the UE has associations to subscribe on, where it needs them (TS 33.203 7.4).

    One that asked for an agreement and got none may think that it needs them.
    """
    if view.facts.security != "ipsec":
        return registration.answers is not None or not registration.request.fields("Security-Client")
    return registration.exchange.request.flow.association is not None
