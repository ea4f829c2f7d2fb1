"""The subscription of a UE to its registration state: whose, for how long, by which way."""

from __future__ import annotations

import pytest
from forged import IMPU, P_CSCF, Forged, credentials, vector

from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet

AV = vector()
OTHER, THIRD = "sip:+15550100@home.example", "sip:third@home.example"
SERVICE = "<sip:orig@scscf.home.example:6060;lr;x=1>"
SECOND = "<sip:second.home.example;lr>"
HOME_PROXY = f"<sip:{P_CSCF};lr>"
SUBSCRIBES, WHOSE, HOW_LONG = (f"24.229-5.1.1.3-{number:02}" for number in (1, 2, 3))
FIRST_HOP, ROUTE = "24.229-5.1.2A.1.1-01", "24.229-5.1.2A.1.1-02"
ROWS = (WHOSE, HOW_LONG, FIRST_HOP, ROUTE, "rfc3680-4.5-01")


def test_a_subscription_follows_on_the_registration() -> None:
    assert Forged().registered(AV).kinds(SUBSCRIBES) == {Unmet}
    assert Forged().registered(AV).subscribes().kinds(SUBSCRIBES) == {Held}
    assert Forged().registered(AV).passes(32).kinds(SUBSCRIBES) == {Breach}
    assert Forged().registered(AV).passes(5).told("deregister").passes(60).kinds(SUBSCRIBES) == {Unmet}
    assert Forged().sends().gets(403).passes(60).kinds(SUBSCRIBES) == {Unmet}
    assert Forged().registered(AV).subscribes(Event="presence").passes(60).kinds(SUBSCRIBES) == {Breach}


@pytest.mark.parametrize("row", ROWS)
def test_without_a_subscription_its_contents_have_no_occasion(row: str) -> None:
    assert Forged().registered(AV).passes(60).kinds(row) == {Unmet}


def identity(impu: str, associated: tuple[str, ...], **headers: str | None) -> Forged:
    lines = tuple(f"P-Associated-URI: <{uri}>" for uri in associated)
    names: dict[str, str | None] = {"uri": impu, "From": f"<{impu}>;tag=5", "To": f"<{impu}>"}
    return Forged().registered(AV, 600000, *lines).subscribes(**(names | headers))


@pytest.mark.parametrize(
    ("impu", "associated", "expected"),
    [
        (IMPU, (IMPU, OTHER), Held),
        (IMPU, (OTHER, IMPU), Held),
        (OTHER, (OTHER, IMPU), Held),
        (OTHER, (OTHER,), Held),
        ("sip:ALICE@home.example", (IMPU,), Breach),
        ("sip:alice@HOME.EXAMPLE", (IMPU,), Held),
        (IMPU, (OTHER, THIRD), Breach),
        (THIRD, (OTHER, THIRD), Observed),
        (THIRD, (OTHER, IMPU), Breach),
        ("tel:+15550100", ("tel:+1-555-0100", OTHER), Held),
        (IMPU, (), Unmet),
    ],
)
def test_whose_state_is_asked_for(impu: str, associated: tuple[str, ...], expected: type[Outcome]) -> None:
    assert identity(impu, associated).kinds(WHOSE) == {expected}


@pytest.mark.parametrize(
    "headers", [{"uri": OTHER}, {"From": f"<{OTHER}>;tag=5"}, {"To": f"<{OTHER}>"}, {"From": "<<"}, {"uri": "x"}]
)
def test_it_is_one_identity(headers: dict[str, str | None]) -> None:
    assert identity(IMPU, (IMPU, OTHER), **headers).kinds(WHOSE) == {Breach}


@pytest.mark.parametrize(("expires", "expected"), [("600000", Held), ("3600", Breach), (None, Breach), ("x", Breach)])
def test_for_how_long(expires: str | None, expected: type[Outcome]) -> None:
    assert Forged().registered(AV).subscribes(Expires=expires).kinds(HOW_LONG) == {expected}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/reginfo+xml", Held),
        ("text/plain, Application/Reginfo+XML;q=0.5", Held),
        (None, Held),
        ("application/*", Observed),
        ("*/*", Observed),
        ("application/sdp", Breach),
        ("", Breach),
    ],
)
def test_what_is_accepted(accept: str | None, expected: type[Outcome]) -> None:
    assert Forged().registered(AV).subscribes(Accept=accept).kinds("rfc3680-4.5-01") == {expected}


@pytest.mark.parametrize(
    ("route", "first", "rest"),
    [
        (f"{HOME_PROXY}, {SERVICE}, {SECOND}", Held, Held),
        (f"<sip:pcscf.home.example;lr>, {SERVICE}, {SECOND}", Held, Held),
        (f"<sip:127.0.1.1:9999;lr>, {SERVICE}, {SECOND}", Held, Held),
        (f"<sip:{P_CSCF}>, {SERVICE}, {SECOND}", Observed, Held),
        (f"{SERVICE}, {SECOND}", Breach, Held),
        (f"<sip:192.0.2.1;lr>, {SERVICE}, {SECOND}", Breach, Breach),
        (f"{HOME_PROXY}, {SECOND}, {SERVICE}", Held, Breach),
        (f"{HOME_PROXY}, {SERVICE}", Held, Breach),
        (f"{HOME_PROXY}, {SERVICE.replace(';x=1', '')}, {SECOND}", Held, Breach),
        (f"{HOME_PROXY}, {SERVICE.replace(';lr', ';lr=on')}, {SECOND}", Held, Breach),
        (f"{HOME_PROXY}, <sip:path.home.example;lr>, {SERVICE}, {SECOND}", Held, Breach),
        (HOME_PROXY, Held, Breach),
        (None, Breach, Breach),
        ("<<", Breach, Unmet),
    ],
)
def test_the_way_of_a_subscription(route: str | None, first: type[Outcome], rest: type[Outcome]) -> None:
    talk = Forged().registered(AV, 600000, f"Service-Route: {SERVICE}, {SECOND}").subscribes(Route=route)
    assert talk.kinds(FIRST_HOP) == {first}
    assert talk.kinds(ROUTE) == {rest}


@pytest.mark.parametrize(
    ("route", "expected"), [(HOME_PROXY, Unmet), (f"{HOME_PROXY}, {SERVICE}", Breach)], ids=["none", "the former one"]
)
def test_a_refresh_without_service_route_clears_it(route: str, expected: type[Outcome]) -> None:
    talk = Forged().registered(AV, 600, f"Service-Route: {SERVICE}").passes(300)
    talk.sends(Authorization=credentials(AV)).ok(600).subscribes(Route=route)
    assert talk.kinds(ROUTE) == {expected}


def test_a_request_in_the_dialog_has_its_own_way() -> None:
    talk = Forged().registered(AV, 600, f"Service-Route: {SERVICE}")
    talk.subscribes(To=f"<{IMPU}>;tag=9", Route=None, Expires="60")
    for row in ROWS:
        assert talk.kinds(row) == {Unmet}
