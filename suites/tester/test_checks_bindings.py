"""Checks on bindings, registration data and routes, where forged transcripts reach what scenarios do not."""

from __future__ import annotations

import pytest

from imsreg.aka.milenage import Milenage
from imsreg.identity.subscribers import Subscriber
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.reginfo import RegContact, Reginfo, RegistrationInfo, build_reginfo
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.listing import Listing
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import View

FLOW = Flow("UDP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060))
HOME = "home.example"
OWN = "<sip:u@127.0.1.1:5060>"
OTHER = "<sip:u@127.0.1.9:5060>"


class Talk:
    """A transcript in the making: each REGISTER is answered at once."""

    def __init__(self) -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self.cseq = 0

    def register(
        self,
        *answer: str,
        at: float = 0.0,
        contact: str | None = OWN,
        expires: int | None = 600,
        status: int = 200,
        **extra: str,
    ) -> Talk:
        """A REGISTER at `at` seconds, and a response with the header fields of `answer`."""
        self.cseq += 1
        request = (
            Draft.request("REGISTER", f"sip:{HOME}")
            .add("Via", f"SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK{self.cseq}")
            .add("Max-Forwards", 70)
            .add("From", f"<sip:alice@{HOME}>;tag=1")
            .add("To", f"<sip:alice@{HOME}>")
            .add("Call-ID", extra.pop("call_id", "one"))
            .add("CSeq", f"{extra.pop('cseq', self.cseq)} REGISTER")
            .add(
                "Authorization",
                f'Digest username="alice@{HOME}", realm="{HOME}", nonce="", uri="sip:{HOME}", response=""',
            )
        )
        if contact is not None:
            request.add("Contact", contact)
        if expires is not None:
            request.add("Expires", expires)
        for name, value in extra.items():
            request.add(name, value)
        self.transcript.record(True, FLOW, request.to_bytes(), at)
        response = Draft.response(status)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            response.add(name, request.value(name))
        for line in answer:
            name, _, value = line.partition(": ")
            response.add(name, value)
        self.transcript.record(False, FLOW, response.to_bytes(), at)
        return self

    def fetch(self, *contacts: str, at: float = 0.0) -> Talk:
        """A REGISTER without Contact, and a 200 that lists these."""
        return self.register(*(f"Contact: {value}" for value in contacts), at=at, contact=None, expires=None)

    def notified(self, *contacts: RegContact, full: bool = False, state: str = "active", at: float = 0.0) -> Talk:
        """A NOTIFY of the DUT about alice's registration."""
        document = Reginfo(
            0, "full" if full else "partial", (RegistrationInfo(f"sip:alice@{HOME}", "r", state, contacts),)
        )
        self.cseq += 1
        notify = (
            Draft.request("NOTIFY", "sip:u@127.0.1.1:5060")
            .add("Via", f"SIP/2.0/UDP 127.0.2.1:5060;branch=z9hG4bKn{self.cseq}")
            .add("Call-ID", "subscription")
            .add("CSeq", f"{self.cseq} NOTIFY")
            .add("Event", "reg")
        )
        notify.body = build_reginfo(document)
        self.transcript.record(False, FLOW, notify.to_bytes(), at)
        return self

    def judge(self, requirement: str) -> list[Outcome]:
        """What the checks of one requirement yield, those apart that found no occasion."""
        view = View(self.transcript, facts())
        return [o for check in checks_of(requirement) for o in check(view) if not isinstance(o, Unmet | Moot)]


def facts() -> Facts:
    """A registrar without security, and alice."""
    return Facts(HOME, "none", 14, {f"alice@{HOME}": subscriber()})


def subscriber() -> Subscriber:
    """alice, with a telephone number and a barred identity."""
    impus = (f"sip:alice@{HOME}", "tel:+1-555", f"sip:hidden@{HOME}")
    algorithm = Milenage(Secret(bytes(16)), Secret(bytes(16)))
    return Subscriber("alice", "001010000000001", 2, f"alice@{HOME}", HOME, impus, impus[2:], 8, bytes(2), 0, algorithm)


def kinds(outcomes: list[Outcome]) -> list[type[Outcome]]:
    return [type(outcome) for outcome in outcomes]


@pytest.mark.parametrize(
    ("contact", "kind"),
    [
        (f"{OWN};expires=600", Held),
        (f"{OWN} ; expires = 600", Held),
        (f"{OWN};EXPIRES=600;q=0.5", Held),
        (f"{OWN};expires=99999999999", Observed),
        (f'{OWN};expires="600"', Breach),
        (f"{OWN};expires=10m", Breach),
        (f"{OWN};expires", Breach),
        (OWN, Breach),
        ("*", Breach),
        ("<sip:u@127.0.1.1:5060;expires=600", Breach),
        ("", Observed),
    ],
)
def test_expires_beside_a_contact(contact: str, kind: type[Outcome]) -> None:
    found = Talk().register(f"Contact: {contact}", "Expires: 600").judge("rfc3261-10.3-14")
    assert found[0].__class__ is kind
    assert (Held in kinds(found)) is (kind is not Breach)


def test_a_contact_that_cannot_be_read_hides_no_other() -> None:
    talk = Talk().register("Contact: <sip:broken", f"Contact: {OWN};expires=600")
    assert kinds(talk.judge("rfc3261-10.3-15")) == [Held]
    (breach,) = talk.judge("rfc3261-10.3-14")
    assert isinstance(breach, Breach)
    assert breach.line == 7


@pytest.mark.parametrize(
    ("contact", "kind"),
    [
        ("<sip:u@127.0.1.1:5060;ob>;expires=600", Held),
        ("<SIP:%75@127.0.1.1:5060>;expires=600", Held),
        ("<sip:u@127.0.1.1>;expires=600", Breach),
        ("<sip:U@127.0.1.1:5060>;expires=600", Breach),
        (f"{OTHER};expires=600", Breach),
    ],
)
def test_the_own_contact_is_found_by_uri_comparison(contact: str, kind: type[Outcome]) -> None:
    assert kinds(Talk().register(f"Contact: {contact}").judge("rfc3261-10.3-15")) == [kind]


def test_an_own_contact_listed_with_an_expiry_of_zero_is_not_registered() -> None:
    talk = Talk().register(f"Contact: {OWN};expires=0")
    assert kinds(talk.judge("24.229-5.4.1.2.2-06")) == [Breach]
    assert kinds(talk.judge("rfc3261-10.3-15")) == [Held]


def test_a_contact_in_place_of_the_former_is_observed_unless_it_has_a_reg_id() -> None:
    first = f"Contact: {OWN};expires=600"
    second = f"Contact: {OTHER};expires=600"
    talk = Talk().register(first).register(second, contact=OTHER)
    assert kinds(talk.judge("rfc3261-10.3-13")) == [Observed]
    talk = Talk().register(first).register(f"{second};reg-id=2", contact=f"{OTHER};reg-id=2")
    assert kinds(talk.judge("rfc3261-10.3-13")) == [Breach]


def test_a_contact_may_be_missing_once_it_has_run_out() -> None:
    talk = Talk().register(f"Contact: {OWN};expires=600").register(at=603.0, contact=None, expires=None)
    assert talk.judge("rfc3261-10.3-13") == talk.judge("rfc3261-10.3-17") == []
    talk = Talk().register(f"Contact: {OWN};expires=600").register(at=590.0, contact=None, expires=None)
    assert kinds(talk.judge("rfc3261-10.3-13")) == kinds(talk.judge("rfc3261-10.3-17")) == [Breach]


@pytest.mark.parametrize(
    ("at", "listed", "found"),
    [
        (10.0, [600], [Held]),
        (10.0, [589], [Breach]),
        (10.0, [591], [Breach]),
        (10.0, [300], [Observed]),
        (10.0, [600, 590], [Breach]),
        (10.0, [], [Breach]),
        (4.0, [596], []),
    ],
)
def test_a_refresh_is_told_from_the_old_time_running_on(
    at: float, listed: list[int], found: list[type[Outcome]]
) -> None:
    answer = [f"Contact: {OWN};expires={seconds}" for seconds in listed]
    talk = Talk().register(f"Contact: {OWN};expires=600").register(*answer, at=at)
    assert kinds(talk.judge("rfc3261-10.3-09")) == found


def test_the_cap_of_a_registrar_is_no_old_time_that_runs_on() -> None:
    capped = f"Contact: {OWN};expires=300"
    assert Talk().register(capped).register(capped, at=1.0).judge("rfc3261-10.3-09") == []


@pytest.mark.parametrize(
    ("expires", "minimum", "stated", "only_brief"),
    [
        (10, "60", [Held], [Held]),
        (10, "4294967295", [Held], [Held]),
        (1800, "7200", [Held], [Held]),  # a minimum above an hour is the registrar's own matter
        (3599, "3600", [Held], [Held]),
        (3600, "7200", [Held], [Breach]),
        (600_000, "700000", [Held], [Breach]),
        (10, "10", [Held], [Breach]),
        (10, "0", [Held], [Breach]),
        (0, "60", [Held], [Breach]),
        (None, "60", [Held], []),
        (10, None, [Breach], [Held]),
        (3600, None, [Breach], [Breach]),
        (10, "soon", [Breach], [Held]),
        (10, "", [Breach], [Held]),
    ],
)
def test_a_423(
    expires: int | None, minimum: str | None, stated: list[type[Outcome]], only_brief: list[type[Outcome]]
) -> None:
    answer = () if minimum is None else (f"Min-Expires: {minimum}",)
    talk = Talk().register(*answer, expires=expires, status=423)
    assert (kinds(talk.judge("rfc3261-10.3-11")), kinds(talk.judge("rfc3261-10.3-12"))) == (stated, only_brief)


def test_the_expiry_of_one_contact_among_others_may_be_too_brief() -> None:
    talk = Talk().register("Min-Expires: 60", contact=f"{OWN};expires=10, {OTHER}", expires=7200, status=423)
    assert kinds(talk.judge("rfc3261-10.3-12")) == [Held]


def test_a_423_to_a_request_with_another_fault_decides_nothing() -> None:
    talk = Talk().register("Min-Expires: 60", expires=7200, status=423, Require="imsreg.unknown")
    assert talk.judge("rfc3261-10.3-11") == talk.judge("rfc3261-10.3-12") == []


def test_a_registrar_may_take_a_brief_expiry() -> None:
    view = View(Talk().register(f"Contact: {OWN};expires=10", expires=10).transcript, facts())
    for row in ("rfc3261-10.3-11", "rfc3261-10.3-12"):
        assert kinds([o for check in checks_of(row) for o in check(view)]) == [Moot]


@pytest.mark.parametrize(("status", "found"), [(200, [Breach]), (500, [Held]), (400, [Held]), (503, []), (401, [])])
def test_a_cseq_that_is_not_higher(status: int, found: list[type[Outcome]]) -> None:
    talk = (
        Talk().register(f"Contact: {OWN};expires=600").register(f"Contact: {OWN};expires=600", cseq="1", status=status)
    )
    assert kinds(talk.judge("rfc3261-10.3-07")) == found


def test_a_deregistration_with_an_old_cseq_may_be_refused() -> None:
    talk = Talk().register(f"Contact: {OWN};expires=600").register(expires=0, cseq="1", status=500)
    assert talk.judge("24.229-5.4.1.4-01") == []


def test_a_deregistration_refused_before_authentication_decides_nothing() -> None:
    talk = Talk().register(f"Contact: {OWN};expires=600").register(expires=0, status=403)
    assert talk.judge("24.229-5.4.1.4-01") == []


def test_a_removed_contact_may_come_back_only_when_it_is_registered_again() -> None:
    bound = f"Contact: {OWN};expires=600"
    other = f"Contact: {OTHER};expires=600"
    talk = Talk().register(bound).register(expires=0)
    assert kinds(talk.register(other, bound, contact=OTHER).judge("rfc3261-10.3-06")) == [Held, Breach]
    talk = Talk().register(bound).register(expires=0).register(bound).register(other, bound, contact=OTHER)
    assert kinds(talk.judge("rfc3261-10.3-06")) == [Held]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ([f"{OWN};expires=590"], [Held]),
        ([f"{OWN};expires=592"], [Held]),
        ([f"{OWN};expires=593"], [Breach]),
        ([f"{OWN};expires=590", f"{OTHER};expires=100"], [Held]),
        ([f"{OWN};expires=590", f"{OTHER};expires=0"], [Held]),
        ([f"{OWN};expires=0"], [Breach]),
        ([], []),
        ([""], []),
    ],
)
def test_a_fetch_changes_nothing(answer: list[str], kind: list[type[Outcome]]) -> None:
    talk = Talk().register(f"Contact: {OWN};expires=600").fetch(*answer, at=10.0)
    assert kinds(talk.judge("rfc3261-10.2.3-01")) == kind


def test_a_contact_that_one_fetch_lists_and_the_next_does_not_is_gone() -> None:
    talk = Talk().register(f"Contact: {OWN};expires=600").fetch(f"{OWN};expires=599", at=1.0).fetch(at=2.0)
    assert kinds(talk.judge("rfc3261-10.2.3-01")) == [Held, Breach]


def test_what_else_may_have_ended_a_binding_is_not_the_fetch() -> None:
    first = f"{OWN};expires=600"
    refused = Talk().register(f"Contact: {first}").fetch(first).register(status=403).fetch()
    assert kinds(refused.judge("rfc3261-10.2.3-01")) == [Held]
    both = (first, f"{OTHER};expires=20")
    ran_out = Talk().register(*(f"Contact: {c}" for c in both), contact=OTHER).fetch(*both).fetch(at=30.0)
    assert kinds(ran_out.judge("rfc3261-10.2.3-01")) == [Held]


@pytest.mark.parametrize(("after", "kind"), [((OWN, OTHER), []), ((OTHER,), [Breach])])
def test_the_list_of_another_contact_shows_what_a_fetch_removed(
    after: tuple[str, ...], kind: list[type[Outcome]]
) -> None:
    """The registration and the refresh of the other contact name the same, and get different lists."""
    listed = [f"Contact: {contact};expires=600" for contact in (OWN, OTHER)]
    talk = Talk().register(listed[0]).register(*listed, contact=OTHER).fetch()
    talk.register(*(f"Contact: {contact};expires=600" for contact in after), contact=OTHER)
    assert kinds(talk.judge("rfc3261-10.2.3-01")) == kind


def test_a_new_contact_may_take_the_place_of_the_others() -> None:
    third = "<sip:u@127.0.1.3:5060>"
    listed = [f"Contact: {contact};expires=600" for contact in (OWN, OTHER)]
    talk = Talk().register(listed[0]).register(*listed, contact=OTHER).fetch()
    talk.register(f"Contact: {third};expires=600", contact=third)
    assert talk.judge("rfc3261-10.2.3-01") == []


@pytest.mark.parametrize(
    ("value", "syntax", "loose"),
    [
        ("<sip:s.example;lr>", [Held], [Held]),
        ('"a <b>" <sip:s.example:5060;lr>;x="<y>"', [Held], [Held]),
        ("<sip:s.example;lr=on>", [Held], [Observed]),
        ("<sip:s.example>;lr", [Held], [Breach]),
        ("<sip:s.example?a=;lr>", [Held], [Breach]),
        ("sip:s.example;lr", [Breach], []),
        ('sip:s.example;lr;x="<y>"', [Breach], []),
        ("<sip:s.example;lr", [Breach], []),
        ("<sip:[2001:db8::1];lr>", [Held], [Held]),
        ("<sip:2001:db8::1;lr>", [Breach], []),
        ("", [Breach], []),
    ],
)
def test_values_of_routes(value: str, syntax: list[type[Outcome]], loose: list[type[Outcome]]) -> None:
    talk = Talk().register(f"Service-Route: {value}", f"Path: {value}")
    assert kinds(talk.judge("rfc3608-6.3-01")) == kinds(talk.judge("rfc3327-4-01")) == syntax
    assert kinds(talk.judge("rfc3608-6.3-02")) == kinds(talk.judge("rfc3327-4-02")) == loose


def test_a_contact_with_an_ipv6_address_without_brackets_is_none() -> None:
    response = Draft.response(200).add("Contact", "<sip:a@[::1]>;expires=9, <sip:a@::1>;expires=9").to_message()
    listing = Listing.of(response)
    assert [listed.contact.uri.text for listed in listing.contacts] == ["sip:a@[::1]"]
    assert [unreadable.text for unreadable in listing.unreadable] == ["<sip:a@::1>;expires=9"]


def test_a_path_that_the_tester_sent_is_not_judged() -> None:
    talk = Talk().register("Path: <sip:p.example;lr>, <sip:mine.example>", Path="<sip:mine.example>")
    assert kinds(talk.judge("rfc3327-4-02")) == [Held]


def test_the_path_is_shown_to_a_ue_that_lists_path() -> None:
    assert Talk().register().judge("rfc3327-5.2-01") == []
    assert kinds(Talk().register(Supported="path").judge("rfc3327-5.2-01")) == [Breach]
    assert kinds(Talk().register("Path: <sip:p.example;lr>", Supported="PATH").judge("rfc3327-5.2-01")) == [Held]


@pytest.mark.parametrize(
    ("value", "listed", "first", "barred"),
    [
        ("<sip:alice@HOME.example>, <tel:+1555>", [Held], [Held], [Held]),
        ('"A" <sip:alice@home.example;user=phone>;x=1, <tel:+1(555)>', [Held], [Held], [Held]),
        ("<tel:+1555>, <sip:alice@home.example>", [Held], [Breach], [Held]),
        ("<sip:alice@home.example>", [Breach], [Held], [Held]),
        ("<sip:alice@home.example>, <tel:+1555>, <sip:hidden@home.example>", [Held], [Held], [Breach]),
        ("<sip:alice@home.example>, <tel:+1555>, <sip:a!.*!@home.example>", [Observed, Held], [Held], [Held]),
        ("<sip:alice@home.example>, <tel:+1555>, <sip:", [Breach], [Held], [Held]),
        ("<sip:alice@home.example>, <tel:+1555>, <sip:a@::1>", [Breach], [Held], [Held]),
        ("<sip:, <sip:alice@home.example>, <tel:+1555>", [Breach, Breach], [Breach], [Held]),
    ],
)
def test_the_associated_identities(
    value: str, listed: list[type[Outcome]], first: list[type[Outcome]], barred: list[type[Outcome]]
) -> None:
    talk = Talk().register(f"P-Associated-URI: {value}")
    assert kinds(talk.judge("24.229-5.4.1.2.2F-02")) == listed
    assert kinds(talk.judge("24.229-5.4.1.2.2F-03")) == first
    assert kinds(talk.judge("24.229-5.4.1.2.2F-04")) == barred


BOUND, GONE = RegContact("c", "active", "registered", OWN.strip("<>")), "sip:u@127.0.1.1:5060"


@pytest.mark.parametrize(
    ("contacts", "full", "state", "found"),
    [
        ((BOUND,), False, "active", [Breach]),
        ((BOUND,), True, "active", [Breach]),
        ((RegContact("c", "active", "refreshed", f"{GONE};x=y"),), True, "active", [Breach]),
        ((), False, "active", [Breach]),
        ((RegContact("c", "terminated", "deactivated", GONE),), False, "active", []),
        ((RegContact("c", "terminated", "rejected", f"{GONE};x=y"),), True, "terminated", []),
        ((RegContact("c", "active", "shortened", GONE, expires=60),), False, "active", []),
        ((RegContact("d", "active", "registered", OTHER.strip("<>")),), True, "active", []),
        ((), False, "terminated", []),
    ],
)
def test_a_binding_that_the_network_has_taken_away_is_owed_to_nobody(
    contacts: tuple[RegContact, ...], full: bool, state: str, found: list[type[Outcome]]
) -> None:
    """By itself, as it may at any time; a NOTIFY tells of it (RFC 3680 4.7.1)."""
    talk = Talk().register(f"Contact: {OWN};expires=600").notified(*contacts, full=full, state=state, at=5.0)
    assert kinds(talk.fetch(at=9.0).judge("rfc3261-10.3-13")) == found


def test_a_notify_from_before_the_registration_says_nothing_of_it() -> None:
    ended = RegContact("c", "terminated", "deactivated", GONE)
    talk = Talk().notified(ended).register(f"Contact: {OWN};expires=600").fetch(at=9.0)
    assert kinds(talk.judge("rfc3261-10.3-13")) == [Breach]
    anew = Talk().register(f"Contact: {OWN};expires=600").notified(ended).register(f"Contact: {OWN};expires=600")
    assert kinds(anew.fetch(at=9.0).judge("rfc3261-10.3-13"))[-1] is Breach


def test_a_fetch_is_not_blamed_for_what_the_network_did() -> None:
    ended = RegContact("c", "terminated", "unregistered", GONE)
    talk = Talk().fetch(f"{OWN};expires=600", f"{OTHER};expires=600")
    assert kinds(talk.notified(ended, at=1.0).fetch(f"{OTHER};expires=590", at=9.0).judge("rfc3261-10.2.3-01")) == []
    blamed = Talk().fetch(f"{OWN};expires=600", f"{OTHER};expires=600").notified(BOUND, at=1.0)
    assert kinds(blamed.fetch(f"{OTHER};expires=590", at=9.0).judge("rfc3261-10.2.3-01")) == [Breach]
