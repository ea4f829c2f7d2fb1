"""SEQ by a counter, by a clock in part, by a clock alone; IND by three rules (TS 33.102 C.1)."""

from random import Random

import pytest

from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.milenage import Milenage
from imsreg.aka.sqn import DELTA, SLOTS, SqnArray, join, split
from imsreg.aka.sqn_generation import Counter, CycleInd, IndPerRequester, KeepInd, PartlyTimeBased, TimeBased
from imsreg.aka.usim import Accepted, SyncFailure, Usim
from imsreg.secret import Secret

TOP = (1 << 43) - 1


class Clock:
    """Seconds that a test sets."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def _small(now: float) -> PartlyTimeBased:
    """SEQ2 of 8 bits, D = 16, a unit of one second."""
    return PartlyTimeBased(Clock(now), seq2_bits=8, burst=16, unit=1)


@pytest.mark.parametrize(("seq", "after"), [(0, 1), (138, 139), (TOP, 0)])
def test_a_counter_counts(seq, after):
    counter = Counter()
    counter.resynchronised(seq)
    assert counter.after(seq) == after


# C.1.1.1 step 5 with p = 256, D = 16, SEQ1 = 3: GLC, SEQ2 of the last number, then SEQ1 and SEQ2 of the next.
STEPS = [
    (11, 10, 3, 11, "the clock is ahead: follow it"),
    (250, 10, 3, 250, "the clock is far ahead: follow it"),
    (250, 9, 3, 10, "so far ahead that a burst over the round's end explains it: count on"),
    (249, 9, 3, 249, "one unit less is a clock ahead"),
    (10, 10, 3, 11, "the clock stands: count on"),
    (10, 25, 3, 26, "a burst of D ahead of the clock: count on"),
    (10, 26, 4, 10, "further ahead: the clock came round, so SEQ1 counts"),
    (0, 255, 4, 0, "at the end of the round: SEQ1 counts"),
    (255, 255, 4, 0, "the clock stands at the end of the round: counting on carries over"),
    (250, 0, 3, 1, "a burst went over the end of the round: count on"),
]


@pytest.mark.parametrize(("glc", "seq2", "next_1", "next_2", "why"), STEPS)
def test_the_clock_gives_the_low_bits(glc, seq2, next_1, next_2, why):
    assert _small(float(glc)).after(3 << 8 | seq2) == next_1 << 8 | next_2, why


def test_a_clock_in_part_never_goes_back_within_a_burst():
    random = Random(33102)
    clock, seq = Clock(), 0
    scheme = PartlyTimeBased(clock, seq2_bits=8, burst=16, unit=1)
    scheme.resynchronised(0)
    for _ in range(5000):
        clock.now += random.choice((0, 0, 1, 2, 100))
        following = scheme.after(seq)
        assert following > seq
        assert following - seq <= 256, "one round at most"
        seq = following


def test_a_clock_in_part_ends_where_seq_ends():
    assert _small(5.0).after(TOP) == 5
    assert _small(255.0).after(TOP) == 0


@pytest.mark.parametrize(
    "options",
    [
        *({"seq2_bits": bits} for bits in (-1, 0, 43, 44)),
        *({"burst": burst} for burst in (-1, 0, 1 << 24, 1 << 25)),
        *({"unit": unit} for unit in (0, -1)),
    ],
)
def test_a_clock_that_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match="SEQ2 is a part of SEQ"):
        PartlyTimeBased(Clock(), **options)


@pytest.mark.parametrize("options", [{"seq2_bits": 1, "burst": 1}, {"seq2_bits": 42}, {"burst": (1 << 24) - 1}])
def test_a_clock_may_be_any_part_of_seq(options):
    assert PartlyTimeBased(clock=Clock(0.05), **options).after(0) == 1


@pytest.mark.parametrize(("seq2", "after"), [((1 << 16) - 1, 1 << 16), (1 << 16, 1 << 24)])
def test_the_usual_clock_has_24_bits_and_bursts_of_65536(seq2, after):
    assert PartlyTimeBased(Clock()).after(seq2) == after


@pytest.mark.parametrize(("now", "unit", "glc"), [(1.0, 0.1, 10), (10.9, 0.5, 21), (3.0, 2, 1)])
def test_a_clock_counts_whole_units(now, unit, glc):
    assert PartlyTimeBased(Clock(now), unit=unit).after(0) == glc
    assert TimeBased(clock=Clock(now), unit=unit).after(0) == glc


def test_a_clock_alone_gives_seq_and_counts_while_it_stands():
    clock = Clock(100.0)
    scheme = TimeBased(clock)
    assert scheme.after(0) == 1000
    assert scheme.after(1000) == 1001
    assert scheme.after(1001) == 1002
    clock.now = 100.1001
    assert scheme.after(1002) == 1003, "the clock is still behind"
    clock.now = 101.0
    assert scheme.after(1003) == 1010
    for unit in (0, -1):
        with pytest.raises(ValueError, match="above zero"):
            TimeBased(clock, unit=unit)


def test_an_offset_takes_the_users_time_to_his_usim():
    clock = Clock(100.0)
    scheme = TimeBased(clock)
    scheme.resynchronised(5_000_000)
    assert scheme.after(5_000_000) == 5_000_001
    clock.now = 110.0
    assert scheme.after(5_000_001) == 5_000_100
    scheme.resynchronised(7)
    assert scheme.after(7) == 8, "a USIM that lies behind the clock takes the clock back too"


def test_a_centre_takes_the_users_time_from_auts(milenage):
    """C.1.1.3: the offset is made of SEQ; IND is no part of it."""
    clock = Clock(10.0)
    centre = AuthenticationCentre(algorithm=milenage, sqn=0, amf=bytes(2), res_length=8, seq=TimeBased(clock))
    usim = Usim(milenage, 8, SqnArray((0, 0, 0, 9_000) + (0,) * 28))
    outcome = usim.out_of_step(bytes(16))
    assert centre.resynchronise(bytes(16), outcome.auts)
    assert centre.sqn == join(9_000, 3)
    clock.now = 25.0
    centre.vector(bytes(16))
    assert split(centre.sqn)[0] == 9_150


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (KeepInd, [9, 9, 9, 9, 9]),
        (CycleInd, [10, 11, 12, 13, 14]),
        (IndPerRequester, [0, 1, 0, 2, 1]),
    ],
)
def test_ind_follows_its_rule(rule, expected):
    scheme, ind, seen = rule(), 9, []
    for requester in ("s-cscf", "mme", "s-cscf", "sgsn", "mme"):
        ind = scheme.after(ind, requester)
        seen.append(ind)
    assert seen == expected


def test_ind_stays_within_its_five_bits():
    assert CycleInd().after(SLOTS - 1, "") == 0
    rule = IndPerRequester()
    assert [rule.after(0, f"node {n}") for n in range(SLOTS + 2)] == [*range(SLOTS), 0, 1]


SCHEMES = [Counter, lambda: PartlyTimeBased(Clock(1.7e9)), lambda: TimeBased(Clock(1.7e6))]


@pytest.fixture
def milenage():
    random = Random(33102)
    return Milenage(Secret(random.randbytes(16)), Secret(random.randbytes(16)))


@pytest.mark.parametrize("scheme", SCHEMES, ids=["counter", "partly", "time"])
@pytest.mark.parametrize("rule", [KeepInd, CycleInd, IndPerRequester])
@pytest.mark.parametrize("at", [0, 1, 12345, 1 << 30, TOP - DELTA])
def test_every_scheme_comes_together_with_a_usim_after_one_auts(milenage, scheme, rule, at):
    random = Random(at)
    usim = Usim(milenage, 8, SqnArray((at,) + (0,) * (SLOTS - 1)))
    centre = AuthenticationCentre(milenage, sqn=0, amf=bytes(2), res_length=8, seq=scheme(), ind=rule())
    failures = 0
    for _ in range(40):
        vector = centre.vector(random.randbytes(16), random.choice(("mme", "s-cscf")))
        outcome = usim.authenticate(vector.rand, vector.autn)
        if isinstance(outcome, SyncFailure):
            failures += 1
            assert centre.resynchronise(vector.rand, outcome.auts)
            vector = centre.vector(random.randbytes(16), "mme")
            outcome = usim.authenticate(vector.rand, vector.autn)
        assert isinstance(outcome, Accepted)
    assert failures <= 1


def test_vectors_of_a_cycle_may_be_used_in_any_order_and_those_of_one_ind_may_not(milenage):
    random = Random(1)
    for rule, all_accepted in ((CycleInd, True), (KeepInd, False)):
        centre = AuthenticationCentre(milenage, sqn=join(5, 3), amf=bytes(2), res_length=8, ind=rule())
        vectors = [centre.vector(random.randbytes(16)) for _ in range(SLOTS)]
        assert split(centre.sqn) == (5 + SLOTS, 3)
        usim = Usim(milenage, 8, SqnArray())
        outcomes = [usim.authenticate(v.rand, v.autn) for v in reversed(vectors)]
        assert all(isinstance(outcome, Accepted) for outcome in outcomes) is all_accepted
        assert isinstance(outcomes[0], Accepted)


def test_one_node_does_not_outdate_the_vectors_of_another(milenage):
    random = Random(2)
    centre = AuthenticationCentre(milenage, sqn=0, amf=bytes(2), res_length=8, ind=IndPerRequester())
    kept = centre.vector(random.randbytes(16), "s-cscf")
    usim = Usim(milenage, 8, SqnArray())
    for _ in range(5):
        other = centre.vector(random.randbytes(16), "mme")
        assert isinstance(usim.authenticate(other.rand, other.autn), Accepted)
    assert isinstance(usim.authenticate(kept.rand, kept.autn), Accepted)
    too_old = Usim(milenage, 8, SqnArray(usim.sqn.sequences, age_limit=4))
    stale = centre.vector(random.randbytes(16), "s-cscf")
    for _ in range(4):
        other = centre.vector(random.randbytes(16), "mme")
        assert isinstance(too_old.authenticate(other.rand, other.autn), Accepted)
    assert isinstance(too_old.authenticate(stale.rand, stale.autn), SyncFailure)
