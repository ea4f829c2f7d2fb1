"""Offer, announcement, choice and comparison of ipsec-3gpp mechanisms (RFC 3329 2; TS 33.203 7 and Annex H)."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.secagree.negotiation import (
    CURRENT_TRANSFORMS,
    LEGACY_TRANSFORMS,
    Agreement,
    Endpoints,
    Transform,
    announce,
    choose,
    common,
    offer,
    same_list,
    transform,
    transforms,
    usable,
)
from imsreg.sip.headers.security import SecurityClient, SecurityServer
from imsreg.sip.split import split_list

OWN = Endpoints(spi_c=256, spi_s=4294967295, port_c=20000, port_s=20001)
ENTRY = "ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=1000;spi-s=1001;port-c=2000;port-s=2001"


class Rigged(Random):
    """Draws the SPIs that it is given, in turn."""

    def __init__(self, *spis: int) -> None:
        super().__init__(1)
        self._spis = iter(spis)

    def randrange(self, *_: object, **__: object) -> int:
        return next(self._spis)


def servers(text: str) -> list[SecurityServer]:
    return [SecurityServer.parse(value) for value in split_list(text)]


def clients(text: str) -> list[SecurityClient]:
    return [SecurityClient.parse(value) for value in split_list(text)]


@pytest.mark.parametrize(("release", "expected"), [(13, LEGACY_TRANSFORMS), (14, CURRENT_TRANSFORMS)])
def test_release_14_changed_the_algorithms(release: int, expected: tuple[Transform, ...]) -> None:
    assert transforms(release) == expected


def test_the_two_sets_of_algorithms() -> None:
    assert len(set(LEGACY_TRANSFORMS)) == 6
    assert {"hmac-md5-96", "des-ede3-cbc"}.isdisjoint(name for pair in CURRENT_TRANSFORMS for name in pair)
    assert all((t.alg == "null") == (t.ealg == "aes-gcm") for t in CURRENT_TRANSFORMS)


def test_spis_are_never_reserved_taken_or_equal() -> None:
    drawn = Endpoints.draw(Rigged(300, 301, 302, 302, 303), avoid=(300, 301))
    assert (drawn.spi_c, drawn.spi_s) == (302, 303)
    for seed in range(50):
        assert Endpoints.draw(Random(seed)).spi_c >= 256


def test_ports_are_two_of_those_given() -> None:
    for seed in range(20):
        drawn = Endpoints.draw(Random(seed), ports=range(30000, 30002))
        assert {drawn.port_c, drawn.port_s} == {30000, 30001}


def test_a_renewal_keeps_the_server_port_alone() -> None:
    old = Endpoints(spi_c=500, spi_s=501, port_c=20000, port_s=20001)
    for seed in range(20):
        assert old.renewed(Random(seed), ports=range(20000, 20003)).port_c == 20002
    new = old.renewed(Rigged(500, 501, 502, 503))
    assert (new.spi_c, new.spi_s, new.port_s) == (502, 503, 20001)


def test_spis_are_written_with_ten_digits() -> None:
    assert OWN.parameters() == "spi-c=0000000256; spi-s=4294967295; port-c=20000; port-s=20001"


def test_an_offer_has_an_entry_for_each_transform_and_no_preference() -> None:
    entries = [SecurityClient.parse(value) for value in offer(OWN, LEGACY_TRANSFORMS)]
    assert [transform(entry) for entry in entries] == list(LEGACY_TRANSFORMS)
    assert all(usable(entry) and "q" not in entry.params for entry in entries)


@pytest.mark.parametrize("release", [13, 14])
def test_an_announcement_falls_in_preference(release: int) -> None:
    entries = [SecurityServer.parse(value) for value in announce(OWN, transforms(release))]
    preferences = [entry.q for entry in entries if entry.q is not None]
    assert len(preferences) == len(entries)
    assert preferences == sorted(set(preferences), reverse=True)
    assert all(usable(entry) for entry in entries)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("ipsec-3gpp;alg=HMAC-SHA-1-96;ealg=AES-CBC", ("hmac-sha-1-96", "aes-cbc")),
        ("ipsec-3gpp;alg=aes-gmac", ("aes-gmac", "null")),
        ("ipsec-3gpp", ("", "null")),
    ],
)
def test_transform_of_an_entry(entry: str, expected: tuple[str, str]) -> None:
    assert transform(SecurityServer.parse(entry)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ipsec-3gpp", "tls"),
        (";alg=hmac-sha-1-96", ""),
        (";spi-c=1000", ""),
        ("spi-s=1001", "spi-s=4294967296"),
        ("port-c=2000", "port-c=0"),
        ("port-s=2001", "port-s=65536"),
        (";port-s=2001", ";port-s=2001;prot=ah"),
        (";port-s=2001", ";port-s=2001;mod=tun"),
    ],
)
def test_an_entry_that_can_become_no_association(old: str, new: str) -> None:
    assert usable(SecurityServer.parse(ENTRY))
    assert not usable(SecurityServer.parse(ENTRY.replace(old, new, 1)))


def test_explicit_defaults_are_usable() -> None:
    assert usable(SecurityServer.parse(f"{ENTRY};prot=ESP;mod=Trans"))


def test_the_first_supported_entry_is_chosen() -> None:
    listed = servers(f"tls;q=0.9, {ENTRY.replace('aes-cbc', 'des-ede3-cbc')};q=0.8, {ENTRY};q=0.7")
    assert choose(listed, CURRENT_TRANSFORMS) == listed[2]
    assert choose(listed, LEGACY_TRANSFORMS) == listed[1]
    assert choose(listed[:1], CURRENT_TRANSFORMS) is None


def test_common_needs_one_usable_entry_with_a_known_transform() -> None:
    assert common(clients(f"tls, {ENTRY}"), CURRENT_TRANSFORMS)
    assert not common(clients(ENTRY.replace("hmac-sha-1-96", "hmac-md5-96")), CURRENT_TRANSFORMS)
    assert not common(clients(ENTRY.replace("port-c=2000", "port-c=0")), CURRENT_TRANSFORMS)
    assert not common([], CURRENT_TRANSFORMS)


@pytest.mark.parametrize(
    "other",
    [
        f"{ENTRY}, tls;q=0.1",
        "IPsec-3GPP; Alg=HMAC-SHA-1-96; ealg=aes-cbc ;spi-c=1000;spi-s=1001;port-c=2000;port-s=2001,TLS;Q=0.1",
        "ipsec-3gpp;port-s=2001;port-c=2000;spi-s=1001;spi-c=1000;ealg=aes-cbc;alg=hmac-sha-1-96, tls;q=0.1",
    ],
)
def test_lists_that_are_the_same(other: str) -> None:
    assert same_list(servers(f"{ENTRY}, tls;q=0.1"), servers(other))


@pytest.mark.parametrize(
    "other",
    [
        "",
        ENTRY,
        f"tls;q=0.1, {ENTRY}",
        f"{ENTRY}, tls;q=0.2",
        f"{ENTRY}, tls",
        f"{ENTRY}, tls;q",
        f"{ENTRY}, tls;q=0.1, digest",
        f"{ENTRY};alg=null, tls;q=0.1",
        f"{ENTRY};prot=esp, tls;q=0.1",
        f"{ENTRY.replace('1001', '01001')}, tls;q=0.1",
    ],
)
def test_lists_that_differ(other: str) -> None:
    assert not same_list(servers(f"{ENTRY}, tls;q=0.1"), servers(other))


def test_quoted_strings_keep_their_case() -> None:
    assert same_list(servers('digest;d-ver="0aBc"'), servers('Digest;D-Ver="0aBc"'))
    assert not same_list(servers('digest;d-ver="0aBc"'), servers('digest;d-ver="0abc"'))


def test_an_agreement_reads_its_list_as_it_was_sent() -> None:
    values = announce(OWN, CURRENT_TRANSFORMS)
    assert same_list(Agreement((), tuple(values)).server, servers(", ".join(values)))
