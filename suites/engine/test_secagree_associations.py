"""The four associations and which message travels on which (TS 33.203 7.1, 7.4, Annex H)."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from imsreg.secagree.associations import Association, Name, SaSet, Selector, Side
from imsreg.secagree.carriage import PERMITTED, Carriage, Step
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.ip import IpPacket
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import ALL_TRANSFORMS
from imsreg.secret import Secret
from imsreg.sip.flow import Address

UE = Endpoints(spi_c=1000, spi_s=1001, port_c=20000, port_s=20001)
P_CSCF = Endpoints(spi_c=2000, spi_s=2001, port_c=6000, port_s=6001)
KEYS = expand(ALL_TRANSFORMS[0], Secret(bytes(16)), Secret(bytes(16)))
SET = SaSet("192.0.2.1", "192.0.2.9", UE, P_CSCF, KEYS)


def test_the_four_associations() -> None:
    ue_c, ue_s = Address("192.0.2.1", 20000), Address("192.0.2.1", 20001)
    p_c, p_s = Address("192.0.2.9", 6000), Address("192.0.2.9", 6001)
    assert SET.associations == (
        Association(Name.UL1, 2001, ue_c, p_s),
        Association(Name.DL1, 1000, p_s, ue_c),
        Association(Name.DL2, 1001, p_c, ue_s),
        Association(Name.UL2, 2000, ue_s, p_c),
    )
    assert {each.spi for each in SET.associations} == {*SET.spis}
    assert str(SET.named(Name.DL2)) == "DL2 192.0.2.9:6000 -> 192.0.2.1:20001, SPI 1001"


def test_what_goes_out_at_one_side_comes_in_at_the_other() -> None:
    assert SET.outbound(Side.UE) == SET.inbound(Side.P_CSCF) == (SET.named(Name.UL1), SET.named(Name.UL2))
    assert SET.outbound(Side.P_CSCF) == SET.inbound(Side.UE) == (SET.named(Name.DL1), SET.named(Name.DL2))
    assert {each.spi for each in SET.inbound(Side.UE)} == {*UE.spis}


@pytest.mark.parametrize(
    ("sender", "transport", "response", "name"),
    [
        (Side.UE, "UDP", False, Name.UL1),
        (Side.UE, "UDP", True, Name.UL1),
        (Side.UE, "TCP", False, Name.UL1),
        (Side.UE, "TCP", True, Name.UL2),
        (Side.P_CSCF, "UDP", False, Name.DL2),
        (Side.P_CSCF, "UDP", True, Name.DL2),
        (Side.P_CSCF, "TCP", False, Name.DL2),
        (Side.P_CSCF, "TCP", True, Name.DL1),
    ],
)
def test_the_association_of_a_message(sender: Side, transport: str, response: bool, name: Name) -> None:
    carrier = SET.carrier(sender, transport, response=response)
    assert carrier.name is name
    assert carrier in SET.outbound(sender)


@pytest.mark.parametrize(("ue", "p_cscf"), [("192.0.2.1", "192.0.2.9"), ("2001:DB8::1", "[2001:db8::9]")])
@pytest.mark.parametrize("protocol", [6, 17])
def test_a_selector_is_that_of_its_packets(ue: str, p_cscf: str, protocol: int) -> None:
    association = SaSet(ue, p_cscf, UE, P_CSCF, KEYS).named(Name.UL1)
    source, destination = (ip_address(host.strip("[]")).packed for host in (ue, p_cscf))
    assert association.selector == Selector(source, destination, 20000, 6001)
    ports = (20000).to_bytes(2, "big") + (6001).to_bytes(2, "big")
    assert Selector.of(IpPacket(b"", source, destination, protocol, ports)) == association.selector


@pytest.mark.parametrize(("protocol", "payload"), [(17, bytes(3)), (1, bytes(8)), (50, bytes(8))])
def test_other_packets_have_no_selector(protocol: int, payload: bytes) -> None:
    assert Selector.of(IpPacket(b"", bytes(4), bytes(4), protocol, payload)) is None


def test_keys_do_not_show_in_a_set() -> None:
    assert repr(SET).count("<secret>") == 3


def test_every_step_has_a_row_with_and_without_protection() -> None:
    assert {*PERMITTED} == {(step, protected) for step in Step for protected in (False, True)}


def test_what_an_answer_and_its_200_travel_on() -> None:
    for protected in (False, True):
        for step in (Step.ANSWER, Step.ACCEPTED):
            assert PERMITTED[step, protected] == {Carriage.TEMPORARY}


def test_the_clear_is_for_an_unprotected_beginning_alone() -> None:
    clear = {row for row, where in PERMITTED.items() if Carriage.CLEAR in where}
    assert clear == {(Step.REGISTER, False), (Step.CHALLENGE, False), (Step.NETWORK_REFUSED, False)}


def test_a_user_failure_comes_on_the_new_set_only_without_an_old_one() -> None:
    assert PERMITTED[Step.USER_REFUSED, False] == {Carriage.TEMPORARY}
    assert Carriage.TEMPORARY not in PERMITTED[Step.USER_REFUSED, True]


def test_nothing_else_travels_before_a_first_registration_is_accepted() -> None:
    assert not PERMITTED[Step.OTHER_BEFORE, False]
