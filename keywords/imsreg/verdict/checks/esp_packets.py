"""What the packets of either side tell: ports, clear text, keys, dummies, what is sent again (TS 33.203)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.associations import Side
from imsreg.secagree.events import Direction, Fate, Fault
from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Message, Response
from imsreg.transcript.correlation import Exchange
from imsreg.transcript.entries import Entry
from imsreg.transcript.esp import EspEntry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.esp_choices import two_choices
from imsreg.verdict.esp_forgotten import is_protected
from imsreg.verdict.esp_history import MadeSet
from imsreg.verdict.esp_payload import Payload, fits, payload_of
from imsreg.verdict.esp_view import AUTHENTIC, NO_SET, Located, SecuredView, shown
from imsreg.verdict.offers import NOTHING_IN_COMMON, refused
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import View

NO_RECORDS = Unmet("nothing was recorded of the packets of associations")


@check("33.203-7.1-03")
def sends_from_the_right_port(view: View) -> Iterator[Outcome]:
    """Over UDP from client port to server port; over TCP too, but a response on the connection of its request.

    A request over TCP on a connection of the other side is only odd. A packet whose ports are not those of the
    association with its SPI is wrong, too. A response over TCP on another set than its request, as a refusal of 7.4
    can be, may have a connection of its own or one that is there. A datagram that answers a request of the tester with
    rport in its Via is asked for at the client port (RFC 3581 4), and decides nothing.
    """
    secured, decided = view.secured, False
    for entry in secured.protected:
        located = secured.on(entry)
        if located is None or _asked_for_at_the_source(secured, entry):
            continue
        if not entry.flow.reliable or not isinstance(entry.message, Response):
            right = located.name is secured.carrier(entry)
            finding = Observed if entry.flow.reliable else Breach
        else:
            asked = secured.answered.get(entry.number)
            if asked is None or _broken_before(view, entry) or _on_another_set(secured, asked, located):
                continue
            right = {asked.source, asked.destination} == {entry.source, entry.destination}
            finding = Breach
        decided = True
        expected = f"on {secured.right(located.made, entry)}"
        yield Held(entry.number) if right else finding(entry.number, expected, secured.way(entry))
    for record in secured.arrived:
        if record.event.fate is Fate.WRONG_SELECTOR and (_makes_sense(secured, record) or _all_kept(secured, record)):
            decided = True
            expected = "a packet between the ports of the association that its SPI names"
            finding = Breach if record.event.inner is not None else Observed  # another protocol has no ports
            yield finding(secured.place(record), expected, shown(record))
    if not decided:
        yield NO_SET if not secured.sets else Unmet("no message of the DUT came on a known association")


@check("33.203-7.1-04")
def sends_nothing_in_the_clear(view: View) -> Iterator[Outcome]:
    """No message outside of ESP from a protected port of its own, or to one of the tester.

    A segment of TCP without a message, as a closed connection may leave behind, is odd. So is a datagram without one,
    and what a UE sends before there are associations at the port or when they may be gone.
    """
    secured, decided = view.secured, False
    for entry in secured.written:
        if entry.flow.association is None and _concerns_protected_port(secured, entry):
            decided = True
            ends = (entry.source, entry.destination)
            finding = Breach if _is_protected(view, ends, entry.number, entry.at) else Observed
            yield finding(entry.number, "this message inside of ESP", secured.way(entry))
    for record in secured.arrived:
        inner = record.event.inner
        if record.event.fate is not Fate.CLEAR or inner is None or not secured.of_dut(inner):
            continue
        if inner.source not in secured.ports(secured.dut) and _invited(secured, inner.destination.port, record.after):
            continue
        decided = True
        what = payload_of(record.event.octets, inner.transport)
        certain = what is Payload.MESSAGE and _is_protected(
            view, (inner.source, inner.destination), record.after + 1, record.at
        )
        finding = Breach if certain else Observed
        yield finding(secured.place(record), "nothing outside of ESP between these ports", f"{shown(record)}, {what}")
    if not decided and secured.transcript.dropped_esp:
        yield Unmet(f"{secured.transcript.dropped_esp} packets more than could be recorded")
    elif not decided and any(record.event.fate is Fate.OK for record in secured.arrived):
        yield Held(secured.place(next(r for r in reversed(secured.arrived) if r.event.fate is Fate.OK)))
    elif not decided:
        yield NO_SET if not secured.sets else NO_RECORDS


@check("33.203-I-01")
def protects_with_the_agreed_keys(view: View) -> Iterator[Outcome]:
    """At least one packet on each set has a right ICV, and is a message once it is decrypted.

    A P-CSCF with other keys discards what comes, and is never heard on the set: then nothing is decided. Nor is it by
    packets that have the form of the agreed algorithms and that the tester could not take for such, nor where the two
    texts on the choice name different entries.
    """
    secured, decided = view.secured, False
    for made in secured.sets:
        records = list(secured.arrived_on(made))
        verified = [r for r in records if r.event.fate in AUTHENTIC]
        failed = [r for r in records if r.event.fate in (Fate.BAD_ICV, Fate.MALFORMED)]
        if any(r.event.fate in (Fate.OK, Fate.BAD_PADDING) or _makes_sense(secured, r) for r in verified):
            decided = True
            yield Held(secured.place(verified[0]))
        elif failed and not verified and all(r.event.fate is Fate.MALFORMED and _well_formed(made, r) for r in failed):
            decided = True
            yield Unmet(f"the tester expected other algorithms than the list names: {shown(failed[0])}")
        elif (failed or verified) and two_choices(made):
            decided = True
            yield Unmet("what of the list is to be taken is open: by order or by q, or without encryption")
        elif failed:
            decided = True
            actual = f"all {len(failed)} packets are wrong: {shown(failed[0])}"
            yield Breach(secured.place(failed[0]), _agreed(made), actual)
        elif verified and _encrypts(made):
            decided = True
            actual = f"none of {len(verified)} authentic packets makes sense: {shown(verified[0])}"
            yield Breach(secured.place(verified[0]), _agreed(made), actual)
    if not decided and not secured.sets:
        yield NOTHING_IN_COMMON if refused(view) else NO_SET
    elif not decided:
        yield Unmet("no packet of the DUT came on a set that a challenge made")


@check("33.203-6.2-01")
def sends_no_dummies(view: View) -> Iterator[Outcome]:
    """No authentic packet with Next Header 59, which with another key for the encryption any octet may become."""
    secured = view.secured
    authentic = [r for r in secured.arrived if r.event.fate in AUTHENTIC and _all_kept(secured, r)]
    if not authentic:
        yield Unmet("no packet of the DUT made sense") if secured.sets else NO_SET
    for record in authentic:
        if record.event.fate is Fate.DUMMY:
            yield Breach(secured.place(record), "no dummy packet (Next Header 59)", shown(record))
        else:
            yield Held(secured.place(record))


@check("33.203-6.3-01")
def answers_no_replay(view: View) -> Iterator[Outcome]:
    """A request over UDP whose packet is sent a second time, as it is, gets no further response.

    Each response in excess of the requests that were sent answers the copy. Copies that the network makes do not
    count: the tester's own window keeps them out.
    """
    secured, decided = view.secured, False
    for record in secured.injected:
        exchange = _replayed(secured, record) if record.event.injected is Fault.REPLAY else None
        if exchange is None:
            continue
        decided = True
        answers = [e for e in exchange.responses if not e.label.startswith("1")]
        late = [e for e in answers if e.number > record.after]
        if len(answers) > len(exchange.requests) and late:
            expected = f"no answer to the copy of message {exchange.request.number}"
            actual = f"{len(answers)} responses to {len(exchange.requests)} requests after {shown(record)}"
            yield Breach(late[-1].number, expected, actual)
        elif secured.waited(record.at) and answers:
            yield Held(secured.place(record))
        else:
            yield Unmet(f"the tester did not wait after {shown(record)}")
    if not decided and any(_over_tcp(secured, record) for record in secured.injected):
        yield Moot("only segments of TCP were sent a second time, of which TCP itself takes none")
    elif not decided:
        yield Unmet("no packet with a request over UDP was sent a second time")


def _broken_before(view: View, entry: Entry) -> bool:
    """Whether a connection may have been lost before: a response takes another one then (RFC 3261 18.2.2)."""
    return any(event.kind == "transport" and event.after < entry.number for event in view.transcript.events)


def _asked_for_at_the_source(secured: SecuredView, entry: Entry) -> bool:
    asked = secured.answered.get(entry.number)
    if entry.flow.reliable or asked is None or asked.message is None:
        return False
    try:
        via = asked.message.get(Via)
    except HeaderError:
        return False
    return via is not None and "rport" in via.params


def _on_another_set(secured: SecuredView, asked: Entry, located: Located) -> bool:
    """Whether a request did not come on the set that its response is on: 7.4 says which, and no text the connection."""
    came = secured.on(asked)
    return came is None or came.made is not located.made


def _all_kept(secured: SecuredView, record: EspEntry) -> bool:
    """Whether packets of the same set make sense otherwise: if none does, it is the keys that are wrong."""
    association = record.event.association
    made = next((m for m in secured.sets if any(association in s.associations for s in m.candidates)), None)
    return made is not None and any(r.event.fate is Fate.OK for r in secured.arrived_on(made))


def _concerns_protected_port(secured: SecuredView, entry: Entry) -> bool:
    if entry.source in secured.ports(secured.dut):
        return True
    return entry.destination in secured.ports(secured.tester) and not _invited(
        secured, entry.destination.port, entry.number - 1
    )


def _is_protected(view: View, ends: tuple[Address, Address], number: int, at: float) -> bool:
    """Whether one of two ports certainly has associations when a message passes; a P-CSCF keeps its ports."""
    return view.secured.dut is not Side.UE or any(is_protected(view, each, number, at) for each in ends)


def _invited(secured: SecuredView, port: int, after: int) -> bool:
    """Whether the tester has asked for an answer at this port by the Via of a request in the clear."""
    requests = (x.request for x in secured.asked if x.request.number <= after)
    return any(r.flow.association is None and r.message is not None and _via_port(r.message) == port for r in requests)


def _via_port(message: Message) -> int | None:
    try:
        via = message.get(Via)
    except HeaderError:
        return None
    return via.port if via is not None else None


def _agreed(made: MadeSet) -> str:
    transforms = dict.fromkeys(each.keys.transform for each in made.candidates)
    words = " or ".join(f"alg={each.alg} ealg={each.ealg}" for each in transforms)
    return f"packets protected by {words} with the keys of this challenge"


def _well_formed(made: MadeSet, record: EspEntry) -> bool:
    """Whether a packet has the length of the algorithms that both sides take, the first on the list (7.2)."""
    return fits(record.event.octets, made.candidates[0].keys.transform)


def _makes_sense(secured: SecuredView, record: EspEntry) -> bool:
    """Whether a packet between wrong ports was decrypted rightly: one is that of its association, or both of the set.

    What another key makes of a packet has any ports.
    """
    inner, association = record.event.inner, record.event.association
    if record.event.fate is not Fate.WRONG_SELECTOR or inner is None or association is None:
        return False
    if inner.source == association.source or inner.destination == association.destination:
        return True
    return inner.source in secured.ports(secured.dut) and inner.destination in secured.ports(secured.tester)


def _encrypts(made: MadeSet) -> bool:
    return any(each.keys.transform.ealg != "null" for each in made.candidates)


def _replayed(secured: SecuredView, record: EspEntry) -> Exchange | None:
    """The exchange whose request was in the packet that was sent again, if it went over UDP."""
    first = _original(secured, record)
    if first is None or not first.after:
        return None
    entry = secured.transcript.entries[first.after - 1]  # what is sent stands before the record of its packet
    association = record.event.association
    if not entry.sent or entry.flow.reliable or association is None or entry.flow.association != association.label:
        return None
    return next((x for x in secured.asked if entry in x.requests), None)


def _original(secured: SecuredView, record: EspEntry) -> EspEntry | None:
    """The record of the packet that was sent again."""
    same = (
        r
        for r in secured.records
        if r.number < record.number
        and r.event.direction is Direction.OUT
        and r.event.injected is None
        and (r.event.spi, r.event.sequence) == (record.event.spi, record.event.sequence)
    )
    return next(same, None)


def _over_tcp(secured: SecuredView, record: EspEntry) -> bool:
    first = _original(secured, record) if record.event.injected is Fault.REPLAY else None
    return first is not None and first.event.inner is not None and first.event.inner.transport == "TCP"
