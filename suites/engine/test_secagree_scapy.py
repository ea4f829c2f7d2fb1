"""Our ESP against scapy's, which shares no code with it: each opens what the other makes, in all eight transforms."""

from __future__ import annotations

import warnings
from ipaddress import ip_address
from random import Random

import pytest

from imsreg.secagree.esp import PROTOCOL, Inbound, Outbound, Outcome, Received
from imsreg.secagree.ip import build_ip, parse_ip
from imsreg.secagree.keys import EspKeys, expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address
from imsreg.transcript.packets import Datagram

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ipsec = pytest.importorskip("scapy.layers.ipsec", reason="scapy, the second implementation, is not installed")
    inet = pytest.importorskip("scapy.layers.inet")
    inet6 = pytest.importorskip("scapy.layers.inet6")

SPI = 0xC0FFEE01
HOSTS = {4: ("192.0.2.1", "192.0.2.9"), 6: ("2001:db8::1", "2001:db8::9")}
ENCRYPTION = {"null": "NULL", "aes-cbc": "AES-CBC", "des-ede3-cbc": "3DES", "aes-gcm": "AES-GCM"}
INTEGRITY = {"null": "NULL", "hmac-md5-96": "HMAC-MD5-96", "hmac-sha-1-96": "HMAC-SHA1-96"}
EACH = pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
VERSIONS = pytest.mark.parametrize("version", HOSTS)
LENGTHS = (0, 1, 2, 3, 13, 14, 15, 16, 700, 1399)


def keys_of(transform: Transform) -> EspKeys:
    random = Random(str(transform))
    return expand(transform, Secret(random.randbytes(16)), Secret(random.randbytes(16)))


def theirs(keys: EspKeys):
    """scapy's association with our keys."""
    alg, ealg = keys.transform
    if alg == "aes-gmac":
        names = {"crypt_algo": "AES-NULL-GMAC", "crypt_key": keys.integrity.reveal() + keys.salt.reveal()}
    else:
        names = {
            "crypt_algo": ENCRYPTION[ealg],
            "crypt_key": keys.encryption.reveal() + keys.salt.reveal(),
            "auth_algo": INTEGRITY[alg],
            "auth_key": keys.integrity.reveal(),
        }
    return ipsec.SecurityAssociation(ipsec.ESP, spi=SPI, **names)


def datagram(version: int, length: int) -> bytes:
    source, destination = (Address(host, 5062) for host in HOSTS[version])
    return Datagram(source, destination, Random(length).randbytes(length)).to_bytes()


def scapy_packet(octets: bytes):
    return (inet.IP if octets[0] >> 4 == 4 else inet6.IPv6)(octets)


@EACH
@VERSIONS
def test_we_open_what_scapy_makes(transform: Transform, version: int) -> None:
    keys = keys_of(transform)
    their_end, our_end = theirs(keys), Inbound(SPI, keys)
    for sequence, length in enumerate(LENGTHS, 1):
        plain = datagram(version, length)
        protected = parse_ip(bytes(their_end.encrypt(scapy_packet(plain), seq_num=sequence)))
        assert protected is not None
        assert protected.protocol == PROTOCOL
        received = our_end.decapsulate(protected.payload)
        assert received[:4] == (Outcome.OK, SPI, sequence, 17)
        assert protected.with_payload(received.next_header, received.payload) == plain


@EACH
@VERSIONS
def test_scapy_opens_what_we_make(transform: Transform, version: int) -> None:
    keys = keys_of(transform)
    their_end, our_end = theirs(keys), Outbound(SPI, keys, Random(1))
    for length in LENGTHS:
        plain = datagram(version, length)
        parts = parse_ip(plain)
        assert parts is not None
        packet = parts.with_payload(PROTOCOL, our_end.encapsulate(parts.payload, parts.protocol))
        assert bytes(their_end.decrypt(scapy_packet(packet))) == plain


@EACH
def test_with_one_iv_both_make_the_same_octets(transform: Transform) -> None:
    keys = keys_of(transform)
    their_end, our_end = theirs(keys), Outbound(SPI, keys, Random(1))
    source, destination = (ip_address(host).packed for host in HOSTS[4])
    for sequence in (1, 2):
        plain = build_ip(source, destination, 17, b"\x13\xc6\x13\xc6\x00\x0b\x00\x00abc")
        iv = Random(sequence).randbytes(16 if transform.ealg == "aes-cbc" else 8)
        has_iv = transform.ealg != "null" or transform.alg == "aes-gmac"
        options = {"iv": iv} if has_iv else {}
        their = parse_ip(bytes(their_end.encrypt(scapy_packet(plain), seq_num=sequence, **options)))
        assert their is not None
        assert our_end.encapsulate(plain[20:], 17, iv=iv) == their.payload


@EACH
def test_scapy_refuses_what_we_break(transform: Transform) -> None:
    keys = keys_of(transform)
    plain = parse_ip(datagram(4, 100))
    assert plain is not None
    broken = Outbound(SPI, keys, Random(1)).encapsulate(plain.payload, 17, icv_mask=b"\x01")
    with pytest.raises(ipsec.IPSecIntegrityError):
        theirs(keys).decrypt(scapy_packet(plain.with_payload(PROTOCOL, broken)))
    assert Inbound(SPI, keys).decapsulate(broken) == Received(Outcome.BAD_ICV, SPI, 1)
