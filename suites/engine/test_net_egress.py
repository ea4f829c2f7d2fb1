"""The egress gate."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from imsreg.errors import EgressDenied
from imsreg.net.egress import EgressGate
from imsreg.sip.flow import Address

LAB = EgressGate([ip_network("10.1.0.0/16"), ip_network("fd00::/8"), ip_network("fe80::/10")])
EVERYTHING = EgressGate([ip_network("0.0.0.0/0"), ip_network("::/0")])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_allowed_by_default(host: str) -> None:
    EgressGate().check(Address(host, 5060))


@pytest.mark.parametrize("host", ["10.1.2.3", "fd00::1", "fe80::1%eth0", "::ffff:10.1.2.3"])
def test_a_listed_network_is_allowed(host: str) -> None:
    LAB.check(Address(host, 5060))


@pytest.mark.parametrize("host", ["10.2.0.1", "127.0.0.1", "::1", "2001:db8::1", "::ffff:10.2.0.1"])
def test_everything_else_is_denied_in_one_line_that_says_what_to_do(host: str) -> None:
    with pytest.raises(EgressDenied) as caught:
        LAB.check(Address(host, 5060))
    line = str(caught.value)
    assert line.startswith(str(Address(host, 5060)))
    assert "10.1.0.0/16, fd00::/8" in line
    assert line.endswith("name it under allow: in the profile")


def test_an_empty_list_allows_nothing() -> None:
    with pytest.raises(EgressDenied, match="not allowed"):
        EgressGate([]).check(Address("127.0.0.1", 5060))


@pytest.mark.parametrize("host", ["224.0.1.75", "ff02::1", "255.255.255.255", "0.0.0.0", "::", "::ffff:224.0.0.1"])
def test_no_list_allows_group_and_unspecified_addresses(host: str) -> None:
    with pytest.raises(EgressDenied, match="never used"):
        EVERYTHING.check(Address(host, 5060))
    with pytest.raises(EgressDenied, match="never used"):
        EVERYTHING.check_unicast(Address(host, 5060))


def test_the_broadcast_address_of_a_listed_network_is_denied() -> None:
    with pytest.raises(EgressDenied, match="broadcast"):
        LAB.check(Address("10.1.255.255", 5060))
    EgressGate([ip_network("10.1.255.255/32")]).check(Address("10.1.255.255", 5060))


def test_an_address_of_our_own_need_not_be_listed() -> None:
    LAB.check_unicast(Address("192.0.2.2", 5060))


def test_the_rate_is_capped_and_recovers() -> None:
    gate, dut = EgressGate(rate=10.0), Address("127.0.0.1", 5060)
    for _ in range(10):
        gate.admit(dut, 100.0)
    with pytest.raises(EgressDenied, match="cap of 10 packets/s"):
        gate.admit(dut, 100.05)
    gate.admit(dut, 100.2)
    for _ in range(10):
        gate.admit(dut, 500.0)
    with pytest.raises(EgressDenied, match="cap"):
        gate.admit(dut, 500.0)


def test_a_denied_address_takes_nothing_from_the_rate() -> None:
    gate = EgressGate(rate=1.0)
    with pytest.raises(EgressDenied, match="not allowed"):
        gate.admit(Address("192.0.2.1", 5060), 0.0)
    gate.admit(Address("127.0.0.1", 5060), 0.0)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_is_above_zero(rate: float) -> None:
    with pytest.raises(ValueError, match="rate above 0"):
        EgressGate(rate=rate)
