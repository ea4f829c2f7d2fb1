"""Ports and SPIs that a UE offers, the contact that it registers on a set, and lists it cannot use (TS 33.203 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.transforms import ALL_TRANSFORMS
from imsreg.secagree.usability import MECHANISM, endpoints, transform, usable
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.security import SecurityClient, SecurityMechanism, SecurityServer
from imsreg.sip.headers.via import Via
from imsreg.transcript.esp import EspEntry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_forgotten import may_be_forgotten
from imsreg.verdict.esp_ports import none_is_standard
from imsreg.verdict.esp_sets import sets_made_by, sound
from imsreg.verdict.esp_view import shown
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet, held_unless
from imsreg.verdict.ue_registers import Stage, UeRegister
from imsreg.verdict.ue_told import PATIENCE
from imsreg.verdict.view import View, line_of, readable

NAME = "Security-Client"
NO_LIST = Unmet("the UE sent no Security-Client with an ipsec-3gpp entry that is complete")


@check("33.203-7.1-07")
def offers_no_standard_port(view: View) -> Iterator[Outcome]:
    """Neither client nor server port of any ipsec-3gpp entry is 5060 or 5061."""
    registers = view.ue.registers
    outcomes = [
        each for register in registers for each in none_is_standard(register.number, register.request, SecurityClient)
    ]
    yield from outcomes or [NO_LIST]


@check("33.203-7.1-08")
def offers_unique_spis(view: View) -> Iterator[Outcome]:
    """Two that differ, and none that is in use in either direction. An answer repeats the offer before it.

    Those of a set that the UE may have given up are only odd.
    """
    decided = False
    for register in view.ue.registers:
        if register.stage is Stage.ANSWER:
            continue
        taken, former = _spis_in_use(view, register)
        for entry in readable(register.request, SecurityClient):
            ends = endpoints(entry)
            if not isinstance(ends, Endpoints):
                continue
            decided = True
            line = line_of(register.request, NAME)
            if ends.spi_c == ends.spi_s:
                yield Breach(register.number, "spi-c and spi-s that differ", str(entry), line)
            elif not taken.isdisjoint(ends.spis):
                expected = f"SPIs other than {', '.join(map(str, sorted(taken)))}, which are in use"
                yield Breach(register.number, expected, str(entry), line)
            elif not former.isdisjoint(ends.spis):
                expected = f"SPIs other than {', '.join(map(str, sorted(former)))}, which may still be in use"
                yield Observed(register.number, expected, str(entry), line)
            else:
                yield Held(register.number)
    if not decided:
        yield NO_LIST


@check("24.229-5.1.1.2.2-05")
def names_its_protected_port(view: View) -> Iterator[Outcome]:
    """On a set: the protected server port in Contact, and over UDP in sent-by of Via. A host name will do."""
    decided = False
    for register in view.ue.registers:
        located = view.secured.on(register.exchange.request)
        if located is None:
            continue
        decided = True
        ports = {sas.ue.port_s for sas in located.made.candidates}
        yield from held_unless(_wrong_ports(register, ports), register.number)
    if not decided:
        yield Unmet("the UE sent no REGISTER on a known association")


@check("33.203-7.3.2.2-01")
def abandons_an_unusable_agreement(view: View) -> Iterator[Outcome]:
    """No response to a challenge whose list cannot become associations with what the UE offered.

    A packet under an SPI of the list is one, though nothing can be read in it. A list with which the P-CSCF breaks a
    rule on SPIs and ports may still work: to use it is odd, and to abandon it is right.
    """
    decided = False
    for register, certain in _useless(view):
        reply, packet = view.ue.next(register), _packet(view, register)
        finding, expected = Breach if certain else Observed, "the registration abandoned"
        decided = True
        if reply is not None and reply.answers is register and reply.stage is Stage.ANSWER:
            yield finding(reply.number, expected, f"a response {view.secured.way(reply.exchange.request)}")
        elif packet is not None:
            yield finding(view.secured.place(packet), expected, f"a packet under an SPI of the list, {shown(packet)}")
        elif reply is not None or view.ue.quiet(register) >= PATIENCE:
            yield Held(reply.number if reply is not None else register.final_entry.number)
        else:
            yield Unmet(f"the tester did not wait after message {register.final_entry.number}")
    if not decided:
        yield _all_usable(view)


@check("24.229-5.1.1.5.1-09")
def begins_anew_without_an_agreement(view: View) -> Iterator[Outcome]:
    """After such a challenge the UE registers again under another Call-ID. How soon, no text says."""
    decided = False
    for register, certain in _useless(view):
        reply = view.ue.own_next(register)
        decided = True
        entry, expected = register.final_entry.number, "a new REGISTER with another Call-ID"
        answered = reply is not None and reply.answers is register and reply.stage is Stage.ANSWER
        if answered or _packet(view, register) is not None:
            yield Moot("the UE answered the challenge, which 33.203-7.3.2.2-01 judges")
        elif reply is not None and reply.call_id == register.call_id and reply.record == register.record:
            line = line_of(reply.request, "Call-ID")
            finding = Breach if certain else Observed
            yield finding(reply.number, expected, f"Call-ID: {reply.call_id}, as before", line)
        elif reply is not None:
            yield Held(reply.number)
        elif (quiet := view.ue.quiet(register)) >= PATIENCE:
            yield Observed(entry, expected, f"no REGISTER for {quiet:.0f} s")
        else:
            yield Unmet(f"the tester did not wait after message {entry}")
    if not decided:
        yield _all_usable(view)


def _spis_in_use(view: View, register: UeRegister) -> tuple[set[int], set[int]]:
    """The SPIs that the UE's associations have when it sends a request, and those that they may have."""
    request = register.exchange.request
    taken: set[int] = set()
    former: set[int] = set()
    for made in view.secured.sets:
        if made.owner.host == request.source.host and made.lives(request):
            kind = former if may_be_forgotten(view, made, request.number) else taken
            kind.update(spi for sas in made.candidates for spi in sas.spis)
    return taken, former


def _useless(view: View) -> Iterator[tuple[UeRegister, bool]]:
    """The requests with a usable offer whose AKA challenge has a list of no use; whether that leaves no doubt.

    Without doubt are those whose entries are no associations for anybody, or have algorithms of no release. That
    SPIs or ports break a rule leaves a doubt.
    """
    for register in view.ue.challenged:
        offer = readable(register.request, SecurityClient)
        if not any(map(usable, offer)) or not register.by_aka or register.final is None or register.status != 401:
            continue
        try:
            listed = register.final.get_all(SecurityServer)
        except HeaderError:
            continue  # how much of it a UE reads is its own matter
        if _another(offer, listed):
            continue
        known = {transform(entry) for entry in listed if usable(entry)}
        # A UE may know more than it offers: an algorithm of Annex H beside its offer leaves a doubt.
        if not known & {*ALL_TRANSFORMS}:
            # Of two values of one parameter, which RFC 3261 7.3.1 forbids, a UE may take either.
            yield register, not any("two values" in str(endpoints(entry)) for entry in listed)
            continue
        made = sets_made_by(register.exchange.request, register.final_entry)
        if made and not any(map(sound, made)):
            yield register, False


def _another(offer: Iterable[SecurityMechanism], listed: Iterable[SecurityMechanism]) -> bool:
    """Whether both sides have a mechanism that is not ipsec-3gpp, or a mode that is not that of transport."""
    both = {_kind(entry) for entry in offer} & {_kind(entry) for entry in listed}
    return bool(both - {(MECHANISM, "trans")})


def _kind(entry: SecurityMechanism) -> tuple[str, str]:
    name = entry.mechanism.lower()
    return name, (entry.mod or "trans").lower() if name == MECHANISM else ""


def _all_usable(view: View) -> Moot | Unmet:
    """Why no list was of no use."""
    for register in view.ue.challenged:
        listed = readable(register.final, SecurityServer) if register.final is not None else ()
        if _another(readable(register.request, SecurityClient), listed):
            return Moot("the list has a mechanism or mode beside ipsec-3gpp in transport mode that the UE offers, too")
    return Unmet("no challenge lacked a Security-Server that the UE could use")


def _packet(view: View, register: UeRegister) -> EspEntry | None:
    """The first packet after a challenge, before it was answered otherwise, under an SPI of its list."""
    entries = readable(register.final, SecurityServer) if register.final is not None else ()
    spis = {spi for entry in entries for spi in (entry.spi_c, entry.spi_s)}
    after, reply = register.final_entry.number, view.ue.next(register)
    others = {
        association
        for made in view.secured.sets
        if made.asked is not register.exchange.request
        for sas in made.candidates
        for association in sas.associations
    }
    for record in view.secured.arrived:
        if record.event.association in others:
            continue
        in_time = record.after >= after and (reply is None or record.after < reply.number)
        if in_time and record.event.spi and record.event.spi in spis:
            return record
    return None


def _wrong_ports(register: UeRegister, ports: set[int]) -> Iterator[Breach]:
    wanted = " or ".join(map(str, sorted(ports)))
    others = not register.binds and any(not c.star and c.uri.port in ports for c in register.contacts)
    for contact in register.contacts if not others else ():  # removed beside its own
        if contact.star or (register.binds and register.asked(contact) == 0):
            continue  # not its own contact of now
        if contact.uri.scheme in ("sip", "sips") and contact.uri.port not in ports:
            line = line_of(register.request, "Contact")
            yield Breach(register.number, f"port {wanted} in Contact", f"Contact: {contact.uri}", line)
    if register.exchange.request.flow.reliable:
        return
    vias = readable(register.request, Via)
    if vias and vias[0].port not in ports:
        line = line_of(register.request, "Via")
        yield Breach(register.number, f"port {wanted} in Via", f"Via: {vias[0]}", line)
