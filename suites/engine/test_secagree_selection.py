"""What a UE takes of Security-Server and a P-CSCF of Security-Client, and why not (TS 33.203 7.2; RFC 3329 2.3.1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imsreg.secagree.acceptance import accept
from imsreg.secagree.candidates import Chosen, NothingUsable
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.listing import read_list
from imsreg.secagree.negotiation import announce, offer, same_list
from imsreg.secagree.selection import Preference, ambiguous, select
from imsreg.secagree.transforms import ALL_TRANSFORMS, CURRENT_TRANSFORMS, LEGACY_TRANSFORMS, Transform
from imsreg.secagree.usability import endpoints, usable
from imsreg.sip.headers.security import SecurityClient, SecurityServer
from imsreg.sip.message import parse

UE = Endpoints(spi_c=1000, spi_s=1001, port_c=20000, port_s=20001)
NETWORK = Endpoints(spi_c=2000, spi_s=2001, port_c=6000, port_s=6001)
PARAMETERS = ";spi-c=2000;spi-s=2001;port-c=6000;port-s=6001"
ENTRY = f"ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc{PARAMETERS}"
GMAC = f"ipsec-3gpp;alg=aes-gmac{PARAMETERS}"


def servers(*values: str) -> tuple[SecurityServer, ...]:
    return read_list(values, SecurityServer).entries


def clients(*values: str) -> tuple[SecurityClient, ...]:
    return read_list(values, SecurityClient).entries


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tls;q=0.1", "the mechanism is tls"),
        (ENTRY.replace(";alg=hmac-sha-1-96", ""), "alg is missing"),
        (f"{ENTRY};prot=ah", "prot=ah is not esp"),
        (f"{ENTRY};mod=UDP-enc-tun", "mod=UDP-enc-tun is not trans"),
        (f"{ENTRY};alg=aes-gmac", "alg has two values"),
        (f"{ENTRY};Port-S=7000", "port-s has two values"),
        (ENTRY.replace(";spi-c=2000", ""), "spi-c is missing"),
        (
            ENTRY.replace("2001", "4294967296").replace("6000", "0"),
            "spi-s is no valid number, port-c is no valid number",
        ),
        (ENTRY.replace("6001", "x"), "port-s is no valid number"),
    ],
)
def test_why_an_entry_is_unusable(text: str, reason: str) -> None:
    entry = SecurityServer.parse(text)
    assert endpoints(entry) == reason
    assert not usable(entry)


@pytest.mark.parametrize("text", [f"{ENTRY};ALG=HMAC-SHA-1-96", f"{ENTRY};prot=ESP;mod=TRANS;q=0.1;x=y;x=z"])
def test_what_makes_no_difference(text: str) -> None:
    entry = SecurityServer.parse(text)
    assert endpoints(entry) == NETWORK
    assert usable(entry)


def test_foreign_text_is_shown_safely() -> None:
    assert endpoints(SecurityServer.parse("x\x1b[31m")) == "the mechanism is x\\x1b[31m"


def test_repeated_fields_and_comma_lists_are_one_list() -> None:
    message = parse(
        b"SIP/2.0 401 Unauthorized\r\nSecurity-Server: " + ENTRY.encode() + b";q=0.3,\r\n tls;q=0.2\r\n"
        b"Content-Length: 0\r\nsecurity-server: digest;q=0.1\r\n\r\n",
        stream=False,
    )
    read = read_list(message.values("Security-Server"), SecurityServer)
    assert [entry.mechanism for entry in read.entries] == ["ipsec-3gpp", "tls", "digest"]
    assert same_list(read.entries, servers(f"{ENTRY};q=0.3, tls;q=0.2, digest;q=0.1"))
    assert not read.unreadable


def test_an_entry_that_cannot_be_read_costs_the_others_nothing() -> None:
    read = read_list((f"=broken, {ENTRY}", '"open', ""), SecurityServer)
    assert len(read.entries) == 1
    assert len(read.unreadable) == 2
    assert isinstance(select(read.entries, CURRENT_TRANSFORMS, UE), Chosen)


def test_the_first_usable_entry_of_the_list_is_taken() -> None:
    listed = servers(f"tls;q=0.9, {ENTRY};q=0.5, {GMAC};q=0.4")
    found = select(listed, CURRENT_TRANSFORMS, UE)
    assert found == Chosen(listed[1], Transform("hmac-sha-1-96", "aes-cbc"), NETWORK)


def test_the_highest_q_where_that_text_is_followed() -> None:
    listed = servers(f"{GMAC}, {ENTRY};q=0.4, {GMAC};q=0.5, tls;q=0.9")
    found = select(listed, CURRENT_TRANSFORMS, UE, preference=Preference.HIGHEST_Q)
    assert isinstance(found, Chosen)
    assert found.entry is listed[2]


def test_entries_without_q_keep_their_order_and_come_last() -> None:
    listed = servers(f"{GMAC}, {ENTRY}, tls;q=0.0")
    found = select(listed, CURRENT_TRANSFORMS, UE, preference=Preference.HIGHEST_Q)
    assert isinstance(found, Chosen)
    assert found.entry is listed[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ENTRY};q=0.5, {GMAC};q=0.4", False),
        (f"{ENTRY};q=0.4, {GMAC};q=0.5", True),
        (f"{ENTRY}, {GMAC}", False),
        (f"{ENTRY};q=0.4, tls;q=0.5", False),
        ("tls", False),
    ],
)
def test_a_list_out_of_order_is_ambiguous(text: str, expected: bool) -> None:
    assert ambiguous(servers(text), CURRENT_TRANSFORMS, UE) is expected


def test_every_reason_is_told_in_order() -> None:
    listed = servers(f"tls, {ENTRY.replace('aes-cbc', 'des-ede3-cbc')}, {ENTRY.replace('2000', '1001')}")
    found = select(listed, CURRENT_TRANSFORMS, UE)
    assert str(found) == (
        "entry 1: the mechanism is tls; entry 2: its algorithms are not supported; entry 3: an SPI is in use already"
    )


def test_no_list_at_all() -> None:
    assert str(select((), CURRENT_TRANSFORMS, UE)) == "there is no entry"


@pytest.mark.parametrize(
    ("old", "new", "usable"),
    [
        ("2000", "1000", False),
        ("2000", "3000", False),
        ("2000", "500", False),
        ("2000", "2001", False),
        ("2000", "0", False),
        ("6001", "5060", False),
        ("2000", "200", True),
        ("6001", "7001", True),
        ("6000", "7000", True),
    ],
)
def test_spis_and_ports_that_a_ue_refuses(old: str, new: str, usable: bool) -> None:
    before = Endpoints(spi_c=500, spi_s=501, port_c=7000, port_s=6001)
    found = select(servers(ENTRY.replace(old, new)), CURRENT_TRANSFORMS, UE, in_use=(3000,), before=before)
    assert isinstance(found, Chosen) is usable


def test_a_p_cscf_takes_the_first_of_its_own_list() -> None:
    offered = clients(*offer(UE, CURRENT_TRANSFORMS))
    found = accept(offered, tuple(reversed(CURRENT_TRANSFORMS)))
    assert found == Chosen(offered[-1], CURRENT_TRANSFORMS[-1], UE)


def test_of_two_entries_with_one_combination_the_first_counts() -> None:
    other = replace(UE, port_c=30000)
    found = accept(clients(*offer(UE, CURRENT_TRANSFORMS), *offer(other, CURRENT_TRANSFORMS)), CURRENT_TRANSFORMS)
    assert isinstance(found, Chosen)
    assert found.peer == UE


def test_a_p_cscf_refuses_with_reasons() -> None:
    offered = clients("tls", *offer(UE, LEGACY_TRANSFORMS[:1]), *offer(replace(UE, spi_c=7), CURRENT_TRANSFORMS[:1]))
    found = accept(offered, CURRENT_TRANSFORMS, in_use=(7,))
    assert found == NothingUsable(
        (
            "entry 1: the mechanism is tls",
            "entry 2: its algorithms are not supported",
            "entry 3: an SPI is in use already",
        )
    )


@pytest.mark.parametrize(
    "ue", [LEGACY_TRANSFORMS, CURRENT_TRANSFORMS, ALL_TRANSFORMS], ids=["legacy", "current", "all"]
)
@pytest.mark.parametrize("network", [LEGACY_TRANSFORMS, CURRENT_TRANSFORMS], ids=["legacy", "current"])
def test_both_sides_come_to_the_same_algorithms(ue: tuple[Transform, ...], network: tuple[Transform, ...]) -> None:
    accepted = accept(clients(*offer(UE, ue)), network)
    selected = select(servers(*announce(NETWORK, network)), ue, UE)
    assert isinstance(accepted, Chosen)
    assert isinstance(selected, Chosen)
    assert accepted.transform == selected.transform == next(each for each in network if each in ue)
