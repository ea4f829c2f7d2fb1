"""Sequence numbers at both ends (TS 33.102 Annex C)."""

import json
from random import Random

import pytest

from imsreg.aka.sqn import DELTA, SLOTS, SqnArray, join, next_sqn, split
from imsreg.paths import data

CASES = json.loads(data("vectors", "aka.json").read_bytes())["sqn_window"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_array_accepts_what_is_fresh(case):
    array = SqnArray()
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


@pytest.mark.parametrize("sequences", [(), (0,) * 31, (0,) * 33, (-1,) + (0,) * 31, (1 << 43,) + (0,) * 31])
def test_an_array_of_another_form_is_refused(sequences):
    with pytest.raises(ValueError, match="32 sequence numbers of 43 bits"):
        SqnArray(sequences)


@pytest.mark.parametrize(("sqn", "seq", "ind"), [(0, 0, 0), (0x1169, 139, 9), ((1 << 48) - 1, (1 << 43) - 1, 31)])
def test_an_sqn_is_seq_and_ind(sqn, seq, ind):
    assert split(sqn) == (seq, ind)
    assert join(seq, ind) == sqn


def test_the_next_sqn_has_the_next_seq():
    assert next_sqn(join(138, 4), 9) == 0x1169
    assert next_sqn((1 << 48) - 1, 5) == 5
