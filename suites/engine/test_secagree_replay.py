"""The anti-replay window (RFC 4303 3.4.3)."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.secagree.replay import ReplayWindow


def accept(window: ReplayWindow, *sequences: int) -> list[int]:
    """Those of the numbers that are fresh, each noted as soon as it is."""
    fresh = []
    for sequence in sequences:
        if window.fresh(sequence):
            window.note(sequence)
            fresh.append(sequence)
    return fresh


def test_zero_is_never_fresh() -> None:
    window = ReplayWindow()
    assert accept(window, 0, 1, 0, 2) == [1, 2]
    assert window.top == 2


def test_each_number_comes_once_in_any_order() -> None:
    assert accept(ReplayWindow(), 3, 1, 2, 3, 2, 1, 4) == [3, 1, 2, 4]


@pytest.mark.parametrize("size", [32, 64])
def test_the_left_edge(size: int) -> None:
    window = ReplayWindow(size)
    assert accept(window, 1000, 1000 - size, 1000 - size + 1) == [1000, 1000 - size + 1]


def test_looking_changes_nothing() -> None:
    window = ReplayWindow()
    assert window.fresh(5)
    assert window.fresh(5)
    assert window.top == 0


def test_a_great_leap_costs_nothing_and_leaves_what_was_behind() -> None:
    last = (1 << 32) - 1
    assert accept(ReplayWindow(), 1, last, 1, 2, last - 63, last - 64, last) == [1, last, last - 63]


def test_against_a_list_of_all_that_came() -> None:
    random, window, came, top = Random(9), ReplayWindow(), set(), 0
    for _ in range(3000):
        sequence = max(0, top + random.randrange(-80, 12))
        expected = sequence > 0 and sequence > top - 64 and sequence not in came
        assert window.fresh(sequence) is expected
        if expected:
            window.note(sequence)
            came.add(sequence)
            top = max(top, sequence)
    assert len(came) > 500
