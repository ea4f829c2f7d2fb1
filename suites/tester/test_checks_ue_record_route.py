"""Record-Route in a response to REGISTER (RFC 3261 10.2)."""

from __future__ import annotations

import pytest
from forged import P_CSCF, Forged, credentials, vector

from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet

AV = vector()
ROW = "rfc3261-10.2-03"
FIRST, ELSEWHERE = f"<sip:{P_CSCF};lr>", "<sip:192.0.2.77;lr>"


def registered(record_route: str, *lines: str) -> Forged:
    """A registration whose 200 has this Record-Route."""
    return Forged().registered(AV, 600, f"Record-Route: {record_route}", *lines)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (FIRST, Held),
        (f"{FIRST}, <sip:192.0.2.78;lr>", Held),
        (f"{FIRST}, {ELSEWHERE}", Breach),
        (ELSEWHERE, Breach),
        ("<sip:192.0.2.77:5060;lr>", Held),
    ],
)
def test_a_subscribe_after_it(route: str, expected: type[Outcome]) -> None:
    assert registered(ELSEWHERE).subscribes(Route=route).kinds(ROW) == {expected}


def test_a_register_after_it() -> None:
    later = registered(ELSEWHERE).passes(300)
    assert later.sends(Authorization=credentials(AV), Route=ELSEWHERE).kinds(ROW) == {Breach}
    later = registered(ELSEWHERE).passes(300)
    assert later.sends(Authorization=credentials(AV)).kinds(ROW) == {Held}


def test_a_host_name_in_the_first_place_may_be_the_p_cscf() -> None:
    named = "<sip:edge.visited.example;lr>"
    assert registered(named).subscribes(Route=named).kinds(ROW) == {Observed}
    assert registered(named).subscribes(Route=f"{FIRST}, {named}").kinds(ROW) == {Breach}


def test_what_the_ue_knows_otherwise_decides_nothing() -> None:
    assert registered(FIRST).subscribes(Route=FIRST).kinds(ROW) == {Unmet}
    both = registered(ELSEWHERE, f"Service-Route: {ELSEWHERE}")
    assert both.subscribes(Route=f"{FIRST}, {ELSEWHERE}").kinds(ROW) == {Unmet}
    before = Forged().sends(Route=ELSEWHERE).challenged(AV).sends(Authorization=credentials(AV), Route=ELSEWHERE)
    assert before.ok(600, f"Record-Route: {ELSEWHERE}").subscribes(Route=ELSEWHERE).kinds(ROW) == {Unmet}


def test_nothing_follows_or_nothing_was_recorded() -> None:
    assert registered(ELSEWHERE).kinds(ROW) == {Unmet}
    assert registered("<").subscribes().kinds(ROW) == {Unmet}
    assert Forged().registered(AV).subscribes().kinds(ROW) == {Unmet}
    refused = Forged().sends().gets(403, f"Record-Route: {ELSEWHERE}")
    assert refused.sends(Route=ELSEWHERE).kinds(ROW) == {Unmet}


def test_it_counts_until_the_next_response_to_a_register() -> None:
    later = registered(ELSEWHERE).subscribes(Route=FIRST).passes(300).sends(Authorization=credentials(AV))
    later.ok(600, f"Service-Route: {ELSEWHERE}")
    assert later.subscribes(Route=f"{FIRST}, {ELSEWHERE}").kinds(ROW) == {Held}
