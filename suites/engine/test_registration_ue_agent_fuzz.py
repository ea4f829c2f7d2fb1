"""The reference UE and a network without a plan: whatever it sends, the UE goes on, and does not run in circles."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.registration.replies import reply
from imsreg.registration.ue_policy import UePhase
from imsreg.sip.draft import Draft
from imsreg.sip.message import Request
from imsreg.sip.reginfo import MEDIA_TYPE, RegContact, Reginfo, RegistrationInfo, build_reginfo

STATUSES = (
    100,
    180,
    200,
    202,
    302,
    305,
    400,
    401,
    403,
    404,
    408,
    420,
    421,
    423,
    480,
    481,
    489,
    494,
    500,
    503,
    504,
    600,
)
VALUES = (
    "",
    "0",
    "1",
    "60",
    "600000",
    "99999999999",
    "x",
    '"',
    "<sip:a@192.0.2.1>",
    "<sip:;>",
    "*",
    "reg",
    ";",
    "active",
)
FIELDS = (
    "Expires",
    "Min-Expires",
    "Retry-After",
    "Contact",
    "Service-Route",
    "P-Associated-URI",
    "Record-Route",
    "Event",
)
EVENTS = ("registered", "shortened", "deactivated", "rejected", "probation", "expired", "x")
STATES = (
    "active",
    "active;expires=1",
    "terminated",
    "terminated;reason=deactivated",
    "terminated;reason=timeout",
    "pending",
    ";",
)
MOST = 40
"""Requests that may leave within half an hour, repetitions apart: a UE that ran in circles would send thousands."""


class Whim:
    """Answers requests, and sends some, at random."""

    def __init__(self, air, seed):
        self.air = air
        self.random = Random(seed)
        self.requests = []
        self._cseq = 0

    def step(self):
        self.air.quiet()
        for message in self.air.sent:
            if isinstance(message, Request) and message.raw not in (known.raw for known in self.requests):
                self.requests.append(message)
        self.air.sent.clear()
        if self.requests and self.random.random() < 0.8:
            self.air.send(self.response(self.random.choice(self.requests[-2:])))
        if self.requests and self.random.random() < 0.4:
            self.air.send(self.notify(self.random.choice(self.requests)))

    def response(self, request):
        choice = self.random.random()
        if choice < 0.3 and self.air.centre is not None:
            self.air.challenge(request, mac_wrong=self.random.random() < 0.3)
        draft = reply(request, self.random.choice(STATUSES))
        if choice > 0.7 and request.value("Contact"):
            draft = reply(request, 200).add(
                "Contact", f"{request.value('Contact')};expires={self.random.choice((0, 1, 60))}"
            )
        for _ in range(self.random.randrange(4)):
            draft.add(self.random.choice(FIELDS), self.random.choice(VALUES))
        return draft

    def notify(self, subscribe):
        self._cseq += 1
        contact = RegContact(
            "c",
            self.random.choice(("active", "terminated")),
            self.random.choice(EVENTS),
            f"sip:{self.air.ue.subscriber.imsi}@{self.air.way.local}",
            expires=self.random.choice((None, 0, 1, 60)),
            retry_after=self.random.choice((None, 0, 5)),
        )
        kind = self.random.choice(("full", "partial"))
        version = self.random.randrange(200)
        document = Reginfo(
            version, kind, (RegistrationInfo("sip:a@x", "r", self.random.choice(("active", "terminated")), (contact,)),)
        )
        draft = (
            Draft.request("NOTIFY", "sip:ue@x")
            .add("Via", f"SIP/2.0/UDP {self.air.way.core};branch=z9hG4bKw{self._cseq}")
            .add("From", f"{subscribe.value('To').partition(';')[0]};tag=t")
            .add("To", subscribe.value("From"))
            .add("Call-ID", subscribe.value("Call-ID"))
            .add("CSeq", f"{self._cseq} NOTIFY")
            .add("Event", "reg")
            .add("Subscription-State", self.random.choice(STATES))
            .add("Content-Type", MEDIA_TYPE)
        )
        draft.body = build_reginfo(document)
        return draft


@pytest.mark.parametrize("security", ["none", "headers"])
@pytest.mark.parametrize("seed", range(25))
def test_it_goes_on_whatever_the_network_sends(new_air, seed, security):
    air = new_air(security=security)
    whim = Whim(air, seed)
    air.ue.register(air.now)
    for _ in range(120):
        whim.step()
        air.advance(whim.random.choice((0.0, 0.0, 0.1, 1.0, 40.0)))
        if whim.random.random() < 0.05:
            air.ue.register(air.now)
        if whim.random.random() < 0.02:
            air.ue.deregister(air.now)
        assert air.ue.next_deadline() is None or air.ue.next_deadline() > air.now
    assert air.ue.phase in UePhase
    air.ue.switch_off()
    air.ue.switch_on(air.way)
    air.sent.clear()
    air.registered()
    assert air.ue.phase is UePhase.REGISTERED


@pytest.mark.parametrize("status", [s for s in STATUSES if s >= 200])
def test_the_same_answer_for_ever_does_not_keep_it_busy(new_air, status):
    """Every REGISTER and SUBSCRIBE is answered alike and at once, with everything that could make a UE try again."""
    air = new_air(security="headers")
    air.ue.register(air.now)
    count = 0
    while air.now < 1800 and count <= MOST:
        while not air.quiet():
            request = air.sent.pop(0)
            count += 1
            air.answer(request, status, ("Min-Expires", "900000"), ("Retry-After", "0"), ("Expires", "1200"))
        if air.ue.next_deadline() is None:
            break
        air.advance(air.ue.next_deadline() - air.now + 1e-6)
    assert 1 <= count <= MOST
