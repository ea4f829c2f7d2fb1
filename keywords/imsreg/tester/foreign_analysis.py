"""Captures of somebody else's: each UE's registration, how it went, and what either side broke.

Such a capture says less than one of ours: not what a tester wanted, not when somebody gave up, nothing of ESP packets
that cannot be read. Rows that need that find no occasion. Where packets are missing, a breach may be the capture's.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imsreg.identity.absent import AbsentAlgorithm, AbsentPassword, KeysMissing
from imsreg.identity.subscribers import RES_LENGTH, Subscriber
from imsreg.tester.analysis import Analysed
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.conversations import Conversation, Identities, conversations, is_secured, nothing_to_judge
from imsreg.tester.judge import Judge, Judgement
from imsreg.text import safe_text
from imsreg.transcript.foreign import ForeignCapture, Trouble
from imsreg.verdict.authentication import records_of
from imsreg.verdict.course import course
from imsreg.verdict.facts import Facts
from imsreg.verdict.profile import Dut, Origin, Profile
from imsreg.verdict.profile_schema import Features, SecurityMode, Timing, TransportName
from imsreg.verdict.roles import Role
from imsreg.verdict.verdict import Ruling, Verdict
from imsreg.verdict.view import View

ASSUMED_RELEASE = 14
"""The 3GPP release by which a capture is judged where no profile names one."""

SIDES: tuple[Role, ...] = ("ue", "core")

LOSSES = frozenset(("cut", "gap", "fragments", "unfinished"))
"""Troubles of a capture by which messages are missing in it, or parts of them."""

BY_SUBSCRIBER_FILE = frozenset(("24.229-5.4.1.2.2F-02", "24.229-5.4.1.2.2F-03", "24.229-5.4.1.2.2F-04"))
"""Rows about the implicit set of a subscriber, which only a subscriber file tells."""


@dataclass(frozen=True, slots=True)
class JudgedSide(Analysed):
    """What was judged of one side, by which profile."""

    role: Role
    profile: Profile


@dataclass(frozen=True, slots=True)
class Heard:
    """One conversation: how it went, and what was judged of UE and network, in the order of SIDES."""

    conversation: Conversation
    course: tuple[str, ...]
    sides: tuple[JudgedSide, ...]

    @property
    def marks(self) -> dict[int, str]:
        """What either side broke, by the number of the message, which both transcripts share."""
        return {number: mark for side in self.sides for number, mark in side.judgement.marks.items()}


@dataclass(frozen=True, slots=True)
class Overheard:
    """What a capture shows. `remarks` are what a reader should know of the capture as a whole."""

    capture: ForeignCapture
    remarks: tuple[str, ...]
    heard: tuple[Heard, ...]

    @property
    def rulings(self) -> tuple[Ruling, ...]:
        """Those of all conversations and both sides."""
        return tuple(
            ruling
            for heard in self.heard
            for side in heard.sides
            for ruling in (*side.judgement.rulings, *side.judgement.in_passing)
        )


class ForeignAnalyst:
    """Judges captures of somebody else's. Nothing is sent, and keys may be missing.

    `profile` describes the side with its role; the other one is taken as the capture shows it. `subscribers` are those
    of the profile: a user who is none of them is known by his identities alone, and nothing that needs keys is said.
    """

    def __init__(
        self,
        profile: Profile | None = None,
        subscribers: Sequence[Subscriber] = (),
        *,
        spec_strict: bool = False,
        ignore_known: bool = False,
    ) -> None:
        self.catalogue = full_catalogue()
        self._profile = profile
        self._subscribers = tuple(subscribers)
        self._spec_strict = spec_strict
        self._ignore_known = ignore_known
        self._by_profile = f" --profile {shlex.quote(str(profile.path))}" if profile is not None else ""

    def analyse(self, capture: ForeignCapture) -> Overheard:
        """Everything that a capture shows; no conversation if there is no registration at Gm in it."""
        found = conversations(capture.messages)
        remarks = [_of_trouble(trouble) for trouble in capture.troubles]
        unread = sum(not packet.read for packet in capture.esp)
        if unread:
            remarks.append(_of_esp(unread, len(capture.esp), bool(self._subscribers)))
        if not found:
            remarks.append(nothing_to_judge(capture.messages))
        return Overheard(capture, tuple(remarks), tuple(self._heard(capture, each) for each in found))

    def _heard(self, capture: ForeignCapture, conversation: Conversation) -> Heard:
        identities = conversation.identities()
        subscriber = self._subscriber(capture.path, identities)
        analysed = tuple(self._judged(capture, conversation, identities, subscriber, role) for role in SIDES)
        of_network = analysed[SIDES.index("core")]
        facts = self._facts(identities, subscriber, conversation, "core", of_network.profile)
        unread = _unread_after(capture, conversation)
        return Heard(conversation, course(View(of_network.transcript, facts), unread=unread), analysed)

    def _judged(
        self,
        capture: ForeignCapture,
        conversation: Conversation,
        identities: Identities,
        subscriber: Subscriber,
        role: Role,
    ) -> JudgedSide:
        transcript = conversation.transcript(role, subscriber.impi)
        negotiates = identities.agreement or (role == "ue" and identities.offers)
        security: SecurityMode = "ipsec" if is_secured(transcript) else "headers" if negotiates else "none"
        profile = self._placed(capture, identities, conversation, role, security)
        judge = Judge(
            catalogue=self.catalogue,
            profile=profile,
            facts=self._facts(identities, subscriber, conversation, role, profile),
            spec_strict=self._spec_strict,
            ignore_known=self._ignore_known,
            reproduce=f"imsreg analyze {shlex.quote(str(capture.path))}{self._by_profile}",
        )
        test = f"{'UE' if role == 'ue' else 'network'}: {safe_text(conversation.title)}"
        judged = judge.judge(transcript, (), test)
        everything = [*judged.in_passing, *judged.beside]
        if subscriber not in self._subscribers:
            everything = [each for each in everything if each.requirement not in BY_SUBSCRIBER_FILE]
        lost = [trouble.text for trouble in capture.troubles if trouble.kind in LOSSES]
        if any(not each.read and {each.source, each.destination} == conversation.hosts for each in capture.esp):
            lost.append("ESP between the two that cannot be read")
        if lost:
            everything = [_doubtful(each, lost[0]) for each in everything]
        decided = tuple(each for each in everything if not each.lacks_keys)
        undecided = tuple(each for each in everything if each.lacks_keys)
        return JudgedSide(test, transcript, Judgement(decided, (), undecided), None, role, profile)

    def _subscriber(self, path: Path, identities: Identities) -> Subscriber:
        """Who it is by the subscriber file, else one who has the identities that messages show, and no keys."""
        for each in self._subscribers:
            if each.impi == identities.impi or (not identities.impi and identities.record in records_of(each)):
                return each
        name = identities.impi or identities.impu or identities.record
        missing = KeysMissing(
            path,
            "",
            f"there are no keys of {safe_text(name, limit=80)}",
            "name a profile whose subscriber file has them",
        )
        impu = identities.impu or identities.record
        own = (impu,) if not impu.startswith("tel:") else (f"sip:{name}",)
        return Subscriber(
            name=name,
            imsi=name.partition("@")[0],
            mnc_digits=2,
            impi=identities.impi or name,
            home_domain=identities.home_domain,
            impus=tuple(dict.fromkeys((*own, *identities.associated))),
            barred=(),
            res_length=RES_LENGTH,
            amf=bytes.fromhex("8000"),
            sqn=0,
            algorithm=None if identities.by_password else AbsentAlgorithm(missing),
            password=AbsentPassword(missing) if identities.by_password else None,
        )

    def _facts(
        self,
        identities: Identities,
        subscriber: Subscriber,
        conversation: Conversation,
        role: Role,
        profile: Profile,
    ) -> Facts:
        known = {each.impi: each for each in self._subscribers} | {subscriber.impi: subscriber}
        facts = Facts.of(profile, known.values(), (conversation.network,) if role != "ue" else ())
        return replace(facts, home_domain=subscriber.home_domain or identities.home_domain)

    def _placed(
        self,
        capture: ForeignCapture,
        identities: Identities,
        conversation: Conversation,
        role: Role,
        security: SecurityMode,
    ) -> Profile:
        """The profile of the side with this role: the one that was given, else what the capture shows."""
        given = self._profile
        if given is not None and (given.dut.role == "ue") is (role == "ue"):
            # Where no message shows on an association there is nothing for mode ipsec to judge by.
            return replace(given, security=security) if given.security == "ipsec" else given
        transports: tuple[TransportName, ...] = ("udp", "tcp")
        dut = Dut(
            name="UE" if role == "ue" else "network",
            version="",
            build="",
            role=role,
            addresses=() if role == "ue" else (conversation.network.host,),
            port=conversation.network.port,
            transports=transports,
            start=(),
            stop=(),
            embedded=None,
        )
        return Profile(
            path=capture.path,
            dut=dut,
            home_domain=identities.home_domain,
            release=ASSUMED_RELEASE if given is None else given.release,
            security=security,
            features=Features(),
            subscribers=capture.path,
            timing=Timing(),
            allow=(),
            deviations=(),
            collect=(),
            lockout=None,
            tester=Origin((), None),
            requires=(),
            control=None,
        )


def _of_trouble(trouble: Trouble) -> str:
    times = f", {trouble.count} times" if trouble.count > 1 else ""
    return f"{trouble.text} (packet {trouble.packet}{times})"


def _of_esp(unread: int, packets: int, keys: bool) -> str:
    what = f"{unread} of {packets} packets of ESP cannot be read"
    if keys:
        return f"{what}: the subscriber file has no keys for them, or the capture not the registration that made them"
    return (
        f"{what} without keys: --profile with the keys of the subscriber opens them, if the registration is there too"
    )


def _unread_after(capture: ForeignCapture, conversation: Conversation) -> tuple[int, int]:
    """Packets of ESP that could not be read since the last message: from the UE, and to it."""
    last = conversation.spoken[-1].seen.at
    ways = [
        packet.source == conversation.ue.host
        for packet in capture.esp
        if not packet.read and packet.at >= last and conversation.hosts == {packet.source, packet.destination}
    ]
    return sum(ways), len(ways) - sum(ways)


def _doubtful(ruling: Ruling, why: str) -> Ruling:
    """A breach that the capture itself may have made is none."""
    if ruling.verdict not in (Verdict.FAIL, Verdict.NON_STRICT):
        return ruling
    actual = ruling.findings[0].actual if ruling.findings else ""
    return Ruling.inconclusive(ruling.requirement, "tool", f"{actual}: but packets are missing ({why})")
