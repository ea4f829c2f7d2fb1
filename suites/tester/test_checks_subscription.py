"""Checks on SUBSCRIBE and its responses, and on who is let in, where forged transcripts reach what scenarios do not."""

from __future__ import annotations

import pytest
from forged_core import (
    ALICE_BARRED,
    ALICE_TEL,
    BOB_URI,
    BOBS,
    OTHER,
    P_CSCF_ROUTE,
    SERVICE_ROUTE,
    ForgedCore,
    subscribed,
)

from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet


@pytest.mark.parametrize(
    ("granted", "line", "kind"),
    [
        (3600, (), Held),
        (0, (), Held),
        (None, (), Breach),
        (None, ("Expires: soon",), Breach),
        (None, ("Expires: 60 ;x=1",), Breach),
    ],
)
def test_the_2xx_says_how_long(granted: int | None, line: tuple[str, ...], kind: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(200, *line, granted=granted).kinds("rfc6665-3.1.1-01") == [kind]


def test_no_2xx_nothing_to_read() -> None:
    talk = ForgedCore().registers().subscribes(403)
    for row in ("rfc6665-3.1.1-01", "rfc6665-3.1.1-02", "rfc6665-8.3.1-01", "rfc3261-12.1.1-01"):
        assert talk.kinds(row) == [Unmet]


@pytest.mark.parametrize(
    ("asked", "granted", "kind"),
    [("3600", 3600, Held), ("3600", 60, Held), ("3600", 3601, Breach), ("0", 1, Breach), (None, 7200, Unmet)],
)
def test_a_subscription_is_never_longer_than_asked(asked: str | None, granted: int, kind: type[Outcome]) -> None:
    talk = ForgedCore().registers().subscribes(granted=granted, Expires=asked)
    assert talk.kinds("rfc6665-3.1.1-02") == [kind]


def test_a_refresh_may_grant_more_than_the_first_and_not_more_than_it_asks() -> None:
    assert subscribed().refreshes(Expires="7200", granted=7200).kinds("rfc6665-3.1.1-02") == [Held]
    assert subscribed().refreshes(Expires="60", granted=3600).kinds("rfc6665-3.1.1-02") == [Breach, Held]


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        ("nobody", 489, Held),
        ("nobody;id=1", 489, Held),
        ("nobody", 200, Breach),
        ("nobody", 403, Breach),
        ("nobody", 503, Unmet),
        ("nobody", 401, Unmet),
        ("nobody", 482, Unmet),
        ("nobody", 0, Unmet),
        ("reg", 489, Unmet),
        ("presence", 200, Unmet),
        (None, 489, Unmet),
    ],
)
def test_an_unknown_package(event: str | None, status: int, kind: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(status, Event=event).kinds("rfc6665-4.2.1.1-01") == [kind]


def test_who_is_not_registered_may_be_refused_before_the_package_is_looked_at() -> None:
    assert ForgedCore().subscribes(403, Event="nobody").kinds("rfc6665-4.2.1.1-01") == [Unmet]
    talk = ForgedCore().registers().subscribes(400, Event="nobody", Route=P_CSCF_ROUTE)
    assert talk.kinds("rfc6665-4.2.1.1-01") == [Unmet]


def test_202_is_out_of_use() -> None:
    assert ForgedCore().registers().subscribes(202).kinds("rfc6665-8.3.1-01") == [Breach]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Contact: <sip:scscf.home.example>", Held),
        ("Contact: <sips:scscf.home.example>", Held),
        ("Contact: <sip:[2001:db8::1]:5060>", Held),
        ("Contact: <sip:2001:db8::1>", Breach),
        ("Contact: <tel:+1555>", Breach),
        ("Contact: <sip:a>, <sip:b>", Breach),
        ("Contact: *", Breach),
        ("Contact: <sip:", Breach),
        ("Contact: ", Breach),
    ],
)
def test_the_2xx_has_one_target(line: str, kind: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(200, line).kinds("rfc3261-12.1.1-01") == [kind]


def test_a_refresh_needs_no_contact() -> None:
    assert subscribed().refreshes(200, "Contact: ").kinds("rfc3261-12.1.1-01") == [Held]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, Held),
        (403, Breach),
        (404, Breach),
        (405, Breach),
        (489, Breach),
        (500, Breach),
        (501, Breach),
        (603, Breach),
        (302, Unmet),
        (401, Unmet),
        (423, Unmet),
        (482, Unmet),
        (503, Unmet),
        (504, Unmet),
        (0, Unmet),
    ],
)
def test_the_user_himself_is_let_in(status: int, kind: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(status).kinds("24.229-5.4.2.1.1-01") == [kind]


@pytest.mark.parametrize(
    "headers",
    [
        {"Route": P_CSCF_ROUTE},
        {"Route": SERVICE_ROUTE},
        {"Route": f"{P_CSCF_ROUTE}, <sip:scscf.home.example;lr>"},
        {"Route": None},
        {"Route": "<sip:"},
        {"Contact": f"<{OTHER}>"},
        {"Contact": None},
        {"Event": None},
        {"Max-Forwards": "0"},
        {"Max-Forwards": "9"},
        {"Max-Forwards": "many"},
        {"Max-Forwards": None},
        {"Expires": "soon"},
        {"Accept": "text/plain"},
        {"Require": "nobody-knows"},
        {"Proxy-Require": "nobody-knows"},
        {"CSeq": "2 NOTIFY"},
        {"Via": None},
        {"From": f"<{BOB_URI}>;tag=s"},
        {"From": f"<{ALICE_BARRED}>;tag=s"},
        {"P-Preferred-Identity": f"<{BOB_URI}>"},
        {"P-Preferred-Identity": "<sip:"},
    ],
    ids=str,
)
def test_what_is_wrong_in_a_subscribe_may_be_why_it_is_refused(headers: dict[str, str | None]) -> None:
    assert ForgedCore().registers().subscribes(403, **headers).kinds("24.229-5.4.2.1.1-01") == [Unmet]


def test_what_a_ue_may_leave_out_or_write_in_another_way_is_no_reason() -> None:
    talk = ForgedCore().registers().subscribes(403, Accept="text/*, application/*;q=0.5", Expires=None)
    assert talk.kinds("24.229-5.4.2.1.1-01") == [Breach]
    assert ForgedCore().registers().subscribes(403, Accept=None).kinds("24.229-5.4.2.1.1-01") == [Breach]


def test_another_identity_of_the_user_does_as_well_and_a_barred_one_does_not() -> None:
    assert ForgedCore().registers().subscribes(403, uri=ALICE_TEL).kinds("24.229-5.4.2.1.1-01") == [Breach]
    assert ForgedCore().registers().subscribes(403, uri=ALICE_BARRED).kinds("24.229-5.4.2.1.1-01") == [Unmet]


def test_who_may_no_longer_be_registered_may_be_refused() -> None:
    row = "24.229-5.4.2.1.1-01"
    assert ForgedCore().registers(expires=60).passes(59).subscribes(403).kinds(row) == [Unmet]
    assert ForgedCore().registers().registers(expires=0).subscribes(403).kinds(row) == [Unmet]
    assert ForgedCore().registers().registers(expires=0, answered=False).subscribes(403).kinds(row) == [Unmet]
    # Another contact of the same private identity may have taken the place of this one (TS 24.229 5.4.1.2.2 step 4A).
    assert ForgedCore().registers().registers(OTHER).subscribes(403).kinds(row) == [Unmet]


def test_in_the_clear_nobody_is_let_in_where_there_are_associations() -> None:
    assert ForgedCore("ipsec").registers().subscribes(403).kinds("24.229-5.4.2.1.1-01") == [Unmet]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(480, Held), (200, Breach), (403, Observed), (404, Observed), (503, Unmet), (0, Unmet)],
)
def test_who_has_de_registered_has_no_binding(status: int, kind: type[Outcome]) -> None:
    talk = ForgedCore().registers(BOBS, user="bob").registers(BOBS, user="bob", expires=0).registers()
    assert talk.subscribes(status, uri=BOB_URI).kinds("24.229-5.4.2.1.1-02") == [kind]


def test_whether_somebody_is_bound_has_to_be_certain() -> None:
    row = "24.229-5.4.2.1.1-02"
    assert ForgedCore().registers().subscribes(200, uri=BOB_URI).kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes(480, uri=BOB_URI).kinds(row) == [Held]
    assert ForgedCore().registers().subscribes(200, uri="sip:nobody@home.example").kinds(row) == [Unmet]
    listed = ForgedCore().registers(BOBS, user="bob", expires=0, listed=f"<{OTHER}>;expires=60").registers()
    assert listed.subscribes(200, uri=BOB_URI).kinds(row) == [Unmet]
    assert listed.passes(63).subscribes(200, uri=BOB_URI, Call_ID="later").kinds(row) == [Breach]
    fetched = ForgedCore().registers(None, user="bob").registers()
    assert fetched.subscribes(200, uri=BOB_URI).kinds(row) == [Breach]


@pytest.mark.parametrize(
    ("status", "kind"), [(403, Held), (200, Observed), (480, Observed), (603, Observed), (401, Unmet), (0, Unmet)]
)
def test_a_stranger(status: int, kind: type[Outcome]) -> None:
    talk = ForgedCore().registers(BOBS, user="bob").registers()
    assert talk.subscribes(status, uri=BOB_URI).kinds("24.229-5.4.2.1.1-03") == [kind]


def test_who_is_not_registered_is_told_to_nobody() -> None:
    assert ForgedCore().registers().subscribes(403, uri=BOB_URI).kinds("24.229-5.4.2.1.1-03") == [Unmet]


BACK = f"{P_CSCF_ROUTE}, <sip:127.0.1.1:5060;lr>"


@pytest.mark.parametrize(
    ("route", "status", "kind"),
    [
        (BACK, 400, Held),
        (BACK, 200, Held),
        (BACK, 403, Observed),
        (BACK, 401, Unmet),
        (BACK, 0, Unmet),
        (P_CSCF_ROUTE, 400, Held),
        (P_CSCF_ROUTE, 200, Moot),
        (f"{P_CSCF_ROUTE}, <sip:elsewhere.example;lr>", 200, Moot),
        (f"{P_CSCF_ROUTE}, {SERVICE_ROUTE}", 200, Unmet),
        (SERVICE_ROUTE, 200, Unmet),
        ("<sip:elsewhere.example;lr>", 200, Moot),
    ],
)
def test_a_route_that_is_not_the_service_route(route: str, status: int, kind: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(status, Route=route).kinds("24.229-5.2.6.3.3-01") == [kind]


def test_a_route_that_is_followed_brings_the_subscribe_back() -> None:
    assert ForgedCore().registers().subscribes(0, Route=BACK).hears().kinds("24.229-5.2.6.3.3-01") == [Breach]
    talk = ForgedCore().registers().subscribes(400, Route=BACK)
    assert talk.hears(call_id="another").kinds("24.229-5.2.6.3.3-01") == [Held]
    assert talk.hears("OPTIONS").kinds("24.229-5.2.6.3.3-01") == [Held]


def test_the_service_route_of_the_last_200_counts_in_whatever_case() -> None:
    route = f"{P_CSCF_ROUTE}, <SIP:orig@SCSCF.home.example;LR>"
    assert ForgedCore().registers().subscribes(400, Route=route).kinds("24.229-5.2.6.3.3-01") == [Unmet]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ((), Held),
        (("Record-Route: ", "Contact: <sip:scscf.home.example>"), Breach),
        (("Record-Route: ", "Contact: <sip:127.0.2.1:5060>"), Observed),
        (("Record-Route: <sip:", "Contact: <sip:scscf.home.example>"), Breach),
    ],
)
def test_the_p_cscf_stays_on_the_way(lines: tuple[str, ...], kind: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(200, *lines).kinds("24.229-5.2.6.3.3-02") == [kind]


@pytest.mark.parametrize(("status", "kind"), [(200, Held), (482, Breach), (483, Breach), (403, Unmet), (0, Unmet)])
def test_its_own_route_makes_no_circle(status: int, kind: type[Outcome]) -> None:
    assert ForgedCore().registers().subscribes(status).kinds("rfc3261-16.4-01") == [kind]


def test_spent_hops_and_another_route_make_483_and_482_right() -> None:
    row = "rfc3261-16.4-01"
    assert ForgedCore().registers().subscribes(483, **{"Max-Forwards": "0"}).kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes(483, **{"Max-Forwards": "3"}).kinds(row) == [Unmet]
    assert ForgedCore().registers().subscribes(482, Route=BACK).kinds(row) == [Unmet]
