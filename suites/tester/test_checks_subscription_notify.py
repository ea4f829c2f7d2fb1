"""Checks on when a NOTIFY comes, and on what it says of its subscription and dialog."""

from __future__ import annotations

import pytest
from forged_core import ALICE_TEL, ALICE_URI, OTHER, OWN, ForgedCore, contact, registration, subscribed, whole

from imsreg.sip.draft import Draft
from imsreg.sip.message import Request
from imsreg.verdict.checks import check_names
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

UES = ("rfc6665-4.1.3", "rfc3680-4.5-01", "rfc3680-5.2")
"""Rows about the subscriber."""

LISTS_BOTH = f"<{OWN}>;expires=7000, <{OTHER}>;expires=7200"

# When one is due.


def test_a_notify_after_the_2xx_or_before_it() -> None:
    row = "rfc6665-4.2.1.2-01"
    assert subscribed().kinds(row) == [Held]
    assert ForgedCore().registers().subscribes(0).notifies().gets(200).kinds(row) == [Held]
    assert ForgedCore().registers().subscribes().passes(20).notifies().kinds(row) == [Held]


def test_none_is_a_finding_once_a_subscriber_would_have_given_up() -> None:
    row = "rfc6665-4.2.1.2-01"
    assert ForgedCore().registers().subscribes().kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes().passes(29).kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes().passes(31).kinds(row) == [Breach]
    assert ForgedCore().registers().subscribes().passes(60).notifies().kinds(row) == [Breach]
    assert ForgedCore().registers().subscribes(403).passes(60).kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes(0).passes(60).kinds(row) == [Unmet]


def test_what_the_transcript_could_not_keep_may_have_been_the_notify() -> None:
    talk = ForgedCore().registers().subscribes().passes(60)
    talk.transcript.dropped = 1
    assert talk.kinds("rfc6665-4.2.1.2-01") == [Unmet]


def test_a_notify_of_another_dialog_does_not_stand_for_the_one_that_is_due() -> None:
    astray = ForgedCore().registers().subscribes().notifies(from_tag="fork")
    assert astray.kinds("rfc6665-4.2.1.2-01") == [Unmet]
    assert astray.kinds("rfc3261-12.2.1.1-02") == [Unmet]
    astray.passes(31)
    assert astray.kinds("rfc6665-4.2.1.2-01") == [Unmet]
    assert astray.kinds("rfc3261-12.2.1.1-02") == [Breach]


def test_a_fork_beside_the_dialog_is_odd_and_no_fault() -> None:
    talk = subscribed().notifies(from_tag="fork", version=0, cseq=1).passes(40)
    assert talk.kinds("rfc6665-4.2.1.2-01") == [Held]
    assert talk.kinds("rfc3261-12.2.1.1-02") == [Held, Observed]
    assert talk.kinds("rfc3680-5.1-03") == [Held]
    assert talk.kinds("rfc3261-12.2.1.1-01") == [Unmet]


def test_a_2xx_without_a_tag_leaves_the_dialog_to_the_notify() -> None:
    talk = ForgedCore().registers().subscribes(0).gets(200, f"To: <{ALICE_URI}>").notifies(from_tag="any")
    assert talk.kinds("rfc6665-4.2.1.2-01") == [Held]


def test_a_notify_for_another_tag_in_to() -> None:
    talk = ForgedCore().registers().subscribes().notifies(to_tag="x").passes(40)
    assert talk.kinds("rfc3261-12.2.1.1-02") == [Breach]
    assert talk.kinds("rfc6665-4.2.1.2-01") == [Unmet]
    assert ForgedCore().registers().subscribes().notifies(call_id="x").kinds("rfc3261-12.2.1.1-02") == [Unmet]


def test_a_notify_that_is_sent_again_is_one() -> None:
    talk = subscribed()
    notify = next(e for e in talk.transcript.entries if not e.sent and e.label == "NOTIFY")
    talk.transcript.record(False, notify.flow, notify.raw, 1.0)
    for row in ("rfc3680-5.1-03", "rfc3261-12.2.1.1-02"):
        assert talk.kinds(row) == [Held]
    assert talk.kinds("rfc3261-12.2.1.1-01") == [Unmet]


def test_a_notify_after_a_refresh() -> None:
    row = "rfc6665-4.2.1.2-02"
    assert subscribed().kinds(row) == [Unmet]
    assert subscribed().refreshes().notifies().kinds(row) == [Held]
    assert subscribed().refreshes().kinds(row) == [Unmet]
    assert subscribed().refreshes().passes(31).kinds(row) == [Breach]
    assert subscribed().refreshes(481).passes(31).kinds(row) == [Unmet]
    # The next SUBSCRIBE has a NOTIFY of its own: what comes after it is no answer to the one before.
    assert subscribed().refreshes().passes(31).refreshes().notifies().kinds(row) == [Breach, Held]
    assert subscribed().refreshes().passes(5).refreshes().notifies().kinds(row) == [Held, Unmet]
    assert subscribed().refreshes().passes(5).refreshes(500).notifies().kinds(row) == [Held]


@pytest.mark.parametrize(
    ("states", "kind"),
    [
        (("terminated;reason=timeout",), Held),
        (("terminated",), Held),
        (("terminated;reason=noresource",), Observed),
        (("active;expires=0", "terminated;reason=timeout"), Held),
        (("active;expires=0",), Breach),
        ((None,), Unmet),
        ((), Breach),
    ],
)
def test_the_end_of_a_subscription(states: tuple[str | None, ...], kind: type[Outcome]) -> None:
    for talk in (subscribed().ends(), ForgedCore().registers().subscribes(Expires="0", granted=0)):
        for state in states:
            talk.notifies(state)
        assert talk.kinds("rfc6665-4.2.1.4-01") == [Unmet if kind is Breach else kind]
        assert talk.passes(31).kinds("rfc6665-4.2.1.4-01") == [kind]


def test_the_end_may_cross_a_subscribe() -> None:
    talk = subscribed().subscribes(0, to_tag="n", Expires="0").notifies("terminated;reason=noresource").gets(481)
    assert talk.kinds("rfc6665-4.2.1.4-01") == [Unmet]
    assert talk.kinds("rfc6665-4.4.1-01") == [Held]


def shortly(**more: str) -> ForgedCore:
    """alice has registered for two hours, and subscribed for a minute."""
    return ForgedCore().registers().subscribes(granted=60, Expires="60", **more).notifies("active;expires=60")


def test_a_subscription_that_runs_out() -> None:
    row = "rfc6665-4.2.1.4-02"
    assert shortly().passes(61).notifies("terminated;reason=timeout").kinds(row) == [Held]
    assert shortly().passes(61).notifies("terminated;reason=noresource").kinds(row) == [Observed]
    assert shortly().passes(61).kinds(row) == [Unmet]
    assert shortly().passes(95).kinds(row) == [Breach]
    # The end of the test de-registers the UE.
    assert shortly().passes(95).registers(expires=0).notifies("terminated;reason=noresource").kinds(row) == [Breach]


def test_what_may_have_ended_a_subscription_before() -> None:
    row = "rfc6665-4.2.1.4-02"
    assert shortly().passes(30).registers(expires=0).passes(95).kinds(row) == [Unmet]
    assert shortly().passes(30).registers(OTHER).passes(95).kinds(row) == [Unmet]
    assert shortly().passes(10).notifies("terminated;reason=deactivated").passes(95).kinds(row) == [Unmet]
    assert shortly().notifies("active;expires=60", answer=481).passes(95).kinds(row) == [Unmet]
    assert shortly().notifies("active;expires=60", answer=0).passes(95).kinds(row) == [Unmet]
    assert shortly().subscribes(Call_ID="again").passes(95).kinds(row) == [Unmet]
    assert shortly().notifies(None).passes(95).kinds(row) == [Unmet]
    short = ForgedCore().registers(expires=70).subscribes(granted=60, Expires="60").notifies("active;expires=60")
    assert short.passes(95).kinds(row) == [Unmet]


def test_a_notify_may_shorten_a_subscription() -> None:
    talk = ForgedCore().registers().subscribes().notifies("active;expires=10").passes(45)
    assert talk.kinds("rfc6665-4.2.1.4-02") == [Breach]
    assert shortly().passes(10).refreshes(granted=3600).notifies().passes(95).kinds("rfc6665-4.2.1.4-02") == [Unmet]


# Changes.


def test_another_contact_comes() -> None:
    row = "rfc6665-4.2.2-05"
    both = registration(contact(), contact(uri=OTHER, name="c2"))
    assert subscribed().registers(OTHER, listed=LISTS_BOTH).notifies("active;expires=9", both).kinds(row) == [Held]
    assert subscribed().registers(OTHER, listed=LISTS_BOTH).kinds(row) == [Unmet]
    assert subscribed().registers(OTHER, listed=LISTS_BOTH).passes(31).kinds(row) == [Breach]
    assert subscribed().registers(OTHER, listed=LISTS_BOTH).passes(40).notifies().kinds(row) == [Breach]


def test_another_contact_goes() -> None:
    row = "rfc6665-4.2.2-05"
    came = contact(uri=OTHER, name="c2")
    both = subscribed().registers(OTHER, listed=LISTS_BOTH).notifies("active;expires=9", *whole(contact(), came))
    only = f"<{OWN}>;expires=7000"
    assert both.registers(OTHER, expires=0, listed=only).passes(31).kinds(row) == [Breach, Held]


def test_a_later_notify_shows_that_the_subscriber_s_own_contact_stood() -> None:
    row = "rfc6665-4.2.2-05"
    gone = contact("terminated", "unregistered", uri=OTHER, name="c2")
    talk = subscribed().registers(OTHER).passes(33).registers(OTHER, expires=0, answered=False)
    assert talk.notifies("active;expires=9", *whole(contact(), gone)).gets(200).kinds(row) == [Breach]
    talk = subscribed().registers(OTHER).passes(9).notifies("active;expires=9", *whole(contact(), contact(uri=OTHER)))
    assert talk.kinds(row) == [Held]
    # It is not there, or may have been brought back.
    talk = subscribed().registers(OTHER).passes(31).notifies("active;expires=9", *whole(gone))
    assert talk.kinds(row) == [Moot]
    talk = subscribed().registers(OTHER).passes(31).registers(listed=LISTS_BOTH).notifies()
    assert talk.kinds(row) == [Moot]


def test_what_is_no_change_that_somebody_else_must_hear_of() -> None:
    row = "rfc6665-4.2.2-05"
    assert subscribed().registers().passes(31).kinds(row) == [Unmet]
    assert subscribed().registers(expires=0).passes(31).kinds(row) == [Unmet]
    # It may have taken the place of the subscriber's own contact (TS 24.229 5.4.1.2.2 step 4A).
    assert subscribed().registers(OTHER).passes(31).kinds(row) == [Moot]
    assert subscribed().registers(OTHER, listed=LISTS_BOTH, status=403).passes(31).kinds(row) == [Unmet]
    again = subscribed().registers(OTHER, listed=LISTS_BOTH).notifies().registers(OTHER, listed=LISTS_BOTH)
    assert again.passes(31).kinds(row) == [Held]


def test_a_subscription_that_is_over_is_told_nothing() -> None:
    row = "rfc6665-4.2.2-05"
    other = {"contact": OTHER, "listed": LISTS_BOTH}
    assert subscribed("terminated").registers(**other).passes(31).kinds(row) == [Unmet]
    assert subscribed(answer=481).registers(**other).passes(31).kinds(row) == [Unmet]
    assert shortly().passes(59).registers(**other).passes(31).kinds(row) == [Unmet]
    # The same UE has subscribed again: a notifier may have forgotten the subscription before.
    again = subscribed().subscribes(Call_ID="again", uri=ALICE_TEL).registers(**other)
    assert again.notifies(call_id="again").passes(31).kinds(row) == [Held]


def test_nothing_comes_after_the_end() -> None:
    row = "rfc6665-4.4.1-01"
    over = "terminated;reason=timeout"
    assert subscribed().kinds(row) == [Unmet]
    assert subscribed().ends().notifies(over).passes(9).kinds(row) == [Held]
    assert subscribed().ends().notifies(over).notifies().kinds(row) == [Breach]
    assert subscribed().ends().notifies(over).notifies(over).kinds(row) == [Breach]
    # One that was overtaken has a lower CSeq.
    assert subscribed().ends().notifies(over, cseq=3).notifies(cseq=2).kinds(row) == [Held]
    # A SUBSCRIBE that is accepted after the end makes what follows a subscription again.
    assert subscribed().notifies(over).refreshes().notifies().kinds(row) == [Unmet]


# What it says.


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("active;expires=10", Held),
        ("Pending;expires=10", Held),
        ("terminated", Held),
        ("waiting", Breach),
        ("", Breach),
        (None, Breach),
    ],
)
def test_the_state_of_a_subscription(state: str | None, kind: type[Outcome]) -> None:
    assert subscribed(state).kinds("rfc6665-4.2.2-01") == [kind]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("active;expires=10", Held),
        ("pending;expires=0", Held),
        ("active", Breach),
        ("pending;expires=soon", Breach),
        ("terminated", Unmet),
        ("waiting", Unmet),
        (None, Unmet),
    ],
)
def test_the_time_that_is_left(state: str | None, kind: type[Outcome]) -> None:
    assert subscribed(state).kinds("rfc6665-4.2.2-02") == [kind]


def test_a_notify_lengthens_nothing() -> None:
    row = "rfc6665-4.2.2-03"
    assert subscribed("active;expires=3600").kinds(row) == [Held]
    assert subscribed("active;expires=10").kinds(row) == [Held]
    assert subscribed("active;expires=3601").kinds(row) == [Breach]
    assert subscribed("terminated;expires=9999").kinds(row) == [Unmet]
    assert subscribed().passes(100).notifies("active;expires=3520").kinds(row) == [Held]
    assert subscribed().passes(100).notifies("active;expires=3600").kinds(row) == [Breach, Held]
    early = ForgedCore().registers().subscribes(0).notifies("active;expires=3600")
    assert early.gets(200, "Expires: 3600").kinds(row) == [Held]
    assert early.kinds(row) == [Held]


def test_a_refresh_under_way_may_count_already() -> None:
    row = "rfc6665-4.2.2-03"
    talk = subscribed().passes(100).subscribes(0, to_tag="n", Expires="7200").notifies("active;expires=7200")
    assert talk.kinds(row) == [Held]
    assert talk.gets(200, "Expires: 7200").kinds(row) == [Held]
    refused = subscribed().refreshes(500, Expires="7200").notifies("active;expires=7200")
    assert refused.kinds(row) == [Breach, Held]


def test_without_expires_nobody_knows_how_long() -> None:
    talk = ForgedCore().registers().subscribes(granted=None, Expires=None).notifies("active;expires=9999")
    assert talk.kinds("rfc6665-4.2.2-03") == [Unmet]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("terminated;reason=timeout", Held),
        ("terminated;reason=because", Held),
        ("terminated", Breach),
        ("terminated;reason", Breach),
        ("active;expires=1", Unmet),
    ],
)
def test_a_reason(state: str, kind: type[Outcome]) -> None:
    assert subscribed(state).kinds("rfc6665-4.2.2-04") == [kind]


@pytest.mark.parametrize(
    ("asked", "told", "kind"),
    [
        ("reg", "reg", Held),
        ("reg", "reg;x=1", Held),
        ("reg;id=7", "reg;x=1;id=7", Held),
        ("reg;id=7", "reg", Breach),
        ("reg", "reg;id=7", Breach),
        ("reg", "Reg", Breach),
        ("reg", "presence", Breach),
        ("reg", "", Breach),
        ("reg", None, Breach),
        ("presence", "presence", Held),
    ],
)
def test_the_event_comes_back(asked: str, told: str | None, kind: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(Event=asked).notifies(event=told).kinds("rfc6665-8.2.1-01") == [kind]


def test_cseq_counts_up() -> None:
    row = "rfc3261-12.2.1.1-01"
    assert subscribed().kinds(row) == [Unmet]
    assert subscribed().notifies().kinds(row) == [Held]
    assert subscribed().notifies(cseq=9).kinds(row) == [Held]
    assert subscribed().notifies(cseq=1).kinds(row) == [Breach]
    assert subscribed().notifies(cseq=0).kinds(row) == [Breach]
    assert subscribed().notifies("terminated", cseq=1, version=0).kinds(row) == [Breach]


def test_a_notify_that_is_overtaken_or_sent_on_another_way_counts_right() -> None:
    row = "rfc3261-12.2.1.1-01"
    assert subscribed(cseq=5, version=3).notifies(cseq=4, version=2).kinds(row) == [Held]
    assert subscribed().notifies(cseq=1, version=0).kinds(row) == [Held]
    assert subscribed(body=b"", cseq=5).notifies(cseq=4).kinds(row) == [Held]


def test_nothing_was_notified() -> None:
    talk = ForgedCore().registers().subscribes()
    rows = ("rfc6665-4.2.2-01", "rfc6665-4.2.2-02", "rfc6665-4.2.2-03", "rfc6665-4.2.2-04", "rfc6665-8.2.1-01")
    for row in (*rows, "rfc3261-12.2.1.1-01", "rfc3261-12.2.1.1-02", "rfc6665-4.4.1-01"):
        assert talk.kinds(row) == [Unmet]


def test_two_changes_may_come_in_one_notify() -> None:
    talk = subscribed().registers(OTHER, listed=LISTS_BOTH).passes(1)
    talk.registers(OTHER, expires=0, listed=f"<{OWN}>;expires=7000")
    gone = contact("terminated", "unregistered", OTHER, "c2")
    talk.notifies("active;expires=3500", *whole(contact(), gone))
    for row in ("rfc6665-4.2.2-05", "rfc3680-4.7.1-01", "rfc3680-5.1-03", "24.229-5.4.2.1.2-03"):
        assert talk.kinds(row) == [Held]


CLAUSES = ("rfc6665-", "rfc3680-", "24.229-5.4.2", "24.229-5.2.6.3.3", "rfc3261-12", "rfc3261-16.4")
ROWS = sorted(row for row in check_names() if row.startswith(CLAUSES) and not row.startswith(UES))


@pytest.mark.parametrize(
    "name", ["From", "To", "CSeq", "Event", "Subscription-State", "Content-Type", "Contact", "Via"]
)
@pytest.mark.parametrize("value", ["", "\xff", "<", ";tag=s", "*", '"', "a, b"])
def test_nothing_that_comes_breaks_a_check(name: str, value: str) -> None:
    talk = subscribed()
    for entry in [e for e in talk.transcript.entries if not e.sent and e.label == "NOTIFY"]:
        assert isinstance(entry.message, Request)
        odd = Draft.of(entry.message).set(name, value)
        talk.transcript.record(False, entry.flow, odd.to_bytes(), talk.now)
    talk.subscribes(200, f"{name}: {value}", Call_ID="second").notifies(call_id="second")
    talk.refreshes(200, f"{name}: {value}").passes(40).ends().passes(40).registers(expires=0).passes(40)
    for row in ROWS:
        assert talk.rule(row), row
