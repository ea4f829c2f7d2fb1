"""What a capture of somebody else's shows of each UE: its messages at Gm, from one start to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from imsreg.secagree.associations import SaSet
from imsreg.sip.errors import HeaderError, MessageError, UriError
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.headers.name_addr import From, PAssociatedUri, To
from imsreg.sip.headers.security import SecurityClient, SecurityServer
from imsreg.sip.message import Message, Request, Response, parse
from imsreg.sip.uri import Uri
from imsreg.transcript.circumstances import Circumstances
from imsreg.transcript.foreign import ForeignMessage
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.esp_sets import sets_made_by
from imsreg.verdict.roles import Role

MAX_CONVERSATIONS = 200
"""Conversations of one capture that are analysed."""

UE_NAME, NETWORK_NAME = "UE", "network"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message of a capture with what could be read of it, None if that is nothing; `order` is its place there."""

    seen: ForeignMessage
    message: Message | None
    order: int = 0

    @property
    def is_register(self) -> bool:
        """Whether it is a REGISTER."""
        return isinstance(self.message, Request) and self.message.method == "REGISTER"

    @property
    def call_id(self) -> str:
        """Call-ID, "" if there is none to be read."""
        return (self.message.value("Call-ID") or "") if self.message is not None else ""


@dataclass(slots=True)
class Conversation:
    """One UE and the network at Gm, from a REGISTER that begins anew until the next that does.

    `record` is the address of record that it registers, `ue` and `network` are where its first REGISTER came from and
    went to. `began` in seconds since the epoch.
    """

    number: int
    record: str
    ue: Address
    network: Address
    began: float
    spoken: list[Spoken] = field(default_factory=list)
    protected: set[Address] = field(default_factory=set)
    """Where either side has named a protected port."""

    @property
    def title(self) -> str:
        """What reports call it."""
        again = f", start {self.number}" if self.number > 1 else ""
        return f"{self.record} at {self.ue.host}{again}"

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of both sides."""
        return frozenset((self.ue.host, self.network.host))

    def take(self, spoken: Spoken) -> None:
        """Add the next message."""
        self.spoken.append(spoken)
        if spoken.message is not None:
            self.protected |= {Address.of(spoken.seen.source.host, port) for port in _ports(spoken.message)}

    def goes_on_in(self, later: Conversation) -> bool:
        """Whether this was not over when a later one began: REGISTER requests or associations of it come after that.

        They may be another device's of the same user.
        """
        begun = later.spoken[0].order
        if any(each.order > begun and each.is_register for each in self.spoken):
            return True
        ends = ({each.seen.source, each.seen.destination} for each in later.spoken)
        return any(both <= self.protected and not both <= later.protected for both in ends)

    def transcript(self, role: Role, impi: str) -> Transcript:
        """The conversation as a run in which the side with this role was under test: the other side is the tester.

        What came in ESP, or between the ports of a set of associations that a challenge before it has made, is on that
        set: above its ESP a host captures a packet once more, in the clear.
        """
        made = self._recorded(role, impi, ())
        sets = tuple(_sets_of(made))
        return self._recorded(role, impi, sets) if sets else made

    def _recorded(self, role: Role, impi: str, sets: Sequence[tuple[int, SaSet]]) -> Transcript:
        """`sets` with the number of the challenge that makes each, oldest first."""
        under_test_is_ue = role == "ue"
        made = Transcript(self.title, self.began, start=self.began)
        made.overheard = True
        made.peers |= {self.ue.host: UE_NAME, self.network.host: NETWORK_NAME}
        if self.ue.host == self.network.host:
            made.peers = {self.ue: UE_NAME, self.network: NETWORK_NAME}
        made.circumstances = Circumstances(dut=() if under_test_is_ue else (self.network,), subscribers=(impi,))
        for number, each in enumerate(self.spoken, start=1):
            seen = each.seen
            sent = self._from_ue(seen) is not under_test_is_ue
            ends = (seen.source, seen.destination) if sent else (seen.destination, seen.source)
            way = _way(seen, [sas for challenge, sas in sets if challenge < number])
            made.record(sent, Flow(seen.transport, *ends, seen.connection, way), seen.octets, seen.at)
        return made

    def identities(self) -> Identities:
        """Who registers here, by the wire alone."""
        found = Identities(record=self.record)
        for each in self.spoken:
            if each.message is not None:
                found.learn(each.message)
        return found

    def _from_ue(self, seen: ForeignMessage) -> bool:
        if self.ue.host != self.network.host:
            return seen.source.host == self.ue.host
        return seen.source == self.ue or seen.destination == self.network  # one host: only the ports tell


@dataclass(slots=True)
class Identities:
    """The identities of one UE as messages show them. `impu` is what it registers, as it writes it."""

    record: str
    impu: str = ""
    impi: str = ""
    home_domain: str = ""
    associated: tuple[str, ...] = ()
    by_password: bool = False
    agreement: bool = False
    """Whether the network takes part in a negotiation of security mechanisms."""
    offers: bool = False
    """Whether the UE offers one."""

    def learn(self, message: Message) -> None:
        """Take in one message of the conversation, in order."""
        try:
            if isinstance(message, Request) and message.method == "REGISTER":
                self._of_register(message)
            elif isinstance(message, Response) and message.status // 100 == 2:
                named = tuple(each.uri.text for each in message.get_all(PAssociatedUri))
                self.associated = named or self.associated
        except (HeaderError, UriError):
            pass  # what cannot be read tells nothing of who it is; the checks say what is wrong with it
        self.agreement = self.agreement or bool(message.fields("Security-Server"))
        self.offers = self.offers or bool(message.fields("Security-Client"))
        for field_ in message.fields("WWW-Authenticate"):
            algorithm = field_.value.lower()
            self.by_password = "digest" in algorithm and "akav" not in algorithm

    def _of_register(self, request: Request) -> None:
        self.home_domain = self.home_domain or Uri.parse(request.request_uri).host
        to = request.get(To)
        if to is not None:
            self.impu = self.impu or to.uri.text
        authorization = request.get(Authorization)
        if authorization is not None and authorization.username:
            self.impi = self.impi or authorization.username


def conversations(messages: Iterable[ForeignMessage]) -> list[Conversation]:
    """The conversations at Gm, in the order in which they begin, MAX_CONVERSATIONS at most.

    A UE is who sends a REGISTER with a single Via value for its own address of record. What is between CSCFs has more
    of them; a third party's registration at an application server is not its own. A REGISTER under a new Call-ID,
    without a nonce and in the clear begins anew, unless what was before goes on after it. Everything else, what cannot
    be read too, belongs where its Call-ID does, or to the only UE at its hosts.
    """
    found: list[Conversation] = []
    latest: dict[tuple[str, frozenset[str]], Conversation] = {}
    by_call: dict[tuple[str, frozenset[str]], Conversation] = {}
    named: dict[tuple[str, frozenset[str]], set[Address]] = {}  # protected ports, of earlier conversations too
    for order, seen in enumerate(messages):
        spoken, hosts = Spoken(seen, _read(seen), order), frozenset((seen.source.host, seen.destination.host))
        call = spoken.call_id, hosts
        record = _own_record(spoken.message) if spoken.is_register and isinstance(spoken.message, Request) else None
        if record is None:
            owner = by_call.get(call) or _only(latest, hosts)
        else:
            owner = by_call.get(call)
            if owner is None or owner.record != record:
                owner = latest.get((record, hosts))
                ends = {seen.source, seen.destination}
                goes_on = (
                    _has_nonce(spoken.message) or seen.spi is not None or ends <= named.get((record, hosts), set())
                )
                owner = owner if goes_on else None
            if owner is None:
                if len(found) == MAX_CONVERSATIONS:
                    continue
                owner = Conversation(1, record, seen.source, seen.destination, seen.at)
                found.append(owner)
                latest[record, hosts] = owner
        if owner is not None:
            by_call[call] = owner if record is not None else by_call.get(call, owner)
            owner.take(spoken)
            named.setdefault((owner.record, hosts), set()).update(owner.protected)
    return _joined(found)


def _joined(found: Sequence[Conversation]) -> list[Conversation]:
    """One that began before the one before it was over is part of that."""
    kept: list[Conversation] = []
    last: dict[tuple[str, frozenset[str]], Conversation] = {}
    for each in found:
        before = last.get((each.record, each.hosts))
        if before is not None and before.goes_on_in(each):
            before.spoken = sorted(before.spoken + each.spoken, key=lambda spoken: spoken.order)
            before.protected |= each.protected
        else:
            each.number = 1 if before is None else before.number + 1
            last[each.record, each.hosts] = each
            kept.append(each)
    return kept


def is_secured(transcript: Transcript) -> bool:
    """Whether any message came on an association."""
    return any(entry.flow.association is not None for entry in transcript.entries)


def _sets_of(transcript: Transcript) -> Iterator[tuple[int, SaSet]]:
    """The sets that the challenges of a transcript may make, each with the number of its challenge."""
    for exchange in transcript.exchanges:
        if exchange.method == "REGISTER" and exchange.final is not None:
            for sas in sets_made_by(exchange.request, exchange.final):
                yield exchange.final.number, sas


def _way(seen: ForeignMessage, sets: Sequence[SaSet]) -> str | None:
    """The name of the association that a message came on, of the latest set that has it."""
    for sas in reversed(sets):
        for each in sas.associations:
            if (each.source, each.destination) == (seen.source, seen.destination) and seen.spi in (None, each.spi):
                return each.label
    return None


def hops_inside(messages: Iterable[ForeignMessage]) -> int:
    """How many REGISTER requests have several Via values: they are between elements of the network."""
    read = (_read(seen) for seen in messages)
    return sum(isinstance(m, Request) and m.method == "REGISTER" and len(m.values("Via")) > 1 for m in read)


def _ports(message: Message) -> Iterator[int]:
    """The protected ports that the sender of a message names as its own."""
    header = SecurityClient if isinstance(message, Request) else SecurityServer
    with suppress(HeaderError):
        for each in message.get_all(header):
            yield from (port for port in (each.port_c, each.port_s) if port is not None)


def _only(latest: dict[tuple[str, frozenset[str]], Conversation], hosts: frozenset[str]) -> Conversation | None:
    here = [conversation for (_, where), conversation in latest.items() if where == hosts]
    return here[0] if len(here) == 1 else None


def _read(seen: ForeignMessage) -> Message | None:
    try:
        return parse(seen.octets, stream=seen.transport == "TCP")
    except MessageError:
        return None


def _own_record(request: Request) -> str | None:
    """The address of record that a UE registers for itself at Gm; None for any other REGISTER."""
    if len(request.values("Via")) > 1:
        return None
    try:
        to, sender = request.get(To), request.get(From)
        if to is None or (sender is not None and sender.uri.address_of_record() != to.uri.address_of_record()):
            return None
        return to.uri.address_of_record()
    except (HeaderError, UriError):
        return None


def _has_nonce(message: Message | None) -> bool:
    """Whether it goes on from a challenge."""
    if message is None:
        return False
    try:
        authorization = message.get(Authorization)
    except HeaderError:
        return "nonce" in (message.value("Authorization") or "").lower()
    return authorization is not None and bool(authorization.nonce)


def nothing_to_judge(messages: Iterable[ForeignMessage]) -> str:
    """Why messages show no registration at Gm, with what to do."""
    kept = list(messages)
    if inside := hops_inside(kept):
        why = f"every REGISTER in it has several Via values ({inside} of them): it was taken inside the network"
        return f"{why}; capture between the UE and its P-CSCF"
    if kept:
        return f"of {len(kept)} SIP messages none is a REGISTER of a UE; begin the capture before the UE is switched on"
    return "there is no SIP message in it; capture between the UE and its P-CSCF"
