"""USIM and AuC against each other: MAC before SQN, resynchronisation, RES length."""

import json
from dataclasses import FrozenInstanceError
from random import Random

import pytest

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.milenage import Milenage
from imsreg.aka.sqn import DELTA, SqnArray, join, split
from imsreg.aka.usim import Accepted, MacFailure, SyncFailure, Usim
from imsreg.aka.vector import generate, open_auts
from imsreg.paths import data
from imsreg.secret import Secret

AMF = bytes.fromhex("8000")
TOP = (1 << 48) - 1


@pytest.fixture
def random():
    return Random(35206)


@pytest.fixture
def milenage(random):
    return Milenage(Secret(random.randbytes(16)), Secret(random.randbytes(16)))


def _centre(milenage, sqn=0, res_length=8):
    return AuthenticationCentre(milenage, sqn=sqn, amf=AMF, res_length=res_length)


@pytest.mark.parametrize("length", [4, 6, 8])
def test_both_ends_agree(milenage, random, length):
    centre, usim = _centre(milenage, res_length=length), Usim(milenage, length, SqnArray())
    for _ in range(100):
        vector = centre.vector(random.randbytes(16))
        assert usim.authenticate(vector.rand, vector.autn) == Accepted(vector.xres, vector.ck, vector.ik)
        assert len(vector.xres) == length
    assert centre.sqn == usim.sqn.highest == join(100, 0)


def test_the_centre_keeps_the_ind_of_its_start_value(milenage):
    centre = _centre(milenage, sqn=0x1149)
    centre.vector(bytes(16))
    assert centre.sqn == 0x1169


def test_a_replayed_challenge_is_a_sync_failure_with_the_highest_sqn(milenage, random):
    centre, usim = _centre(milenage), Usim(milenage, 8, SqnArray())
    first = centre.vector(random.randbytes(16))
    second = centre.vector(random.randbytes(16))
    assert isinstance(usim.authenticate(first.rand, first.autn), Accepted)
    assert isinstance(usim.authenticate(second.rand, second.autn), Accepted)
    outcome = usim.authenticate(first.rand, first.autn)
    assert isinstance(outcome, SyncFailure)
    assert open_auts(milenage, first.rand, outcome.auts) == join(2, 0)


@pytest.mark.parametrize("octet", range(16))
def test_autn_with_any_octet_changed_is_a_mac_failure(milenage, octet):
    vector = _centre(milenage).vector(bytes(16))
    autn = bytearray(vector.autn)
    autn[octet] ^= 0x01
    array = SqnArray()
    assert Usim(milenage, 8, array).authenticate(vector.rand, bytes(autn)) == MacFailure()
    assert array.highest == 0


def test_mac_is_checked_before_sqn(milenage, random):
    """With both wrong there is no AUTS, and a forged SQN never moves the array."""
    for _ in range(200):
        array = SqnArray()
        usim = Usim(milenage, 8, array)
        stale = generate(milenage, random.randbytes(16), random.choice((0, 7, TOP)), AMF, 8)
        assert isinstance(usim.authenticate(stale.rand, stale.autn), SyncFailure)
        forged = stale.autn[:8] + bytes(o ^ random.randrange(1, 256) for o in stale.autn[8:])
        assert usim.authenticate(stale.rand, forged) == MacFailure()
        assert array.sequences == SqnArray().sequences


def test_resynchronisation_brings_both_together_from_anywhere(milenage, random):
    for _ in range(200):
        sequences = [random.randrange((1 << 43) - 1) if random.random() < 0.5 else 0 for _ in range(32)]
        usim = Usim(milenage, 8, SqnArray(sequences))
        start = random.choice((0, random.getrandbits(48), usim.sqn.highest))
        centre = _centre(milenage, sqn=start)
        vector = centre.vector(random.randbytes(16))
        outcome = usim.authenticate(vector.rand, vector.autn)
        if isinstance(outcome, SyncFailure):
            assert centre.resynchronise(vector.rand, outcome.auts)
            assert centre.sqn == usim.sqn.highest
            vector = centre.vector(random.randbytes(16))
            outcome = usim.authenticate(vector.rand, vector.autn)
        assert isinstance(outcome, Accepted)


def test_a_wrong_auts_changes_nothing(milenage, random):
    centre = _centre(milenage, sqn=join(5, 1))
    assert not centre.resynchronise(random.randbytes(16), random.randbytes(14))
    assert not centre.resynchronise(random.randbytes(16), b"")
    assert centre.sqn == join(5, 1)


def test_an_auts_at_the_top_of_the_range_stops_nobody(milenage):
    usim = Usim(milenage, 8, SqnArray(((1 << 43) - 1,) + (0,) * 31))
    centre = _centre(milenage)
    vector = centre.vector(bytes(16))
    outcome = usim.authenticate(vector.rand, generate(milenage, bytes(16), 0, AMF, 8).autn)
    assert isinstance(outcome, SyncFailure)
    assert centre.resynchronise(bytes(16), outcome.auts)
    centre.vector(bytes(16))
    assert centre.sqn == 0


def test_a_jump_beyond_delta_is_a_sync_failure(milenage):
    usim = Usim(milenage, 8, SqnArray())
    near, far = join(DELTA, 0), join(DELTA + 1, 0)
    assert isinstance(usim.authenticate(bytes(16), generate(milenage, bytes(16), far, AMF, 8).autn), SyncFailure)
    assert isinstance(usim.authenticate(bytes(16), generate(milenage, bytes(16), near, AMF, 8).autn), Accepted)


@pytest.mark.parametrize("row", json.loads(data("vectors", "milenage.json").read_bytes())["sets"][:4])
def test_the_published_sets_pass_a_usim_that_stands_just_before(row):
    milenage = Milenage(Secret(bytes.fromhex(row["k"])), Secret(bytes.fromhex(row["opc"])))
    sqn, rand = int(row["sqn"], 16), bytes.fromhex(row["rand"])
    seq, ind = split(sqn)
    usim = Usim(milenage, 8, SqnArray(tuple(seq - 1 if slot == ind else 0 for slot in range(32))))
    outcome = usim.authenticate(rand, generate(milenage, rand, sqn, bytes.fromhex(row["amf"]), 8).autn)
    assert isinstance(outcome, Accepted)
    assert outcome.res.reveal().hex() == row["f2"]


def test_a_res_that_the_algorithm_does_not_give_is_refused_at_once(milenage):
    with pytest.raises(ValueError, match="16 are not possible"):
        Usim(milenage, 16, SqnArray())
    with pytest.raises(ValueError, match=r"outside 4\.\.16"):
        _centre(milenage, res_length=2)


def test_outcomes_show_no_keys(milenage):
    vector = _centre(milenage).vector(bytes(16))
    outcome = Usim(milenage, 8, SqnArray()).authenticate(vector.rand, vector.autn)
    assert repr(outcome) == "Accepted(res=<secret>, ck=<secret>, ik=<secret>)"


@pytest.mark.parametrize(
    ("outcome", "name"),
    [(Accepted(*[Secret(b"")] * 3), "res"), (SyncFailure(bytes(14)), "auts")],
)
def test_outcomes_stay_as_they_were_made(outcome, name):
    with pytest.raises(FrozenInstanceError):
        setattr(outcome, name, b"")


def test_a_usim_answers_whatever_autn_says_if_it_is_told_so(milenage, random):
    rand, array = random.randbytes(16), SqnArray((7,) + (0,) * 31)
    usim, out = Usim(milenage, 4, array), milenage.f2345(rand)
    assert usim.accepted(rand) == Accepted(Secret(out.res[:4]), Secret(out.ck), Secret(out.ik))
    assert open_auts(milenage, rand, usim.out_of_step(rand).auts) == join(7, 0)
    assert array.highest == join(7, 0)
