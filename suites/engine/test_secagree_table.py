"""The P-CSCF's table of associations (TS 33.203 7.1 rules 3 and 4)."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.keys import expand
from imsreg.secagree.sets import LiveSet
from imsreg.secagree.table import Contact, SaTable
from imsreg.secagree.transforms import ALL_TRANSFORMS
from imsreg.secret import Secret

KEYS = expand(ALL_TRANSFORMS[0], Secret(bytes(16)), Secret(bytes(16)))
ALICE = Contact("alice@example.net", "192.0.2.1")
FREE = Endpoints(10, 11, 1111, 2222)


class Filled:
    """A table, and how to put sets into it."""

    def __init__(self) -> None:
        self.table = SaTable(await_auth=60.0)
        self.random = Random(1)

    def challenged(self, contact: Contact, now: float = 0.0, on: LiveSet | None = None) -> LiveSet:
        ue = Endpoints.draw(self.random, avoid=self.table.spis)
        own = Endpoints.draw(self.random, avoid=(*self.table.spis, *ue.spis))
        sas = SaSet(contact.host, "192.0.2.99", ue, own, KEYS)
        return self.table.sets(contact).challenged(sas, now, began_on=on)

    def established(self, contact: Contact, now: float = 0.0, on: LiveSet | None = None) -> LiveSet:
        live = self.challenged(contact, now, on)
        self.table.sets(contact).succeeded(600, now)
        return live


@pytest.fixture
def filled() -> Filled:
    return Filled()


def test_a_message_has_the_user_of_its_association(filled: Filled) -> None:
    bob = Contact("bob@example.net", "192.0.2.2")
    of_alice, of_bob = filled.established(ALICE), filled.established(bob)
    for contact, live in ((ALICE, of_alice), (bob, of_bob)):
        for association in live.sas.inbound(Side.P_CSCF):
            assert filled.table.receiving(association.spi) == (contact, live)
    assert filled.table.receiving(of_alice.sas.ue.spi_c) is None, "outbound"
    assert filled.table.spis == {*of_alice.sas.spis, *of_bob.sas.spis}


def test_a_client_port_is_used_once_at_an_address(filled: Filled) -> None:
    live = filled.established(ALICE)
    again = Endpoints(10, 11, live.sas.ue.port_c, 2222)
    assert filled.table.refusal(ALICE, again) == "the UE has an association at this client port already"
    assert filled.table.refusal(Contact("bob@example.net", ALICE.host), again) is not None
    assert filled.table.refusal(Contact(ALICE.impi, "192.0.2.2"), again) is None
    assert filled.table.refusal(ALICE, FREE) is None


def test_an_open_challenge_of_the_same_contact_gives_way(filled: Filled) -> None:
    live = filled.challenged(ALICE)
    again = Endpoints(10, 11, live.sas.ue.port_c, 2222)
    assert filled.table.refusal(ALICE, again) is None
    assert filled.table.refusal(Contact("bob@example.net", ALICE.host), again) is not None


def test_a_private_identity_has_six_associations_in_a_direction(filled: Filled) -> None:
    first = filled.established(ALICE)
    filled.established(ALICE, on=first)
    filled.challenged(ALICE, on=first)
    assert filled.table.refusal(ALICE, FREE) is None, "the third set would be replaced"
    other_address = Contact(ALICE.impi, "192.0.2.2")
    assert filled.table.refusal(other_address, FREE) == (
        "the private identity has 6 associations in each direction already"
    )
    assert filled.table.refusal(Contact("bob@example.net", "192.0.2.2"), FREE) is None


def test_what_is_over_is_forgotten_once_it_is_taken_out(filled: Filled) -> None:
    table = filled.table
    assert table.next_deadline() is None
    live = filled.challenged(ALICE)
    later = filled.challenged(Contact("bob@example.net", "192.0.2.2"), now=10.0)
    assert table.next_deadline() == 60.0
    table.on_time(60.0)
    assert table.next_deadline() == 70.0
    sets = table.sets(ALICE)
    assert [*sets.deleted] == [live.sas]
    sets.deleted.clear()
    table.on_time(61.0)
    assert table.sets(ALICE) is not sets
    assert table.spis == {*later.sas.spis}
