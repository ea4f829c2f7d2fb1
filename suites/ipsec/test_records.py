"""Records on their way from a back end's thread to the link's."""

from __future__ import annotations

import threading

import pytest

from imsreg.net.ipsec import records
from imsreg.net.ipsec.records import Records
from imsreg.secagree.events import Direction, EspEvent, Fate


def event(number: int) -> EspEvent:
    return EspEvent(float(number), Direction.IN, Fate.OK, sequence=number)


@pytest.fixture
def told() -> list[int]:
    return []


@pytest.fixture
def made(told: list[int]) -> Records:
    made = Records()
    made.observe(lambda each: told.append(each.sequence))
    return made


def test_records_are_handed_over_in_their_order_and_once(made: Records, told: list[int]) -> None:
    for number in range(3):
        made(event(number))
    assert told == []
    made.hand_over()
    made.hand_over()
    assert told == [0, 1, 2]


def test_the_link_is_woken_for_the_first_of_several(made: Records) -> None:
    woken: list[None] = []
    made.joined(lambda: 7.0, lambda: woken.append(None))
    made(event(0))
    made(event(1))
    assert len(woken) == 1
    made.hand_over()
    made(event(2))
    assert len(woken) == 2
    assert made.now() == 7.0


def test_too_many_are_lost_and_counted(made: Records, told: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST", 2)
    for number in range(5):
        made(event(number))
    made.hand_over()
    assert (told, made.lost) == ([0, 1], 3)


def test_without_an_observer_nothing_is_kept(made: Records, told: list[int]) -> None:
    made.observe(None)
    made(event(0))
    made.observe(lambda each: told.append(each.sequence))
    made.hand_over()
    assert (told, made.lost) == ([], 0)


def test_a_new_observer_gets_what_comes_from_then_on(made: Records, told: list[int]) -> None:
    later: list[int] = []
    made(event(0))
    made.observe(lambda each: later.append(each.sequence))
    made(event(1))
    made.hand_over()
    assert (told, later) == ([0], [1])


def test_an_observer_that_raises_misses_nothing(made: Records) -> None:
    told: list[int] = []

    def observer(each: EspEvent) -> None:
        told.append(each.sequence)
        raise ZeroDivisionError(each.sequence)

    made.observe(observer)
    for number in range(3):
        made(event(number))
    with pytest.raises(ZeroDivisionError, match="0"):
        made.hand_over()
    assert told == [0, 1, 2]
    made.hand_over()


def test_no_wake_up_is_lost_between_threads(made: Records, told: list[int]) -> None:
    """Every record is told although its reader sleeps until it is woken."""
    woken = threading.Semaphore(0)
    made.joined(lambda: 0.0, woken.release)
    threads = [threading.Thread(target=lambda: [made(event(n)) for n in range(500)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(told) < 1500:
        assert woken.acquire(timeout=10)
        made.hand_over()
    for thread in threads:
        thread.join()
