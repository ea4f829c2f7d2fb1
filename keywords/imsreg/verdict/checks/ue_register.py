"""What a UE writes into the REGISTER of an initial registration (TS 24.229 5.1.1.1A, 5.1.1.2.1; RFC 7315 6.4)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.identity.subscribers import Subscriber
from imsreg.sip.errors import HeaderError, UriError
from imsreg.sip.flow import Address
from imsreg.sip.headers.name_addr import Contact, From, To
from imsreg.sip.headers.via import Via
from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.authentication import records_of
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.ue_registers import Purpose, Stage, UeRegister
from imsreg.verdict.view import View, line_of

EXPIRY = 600_000
"""Seconds that a UE asks for (TS 24.229 5.1.1.2.1 e)."""

NO_REGISTER = Unmet("the UE sent no REGISTER")
NO_INITIAL = Unmet("the UE began no initial registration")


@check("24.229-5.1.1.1A-01")
def registers_an_identity_of_its_sim(view: View) -> Iterator[Outcome]:
    """To names one of the subscriber's public identities, be they from an ISIM or derived."""
    known = [(register, register.subscriber) for register in view.ue.registers if register.subscriber is not None]
    if not known:
        yield Unmet("no known subscriber sent a REGISTER") if view.ue.registers else NO_REGISTER
    for register, subscriber in known:
        if register.record in records_of(subscriber):
            yield Held(register.number)
        else:
            expected = f"a public identity of {subscriber.name}: {', '.join(sorted(records_of(subscriber)))}"
            yield _breach(register, "To", expected, register.record or "a To that cannot be read")


@check("24.229-5.1.1.2.1-01")
def from_and_to_are_one_sip_uri(view: View) -> Iterator[Outcome]:
    """The same SIP URI in both."""
    if not view.ue.registers:
        yield NO_REGISTER
    for register in view.ue.registers:
        try:
            to, sender = register.request.get(To), register.request.get(From)
        except HeaderError as error:
            yield _breach(register, error.name, "a SIP URI in From and To", str(error))
            continue
        if to is None or sender is None:
            yield Breach(register.number, "From and To", "one of them is missing")
        elif to.uri.scheme not in ("sip", "sips") or to.uri.lacks_brackets:
            yield _breach(register, "To", "a SIP URI", str(to.uri))
        elif sender.uri.lacks_brackets:
            yield _breach(register, "From", "a SIP URI", str(sender.uri))
        elif not equivalent(to.uri, sender.uri):
            yield _breach(register, "From", f"the URI of To, {to.uri}", str(sender.uri))
        else:
            yield Held(register.number)


@check("24.229-5.1.1.2.1-02")
def contact_holds_the_ues_address(view: View) -> Iterator[Outcome]:
    """A SIP URI. An IP address that is not where the REGISTER came from may be due to a NAT."""
    initial = _initial(view)
    if not initial:
        yield NO_INITIAL
    for register in initial:
        expected = "Contact with a SIP URI that holds the UE's IP address or host name"
        try:
            contacts = register.request.get_all(Contact)
        except HeaderError as error:
            yield _breach(register, "Contact", expected, str(error))
            continue
        wrong = [
            c
            for c in contacts
            if c.star or c.uri.scheme not in ("sip", "sips") or not c.uri.host or c.uri.lacks_brackets
        ]
        if not contacts or wrong:
            yield _breach(register, "Contact", expected, f"Contact: {wrong[0]}" if wrong else "no Contact")
        else:
            yield from _addressed(register, contacts)


def _addressed(register: UeRegister, contacts: tuple[Contact, ...]) -> Iterator[Outcome]:
    source = register.exchange.request.source
    for contact in contacts:
        host = _ip(contact.uri.host)
        if host is not None and host != source.host:
            line = line_of(register.request, "Contact")
            yield Observed(register.number, f"{source.host} in Contact, where it came from", str(contact.uri), line)
        else:
            yield Held(register.number)


@check("24.229-5.1.1.2.1-03")
def asks_for_the_source_port(view: View) -> Iterator[Outcome]:
    """Via has rport, without a value, in every REGISTER over UDP that no security association protects."""
    over_udp = [r for r in view.ue.registers if not r.exchange.request.flow.reliable]
    clear = [r for r in over_udp if r.exchange.request.flow.association is None]
    if not clear:
        yield Moot("every REGISTER came over TCP") if view.ue.registers and not over_udp else NO_REGISTER
    for register in clear:
        try:
            via = register.request.get(Via)
        except HeaderError as error:
            yield _breach(register, "Via", "a Via with rport", str(error))
            continue
        if via is None or "rport" not in via.params:
            yield _breach(register, "Via", "rport in the topmost Via", "none")
        elif via.params["rport"] is not None:
            line = line_of(register.request, "Via")
            yield Observed(register.number, "rport without a value", f"rport={via.params['rport']}", line)
        else:
            yield Held(register.number)


@check("24.229-5.1.1.2.1-04")
def asks_for_600000_s(view: View) -> Iterator[Outcome]:
    """In the expires parameter of Contact or, for want of one, in Expires. What a 423 asked for is another matter."""
    yield from asks_for_the_default_expiry(view, Purpose.INITIAL, NO_INITIAL)


def asks_for_the_default_expiry(view: View, purpose: Purpose, none: Unmet) -> Iterator[Outcome]:
    """Every request of such exchanges that no 423 has changed. What the UE sends to de-register is another matter."""
    decided = False
    for register in view.ue.registers:
        changed = any(r.stage is Stage.LONGER or r.told == "deregister" for r in register.chain())
        for contact in () if changed or register.purpose is not purpose else register.contacts:
            asked = register.asked(contact)
            if asked == 0 and register.binds:
                continue  # one of before, which goes
            decided = True
            if asked == EXPIRY:
                yield Held(register.number)
            else:
                name = "Contact" if "expires" in contact.params else "Expires"
                yield _breach(register, name, f"{EXPIRY} s", f"{asked} s" if asked is not None else "no expiry")
    if not decided:
        yield none


@check("24.229-5.1.1.2.1-05")
def request_uri_is_the_home_domain(view: View) -> Iterator[Outcome]:
    """The bare domain name, without a user part."""
    known = [(register, register.subscriber) for register in view.ue.registers if register.subscriber is not None]
    if not known:
        yield Unmet("no known subscriber sent a REGISTER") if view.ue.registers else NO_REGISTER
    for register, subscriber in known:
        if is_home_uri(register.request.request_uri, subscriber):
            yield Held(register.number)
        else:
            expected = f"Request-URI sip:{subscriber.home_domain}"
            yield Breach(register.number, expected, register.request.request_uri, 1)


def is_home_uri(text: str | None, subscriber: Subscriber) -> bool:
    """Whether this is the SIP URI of the subscriber's home network domain."""
    try:
        return text is not None and equivalent(Uri.parse(text), Uri.parse(f"sip:{subscriber.home_domain}"))
    except UriError:
        return False


@check("24.229-5.1.1.2.1-06")
def supports_path(view: View) -> Iterator[Outcome]:
    """In the first request and in its answers."""
    initial = [r for r in view.ue.registers if r.purpose is Purpose.INITIAL]
    if not initial:
        yield NO_INITIAL
    for register in initial:
        tags = register.request.option_tags("Supported")
        if "path" in tags:
            yield Held(register.number)
        else:
            yield _breach(register, "Supported", "path in Supported", ", ".join(tags) or "no Supported")


@check("rfc7315-6.4-01")
def no_access_network_in_the_clear(view: View) -> Iterator[Outcome]:
    """The initial request must not have it; in another one that nothing protects it is odd."""
    clear = [r for r in view.ue.registers if r.exchange.request.flow.association is None]
    if not _initial(view):
        yield NO_INITIAL
    for register in clear:
        first = register.purpose is Purpose.INITIAL and register.stage is Stage.FIRST
        line = line_of(register.request, "P-Access-Network-Info")
        if line is not None:
            finding = Breach if first else Observed
            yield finding(register.number, "no P-Access-Network-Info in the clear", "P-Access-Network-Info", line)
        elif first:
            yield Held(register.number)


@check("34.229-1-A.1.1-02")
def no_route_in_the_initial_register(view: View) -> Iterator[Outcome]:
    """The default message has none; a preloaded Route to the P-CSCF is legal."""
    if not _initial(view):
        yield NO_INITIAL
    for register in _initial(view):
        route = register.request.value("Route")
        yield Held(register.number) if route is None else _breach(register, "Route", "no Route", f"Route: {route}")


def _initial(view: View) -> tuple[UeRegister, ...]:
    return view.ue.initial


def _breach(register: UeRegister, name: str, expected: str, actual: str) -> Breach:
    return Breach(register.number, expected, actual, line_of(register.request, name))


def _ip(host: str) -> str | None:
    try:
        return Address.of(host, 0).host
    except ValueError:
        return None
