"""The AuC of an attendant: which SQN and which RES its vectors have (TS 33.102 Annex C)."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from imsreg.aka.sqn import DELTA, SLOTS, SqnArray, join, split
from imsreg.aka.usim import Accepted, MacFailure, SyncFailure, Usim
from imsreg.aka.vector import build_auts, open_autn
from imsreg.aka.xor import Xor
from imsreg.registration.attendant_auc import AttendantAuc
from imsreg.registration.core_messages import Av, CannotWrite
from imsreg.secret import Secret

START = join(1000, 7)


@pytest.fixture
def who(subscribers):
    return dataclasses.replace(subscribers["sub01"], sqn=START)


@pytest.fixture
def auc(who):
    return AttendantAuc(who, Random(1))


def sqn_of(who, vector):
    return open_autn(who.algorithm, vector.rand, vector.autn)


def test_right_vectors_count_up_in_one_slot(who, auc):
    assert [sqn_of(who, auc.vector(Av.RIGHT)) for _ in range(3)] == [join(1000 + n, 7) for n in (1, 2, 3)]
    assert auc.sqn == join(1003, 7)


@pytest.mark.parametrize("av", [Av.SQN_TOO_OLD, Av.SQN_TOO_FAR])
def test_an_sqn_that_is_to_be_refused_leaves_the_auc_where_it_is(who, auc, av):
    auc.vector(av)
    assert auc.sqn == START


def test_too_old_is_the_last_one_accepted_or_seq_zero(who, auc):
    assert sqn_of(who, auc.vector(Av.SQN_TOO_OLD)) == join(0, 7)
    auc.accepted(auc.vector(Av.RIGHT))
    auc.vector(Av.RIGHT)  # nobody has answered this one
    assert sqn_of(who, auc.vector(Av.SQN_TOO_OLD)) == join(1001, 7)
    auc.forget_usim()
    assert sqn_of(who, auc.vector(Av.SQN_TOO_OLD)) == join(0, 7)


def test_a_vector_with_a_wrong_mac_tells_nothing_of_the_usim(who, auc):
    auc.accepted(auc.vector(Av.WRONG_MAC))
    assert sqn_of(who, auc.vector(Av.SQN_TOO_OLD)) == join(0, 7)


@pytest.mark.parametrize("ahead", [0, DELTA - 1])
def test_too_far_is_refused_by_a_usim_that_is_itself_ahead(who, auc, ahead):
    vector = auc.vector(Av.SQN_TOO_FAR)
    seq, ind = split(sqn_of(who, vector))
    assert (seq, ind) == (1000 + 2 * DELTA, 7)
    usim = Usim(who.algorithm, who.res_length, SqnArray((1000 + ahead,) * SLOTS))
    assert isinstance(usim.authenticate(vector.rand, vector.autn), SyncFailure)


def test_what_a_usim_makes_of_each(who, auc):
    usim = Usim(who.algorithm, who.res_length, SqnArray())
    kinds = (
        (Av.RIGHT, Accepted),
        (Av.WRONG_MAC, MacFailure),
        (Av.SQN_TOO_OLD, SyncFailure),
        (Av.SQN_TOO_FAR, SyncFailure),
        (Av.RES_WITH_NUL, Accepted),
    )
    for av, kind in kinds:
        vector = auc.vector(av)
        outcome = usim.authenticate(vector.rand, vector.autn)
        assert isinstance(outcome, kind)
        if isinstance(outcome, Accepted):
            assert outcome.res == vector.xres
            auc.accepted(vector)


def test_auts_moves_the_auc_if_it_is_right(who, auc):
    rand = bytes(16)
    auts = build_auts(who.algorithm, rand, join(77, 3))
    assert not auc.resynchronise(bytes(15) + b"\1", auts)
    assert auc.sqn == START
    assert auc.resynchronise(rand, auts)
    assert sqn_of(who, auc.vector(Av.SQN_TOO_OLD)) == join(77, 3)
    assert sqn_of(who, auc.vector(Av.RIGHT)) == join(78, 7)


@pytest.mark.parametrize("octets", [4, 8])
def test_a_nul_between_others(who, octets):
    auc = AttendantAuc(dataclasses.replace(who, res_length=octets), Random(1))
    for _ in range(3):
        res = auc.vector(Av.RES_WITH_NUL).xres.reveal()
        assert len(res) == octets
        assert 0 in res[1:-1]


class NeverNul(Xor):
    """An algorithm whose RES has no octet 0x00."""

    def f2345(self, rand):
        out = super().f2345(rand)
        out.res = out.res.replace(b"\0", b"\1")
        return out


def test_an_end_is_made_of_the_search(who):
    never = dataclasses.replace(who, algorithm=NeverNul(Secret(bytes(16))))
    with pytest.raises(CannotWrite, match="no RES of 10000"):
        AttendantAuc(never, Random(1)).vector(Av.RES_WITH_NUL)
