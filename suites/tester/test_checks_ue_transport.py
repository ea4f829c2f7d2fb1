"""How a UE repeats its requests over UDP: by which timers, and until when."""

from __future__ import annotations

import pytest
from forged import TCP, Forged

from imsreg.sip.timers import IMS, RFC3261
from imsreg.verdict.checks.ue_retransmission import schedule
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

IMS_TIMERS, DOUBLING, ENDED, GOES_ON = "24.229-7.7-01", *(f"rfc3261-17.1.2.2-{n:02}" for n in (1, 2, 3))


def test_the_schedules() -> None:
    assert schedule(IMS) == (2, 6, 14, 30, 46, 62, 78, 94, 110, 126)
    assert schedule(RFC3261) == (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)


@pytest.mark.parametrize(
    ("offsets", "ims", "doubling"),
    [
        ((2, 6, 14, 30, 46, 62), Held, Held),
        ((2.1, 6.2, 14.2, 30.3), Held, Held),
        ((2, 14, 30), Held, Held),
        ((0.5, 1.5, 3.5, 7.5, 11.5, 15.5), Breach, Held),
        ((1, 3, 7, 11, 15), Breach, Held),
        ((2, 4, 6, 8), Breach, Breach),
        ((0.5, 1.0, 1.5), Breach, Breach),
        ((2, 5, 8, 11), Breach, Breach),
        ((2, 6, 14, 16), Breach, Breach),
        ((2, 6, 12, 18, 24), Breach, Held),
        ((2,), Held, Unmet),
        ((), Unmet, Unmet),
    ],
)
def test_the_intervals(offsets: tuple[float, ...], ims: type[Outcome], doubling: type[Outcome]) -> None:
    talk = Forged().sends().repeats(*offsets)
    assert talk.kinds(IMS_TIMERS) == {ims}
    assert talk.kinds(DOUBLING) == {doubling}


def test_a_request_that_is_never_repeated() -> None:
    assert Forged().sends().passes(25).kinds(DOUBLING) == {Unmet}
    assert Forged().sends().passes(33).kinds(DOUBLING) == {Breach}
    assert Forged().sends().passes(33).kinds(IMS_TIMERS) == {Unmet}


def test_what_comes_after_a_response_does_not_count() -> None:
    assert Forged().sends().gets(100).repeats(16, 32, 48).kinds(DOUBLING) == {Unmet}


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (Forged().sends().gets(200), Unmet),
        (Forged().sends().gets(200).passes(10), Held),
        (Forged().sends().repeats(2, 6).gets(200).passes(10), Held),
        (Forged().sends().gets(200).repeats(0.4).passes(10), Held),
        (Forged().sends().gets(200).repeats(2), Observed),
        (Forged().sends().gets(200).repeats(2).gets(200).passes(10), Observed),
        (Forged().sends().gets(200).repeats(2).gets(200).repeats(4), Breach),
    ],
    ids=["not watched", "none", "before", "crossed", "one", "the response got lost", "more"],
)
def test_repetitions_after_the_final_response(talk: Forged, expected: type[Outcome]) -> None:
    assert talk.kinds(ENDED) == {expected}


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (Forged().sends().kinds(GOES_ON), {Unmet}),
        (Forged().sends().gets(100).passes(10).kinds(GOES_ON), {Unmet}),
        (Forged().sends().gets(100).passes(20).kinds(GOES_ON), {Breach}),
        (Forged().sends().gets(100).repeats(16).passes(20).kinds(GOES_ON), {Held}),
        (Forged().sends().gets(100).passes(5).gets(200).passes(60).kinds(GOES_ON), {Unmet}),
        (Forged().sends().gets(100).gets(200).repeats(16).passes(60).kinds(GOES_ON), {Unmet}),
    ],
    ids=["no 1xx", "not watched", "stopped", "went on", "answered soon", "after the answer"],
)
def test_repetitions_after_a_provisional_response(talk: set[type[Outcome]], expected: set[type[Outcome]]) -> None:
    assert talk == expected


@pytest.mark.parametrize("row", [IMS_TIMERS, DOUBLING, ENDED, GOES_ON])
def test_tcp_repeats_by_itself(row: str) -> None:
    assert Forged(flow=TCP).sends().passes(60).kinds(row) == {Moot}
