"""The life of the sets of one contact at both sides (TS 33.203 7.4.1a, 7.4.2a, 7.5; TS 24.229 5.1.1.5.1)."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.keys import expand
from imsreg.secagree.phases import TABLE, Event, Phase
from imsreg.secagree.sets import LiveSet, SaSets
from imsreg.secagree.transforms import ALL_TRANSFORMS
from imsreg.secret import Secret

KEYS = expand(ALL_TRANSFORMS[0], Secret(bytes(16)), Secret(bytes(16)))
BOTH = pytest.mark.parametrize("side", Side)


class Maker:
    """Sets of one contact, one after the other."""

    def __init__(self) -> None:
        random = Random(3)
        self.random = random
        self.ue, self.p_cscf = Endpoints(1000, 1001, 20000, 20001), Endpoints(2000, 2001, 6000, 6001)

    def next(self) -> SaSet:
        made = SaSet("192.0.2.1", "192.0.2.9", self.ue, self.p_cscf, KEYS)
        self.ue = self.ue.renewed(self.random, avoid=self.p_cscf.spis)
        self.p_cscf = self.p_cscf.renewed(self.random, avoid=self.ue.spis)
        return made


@pytest.fixture
def maker() -> Maker:
    return Maker()


def established(sets: SaSets, maker: Maker, now: float = 0.0, *, on: LiveSet | None = None) -> LiveSet:
    """Challenged and accepted at once, for an hour."""
    new = sets.challenged(maker.next(), now, began_on=on)
    assert sets.succeeded(3600, now)
    return new


def phases(sets: SaSets) -> list[Phase]:
    return [each.phase for each in sets.live]


def inbound_spi(live: LiveSet, side: Side) -> int:
    return live.sas.inbound(side)[0].spi


def test_nothing_comes_back_from_deletion_and_every_set_can_die() -> None:
    assert not any(phase is Phase.DELETED for phase, _ in TABLE)
    for phase in Phase:
        if phase is not Phase.DELETED:
            assert TABLE[phase, Event.EXPIRED] is TABLE[phase, Event.ABANDONED] is Phase.DELETED


@BOTH
def test_a_first_registration(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = sets.challenged(maker.next(), 100.0)
    assert phases(sets) == [Phase.TEMPORARY]
    assert first.expires_at == sets.next_deadline() == 340.0
    assert sets.outgoing(100.0) is None, "nothing else may be sent before the 200"
    assert sets.succeeded(3600, 101.0)
    assert sets.outgoing(101.0) is first
    assert (first.phase, first.expires_at) == (Phase.ESTABLISHED, 3731.0)
    assert sets.spis == {*first.sas.spis}


@BOTH
def test_a_temporary_set_dies_of_its_lifetime(side: Side, maker: Maker) -> None:
    sets = SaSets(side, await_auth=10.0)
    live = sets.challenged(maker.next(), 0.0)
    sets.on_time(9.9)
    assert sets.live == (live,)
    sets.on_time(10.0)
    assert not sets.live
    assert [*sets.deleted] == [live.sas]
    assert not sets.succeeded(3600, 10.1), "a 200 that comes too late establishes nothing"
    assert sets.next_deadline() is None


@BOTH
@pytest.mark.parametrize("end", ["failed", "begun"])
def test_a_temporary_set_ends_without_the_others(side: Side, end: str, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    temporary = sets.challenged(maker.next(), 1.0, began_on=first)
    getattr(sets, end)()
    assert sets.live == (first,)
    assert [*sets.deleted] == [temporary.sas]


@BOTH
def test_another_challenge_takes_the_place_of_the_first(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first, second = (sets.challenged(maker.next(), now) for now in (0.0, 1.0))
    assert sets.live == (second,)
    assert [*sets.deleted] == [first.sas]


@BOTH
def test_a_deregistration_ends_an_open_challenge_too(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    sets.challenged(maker.next(), 1.0, began_on=first)
    sets.released()
    assert not sets.live
    assert len(sets.deleted) == 2


@BOTH
def test_a_re_authentication_keeps_the_set_that_it_began_on(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    second = sets.challenged(maker.next(), 1000.0, began_on=first)
    assert sets.outgoing(1000.0) is first, "other traffic stays on the old set"
    assert sets.succeeded(60, 1001.0)
    assert phases(sets) == [Phase.OLD, Phase.ESTABLISHED]
    assert second.expires_at == first.expires_at == 3630.0, "lifetimes never shrink"
    assert sets.outgoing(1001.0) is (second if side is Side.UE else first)
    assert sets.received(inbound_spi(second, side)) is second
    assert phases(sets) == [Phase.ESTABLISHED]
    assert [*sets.deleted] == [first.sas]
    assert sets.outgoing(1002.0) is second


@BOTH
def test_the_two_hundred_is_no_further_message(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    second = sets.challenged(maker.next(), 1.0, began_on=first)
    assert sets.received(inbound_spi(second, side)) is second
    sets.succeeded(3600, 1.0)
    assert phases(sets) == [Phase.OLD, Phase.ESTABLISHED]
    assert sets.received(inbound_spi(first, side)) is first
    assert phases(sets) == [Phase.OLD, Phase.ESTABLISHED], "a message on the old set confirms nothing"


@BOTH
def test_pending_transactions_finish_on_the_old_set(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    sets.opened(first)
    sets.opened(first)
    second = established(sets, maker, 1.0, on=first)
    sets.received(inbound_spi(second, side))
    assert phases(sets) == [Phase.RETIRING, Phase.ESTABLISHED]
    assert sets.outgoing(1.0) is second
    assert sets.receiving(inbound_spi(first, side)) is first
    sets.closed(first)
    assert first in sets.live
    sets.closed(first)
    assert sets.live == (second,)


@BOTH
def test_a_pending_transaction_outlives_no_lifetime(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    sets.opened(first)
    second = established(sets, maker, 1000.0, on=first)
    sets.received(inbound_spi(second, side))
    sets.on_time(3630.0)
    assert sets.live == (second,)


@BOTH
def test_of_three_the_one_that_the_registration_began_on_is_kept(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    second = established(sets, maker, 1.0, on=first)
    third = established(sets, maker, 2.0, on=first)
    assert sets.live == (first, third), "the UE never saw the 200 that established the second"
    assert [*sets.deleted] == [second.sas]
    assert phases(sets) == [Phase.OLD, Phase.ESTABLISHED]


def test_a_registration_in_the_clear_ends_all_others_at_the_p_cscf(maker: Maker) -> None:
    sets = SaSets(Side.P_CSCF)
    first = established(sets, maker)
    second = established(sets, maker, 1.0, on=first)
    new = sets.challenged(maker.next(), 2.0)
    assert sets.live == (first, second, new), "not before the 200"
    sets.succeeded(3600, 3.0)
    assert sets.live == (new,)


def test_a_registration_in_the_clear_leaves_a_ue_its_established_set(maker: Maker) -> None:
    sets = SaSets(Side.UE)
    first = established(sets, maker)
    second = established(sets, maker, 1.0, on=first)
    new = established(sets, maker, 2.0)
    assert sets.live == (second, new)
    assert phases(sets) == [Phase.OLD, Phase.ESTABLISHED]


def test_a_p_cscf_leaves_an_old_set_in_its_last_seconds(maker: Maker) -> None:
    sets = SaSets(Side.P_CSCF, margin=30.0)
    first = established(sets, maker)
    second = established(sets, maker, 1000.0, on=first)
    assert sets.outgoing(3599.9) is first
    assert sets.outgoing(3600.0) is second


@BOTH
def test_a_refresh_lengthens_and_never_shortens(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    sets.refreshed(3600, 0.0)
    live = established(sets, maker)
    sets.refreshed(60, 100.0)
    assert live.expires_at == 3630.0
    sets.refreshed(3600, 100.0)
    assert live.expires_at == 3730.0


@BOTH
def test_a_deregistration_waits_for_its_own_transaction(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    second = established(sets, maker, 1.0, on=first)
    sets.opened(second)
    sets.released()
    assert sets.live == (second,)
    assert sets.outgoing(2.0) is None
    assert sets.receiving(inbound_spi(second, side)) is second, "a repeated REGISTER still gets its 200"
    sets.closed(second)
    assert not sets.live
    assert [*sets.deleted] == [first.sas, second.sas]


@BOTH
def test_another_address_ends_everything_at_once(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    first = established(sets, maker)
    sets.opened(first)
    established(sets, maker, 1.0, on=first)
    sets.challenged(maker.next(), 2.0)
    sets.abandoned()
    assert not sets.live
    assert len(sets.deleted) == 3


@BOTH
def test_spis_in_use_are_refused(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    live = established(sets, maker)
    with pytest.raises(ValueError, match="in use"):
        sets.challenged(live.sas, 1.0)
    assert sets.live == (live,)


@BOTH
def test_only_inbound_spis_are_received_on(side: Side, maker: Maker) -> None:
    sets = SaSets(side)
    live = established(sets, maker)
    assert all(sets.receiving(each.spi) is live for each in live.sas.inbound(side))
    assert all(sets.received(each.spi) is None for each in live.sas.outbound(side))
    assert sets.receiving(4711) is None
