"""Sequence numbers at both ends (TS 33.102 Annex C)."""

import json
from random import Random

import pytest

from imsreg.aka.sqn import DELTA, SLOTS, SqnArray, join, split
from imsreg.paths import data

CASES = json.loads(data("vectors", "aka.json").read_bytes())["sqn_window"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_array_accepts_what_is_fresh(case):
    array = SqnArray(age_limit=case["age_limit"])
    seen = []
    for step in case["steps"]:
        accepted = array.accept(int(step["sqn"], 16))
        seen.append({"sqn": step["sqn"], "accepted": accepted, "highest": f"{array.highest:012x}"})
    assert seen == case["steps"]


def test_nothing_is_accepted_twice_and_nothing_refused_changes_the_array():
    random = Random(33102)
    array = SqnArray()
    accepted = set()
    for _ in range(5000):
        sqn = join(random.randrange(1, 600), random.randrange(SLOTS))
        before = array.sequences
        if array.accept(sqn):
            assert sqn not in accepted
            accepted.add(sqn)
            assert array.highest == max(accepted)
        else:
            assert array.sequences == before
    assert len(accepted) > 100


def test_an_array_goes_on_from_its_sequences():
    array = SqnArray()
    assert array.accept(join(9, 3))
    again = SqnArray(array.sequences)
    assert again.highest == join(9, 3)
    assert not again.accept(join(9, 3))
    assert again.accept(join(9 + DELTA, 3))


@pytest.mark.parametrize(
    "sequences", [(), (0,) * 31, (0,) * 33, *((seq,) + (0,) * 31 for seq in (-1, 1 << 43, 1 << 44))]
)
def test_an_array_of_another_form_is_refused(sequences):
    with pytest.raises(ValueError, match="32 sequence numbers of 43 bits"):
        SqnArray(sequences)


@pytest.mark.parametrize(("sqn", "seq", "ind"), [(0, 0, 0), (0x1169, 139, 9), ((1 << 48) - 1, (1 << 43) - 1, 31)])
def test_an_sqn_is_seq_and_ind(sqn, seq, ind):
    assert split(sqn) == (seq, ind)
    assert join(seq, ind) == sqn


@pytest.mark.parametrize("limits", [{"delta": 0}, {"delta": -1}, {"age_limit": 0}])
def test_a_window_that_takes_nothing_is_refused(limits):
    with pytest.raises(ValueError, match="above zero"):
        SqnArray(**limits)


def test_a_window_may_be_a_single_step():
    array = SqnArray(sequences=(7,) + (0,) * 31, delta=1, age_limit=1)
    assert [array.accept(join(seq, 1)) for seq in (6, 7, 9, 8)] == [False, True, False, True]


def test_what_is_older_than_the_age_limit_is_refused_however_old():
    array = SqnArray((100,) + (0,) * 31, age_limit=10)
    assert [array.accept(join(seq, 1)) for seq in (1, 50, 89, 90, 91)] == [False, False, False, False, True]


def test_the_largest_step_is_the_usims_choice():
    array = SqnArray(delta=10)
    assert not array.accept(join(11, 0))
    assert array.accept(join(10, 0))
    assert not array.accept(join(21, 1))
    assert array.accept(join(20, 1))


def test_the_end_of_the_numbers_takes_as_many_steps_as_the_window_says():
    """C.2.1: whoever can make vectors cannot bring the array to its end at once."""
    array, top = SqnArray(), (1 << 43) - 1
    assert not array.accept(join(top, 0))
    steps = 0
    while array.highest < join(top, 0):
        assert array.accept(join(min(top, (array.highest >> 5) + DELTA), 0))
        steps += 1
    assert steps == 1 << 15
    assert not array.accept(join(0, 0)), "there is no way round"
