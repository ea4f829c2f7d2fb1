"""Security associations in the kernel (XFRM over netlink): one is added or deleted, by name, never all.

<linux/xfrm.h> gives the structures; numbers are in host order but for addresses, SPIs and ports.
"""

from __future__ import annotations

import ipaddress
import socket
import struct

from imsreg.net.ipsec.netlink import CREATE, EXCLUSIVE, Netlink, attribute
from imsreg.secagree.associations import Association
from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.keys import EspKeys
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret

_NETLINK_XFRM = 6
_NEW_SA, _DELETE_SA = 0x10, 0x11
_CRYPT, _SOURCE, _AEAD, _AUTH_TRUNCATED = 2, 13, 18, 20  # attributes: the plain HMAC could not say 96 bits
_WINDOW = 32  # packets of the replay window: the most without extended sequence numbers
_INFINITE = 0xFFFF_FFFF_FFFF_FFFF

_SELECTOR = struct.Struct("!16s16sHHHH")
_SELECTOR_REST = struct.Struct("=HBBBxxxiI")  # family, prefix lengths, protocol, interface, user
_LIFETIME = struct.pack("=8Q", *[_INFINITE] * 4, 0, 0, 0, 0)  # never by octets, packets or time
_IDENTITY = struct.Struct("!16sIB3x")  # destination, SPI, protocol
_STATE = struct.Struct("=IIHBBB7x")  # sequence, request id, family, mode, window, flags
_NAMED = struct.Struct("=64sI")  # algorithm, octets' bits
_TRANSPORT_MODE = 0
_USED = bytes(32 + 12)  # current lifetime, statistics

_AUTHENTICATION = {"hmac-md5-96": b"hmac(md5)", "hmac-sha-1-96": b"hmac(sha1)"}
_ENCRYPTION = {"null": b"ecb(cipher_null)", "aes-cbc": b"cbc(aes)", "des-ede3-cbc": b"cbc(des3_ede)"}
_COMBINED = {
    Transform("aes-gmac", "null"): b"rfc4543(gcm(aes))",
    Transform("null", "aes-gcm"): b"rfc4106(gcm(aes))",
}


class Xfrm:
    """The associations of the namespace of the thread that opens it. Raises OSError."""

    def __init__(self) -> None:
        self._kernel = Netlink(_NETLINK_XFRM)

    def add(self, association: Association, keys: EspKeys) -> None:
        """Have the kernel know an association, of either direction. Raises OSError, FileExistsError if it does."""
        source, destination, family = _ends(association)
        body = _selector(association) + _IDENTITY.pack(destination, association.spi, PROTOCOL) + source
        body += _LIFETIME + _USED + _STATE.pack(0, association.spi, family, _TRANSPORT_MODE, _WINDOW, 0)
        self._kernel.request(_NEW_SA, body + _algorithms(keys), CREATE | EXCLUSIVE)

    def delete(self, association: Association) -> None:
        """Have the kernel forget this one. Raises OSError, ProcessLookupError if it does not know it."""
        source, destination, family = _ends(association)
        identity = destination + struct.pack("!I", association.spi) + struct.pack("=HBx", family, PROTOCOL)
        self._kernel.request(_DELETE_SA, identity + attribute(_SOURCE, source))

    def close(self) -> None:
        """Close the netlink socket; associations stay."""
        self._kernel.close()

    def __enter__(self) -> Xfrm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ends(association: Association) -> tuple[bytes, bytes, int]:
    """Source and destination, 16 octets each, and the address family."""
    source, destination = (
        ipaddress.ip_address(each.host).packed for each in (association.source, association.destination)
    )
    family = socket.AF_INET if len(source) == 4 else socket.AF_INET6
    return source.ljust(16, b"\0"), destination.ljust(16, b"\0"), family


def _selector(association: Association) -> bytes:
    """Exact addresses and ports; any protocol, as UDP and TCP share the association (TS 33.203 Annex H)."""
    source, destination, family = _ends(association)
    prefix = 32 if family == socket.AF_INET else 128
    ports = association.destination.port, 0xFFFF, association.source.port, 0xFFFF
    return _SELECTOR.pack(destination, source, *ports) + _SELECTOR_REST.pack(family, prefix, prefix, 0, 0, 0)


def _algorithms(keys: EspKeys) -> bytes:
    combined = _COMBINED.get(keys.transform)
    if combined is not None:
        key = keys.integrity if len(keys.integrity) else keys.encryption
        return attribute(_AEAD, _named(combined, Secret(key.reveal() + keys.salt.reveal()), 128))
    alg, ealg = keys.transform
    authentication = attribute(_AUTH_TRUNCATED, _named(_AUTHENTICATION[alg], keys.integrity, 96))
    return authentication + attribute(_CRYPT, _named(_ENCRYPTION[ealg], keys.encryption))


def _named(algorithm: bytes, key: Secret, icv_bits: int | None = None) -> bytes:
    """An algorithm by the kernel's name, its key, and the length of the ICV where the attribute has one."""
    shown = b"" if icv_bits is None else struct.pack("=I", icv_bits)
    return _NAMED.pack(algorithm, 8 * len(key)) + shown + key.reveal()
