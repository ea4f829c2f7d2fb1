"""Security associations in the kernel (XFRM over netlink): one is added or deleted, by name, never all.

<linux/xfrm.h> gives the structures; numbers are in host order but for addresses, SPIs and ports.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import NamedTuple

from imsreg.net.ipsec.netlink import CREATE, EXCLUSIVE, Answer, Netlink, attribute
from imsreg.secagree.associations import Association
from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.keys import EspKeys
from imsreg.secagree.replay import WINDOW
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address

_NETLINK_XFRM = 6
_NEW_SA, _DELETE_SA, _GET_SA = 0x10, 0x11, 0x12
# Attributes. The plain HMAC's could not say 96 bits.
_CRYPT, _SOURCE, _AEAD, _AUTH_TRUNCATED, _REPLAY = 2, 13, 18, 20, 23
_INFINITE = 0xFFFF_FFFF_FFFF_FFFF

_SELECTOR = struct.Struct("!16s16sHHHH")
_SELECTOR_REST = struct.Struct("=HBBBxxxiI")  # family, prefix lengths, protocol, interface, user
_IDENTITY = struct.Struct("!16sIB3x")  # destination, SPI, protocol
_STATE = struct.Struct("=IIHBBB7x")  # sequence, request id, family, mode, window, flags
_NAMED = struct.Struct("=64sI")  # algorithm, octets' bits
_TRANSPORT_MODE = 0
USED = bytes(32)
"""Current lifetime: nothing."""
_STATISTICS = bytes(12)
# What a window of more than 32 takes; without the flag for them, sequence numbers keep 32 bits.
_WINDOW = struct.pack("=6I", WINDOW // 32, 0, 0, 0, 0, WINDOW) + bytes(WINDOW // 8)

# Where an answer has them.
_SOURCE_AT, _PACKETS_AT, _REPLAY_AT, _TAG_AT = 80, 168, 196, 208

_AUTHENTICATION = {"hmac-md5-96": b"hmac(md5)", "hmac-sha-1-96": b"hmac(sha1)"}
_ENCRYPTION = {"null": b"ecb(cipher_null)", "aes-cbc": b"cbc(aes)", "des-ede3-cbc": b"cbc(des3_ede)"}
_COMBINED = {
    Transform("aes-gmac", "null"): b"rfc4543(gcm(aes))",
    Transform("null", "aes-gcm"): b"rfc4106(gcm(aes))",
}


def lifetime(seconds: int) -> bytes:
    """How long something lasts, counted from now: 0 is for ever. Never does it end by octets or packets."""
    return struct.pack("=8Q", *[_INFINITE] * 4, 0, seconds, 0, 0)


LIFETIME = lifetime(0)
"""For ever: TS 33.203 7.1 leaves it to SIP when an association ends."""


class Counters(NamedTuple):
    """What the kernel has counted on an association: packets that passed, and those that it dropped for a reason."""

    packets: int
    replay: int
    integrity_failed: int


class Xfrm:
    """The associations of the namespace of the thread that opens it. Raises OSError."""

    def __init__(self) -> None:
        self.kernel = Netlink(_NETLINK_XFRM)
        """For policies, which go by the same socket."""

    def add(self, association: Association, keys: EspKeys, tag: int = 0) -> None:
        """Have the kernel know an association, of either direction. Raises OSError, FileExistsError if it does.

        `tag` is kept with it (the kernel's request id): templates of policies name it, and owners know theirs by it.
        """
        source, destination, family = _ends(association)
        body = selector_of(association.source, association.destination)
        body += _IDENTITY.pack(destination, association.spi, PROTOCOL) + source + LIFETIME + USED + _STATISTICS
        body += _STATE.pack(0, tag, family, _TRANSPORT_MODE, 0, 0) + attribute(_REPLAY, _WINDOW)
        self.kernel.request(_NEW_SA, body + _algorithms(keys), CREATE | EXCLUSIVE)

    def delete(self, association: Association) -> None:
        """Have the kernel forget this one. Raises OSError, ProcessLookupError if it does not know it."""
        self.kernel.request(_DELETE_SA, _named_by(association))

    def tag(self, association: Association) -> int | None:
        """The tag of an association; None if the kernel has none with this SPI between these hosts. Raises OSError."""
        try:
            found = self._found(association)
        except ProcessLookupError:
            return None
        source, _, _ = _ends(association)
        if found.body[_SOURCE_AT : _SOURCE_AT + 16] != source:
            return None
        return int(struct.unpack_from("=I", found.body, _TAG_AT)[0])

    def counters(self, association: Association) -> Counters:
        """What the kernel has counted. Raises OSError, ProcessLookupError if it does not know the association."""
        found = self._found(association)
        (packets,) = struct.unpack_from("=Q", found.body, _PACKETS_AT)
        return Counters(packets, *struct.unpack_from("=II", found.body, _REPLAY_AT))

    def _found(self, association: Association) -> Answer:
        return next(each for each in self.kernel.request(_GET_SA, _named_by(association)) if each.kind == _NEW_SA)

    def close(self) -> None:
        """Close the netlink socket; associations stay."""
        self.kernel.close()

    def __enter__(self) -> Xfrm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def selector_of(source: Address | None, destination: Address | None, family: int | None = None) -> bytes:
    """Exact addresses and ports, None for any; any protocol, as UDP and TCP share the association (Annex H).

    `family` (AF_INET, AF_INET6) has to be given where both ends may be any. Port 0 is any port.
    """
    known = next((each for each in (source, destination) if each is not None), None)
    if known is not None:
        family = family_of(known)
    assert family is not None
    (here, here_bits, *here_ports), (there, there_bits, *there_ports) = _end(source), _end(destination)
    return _SELECTOR.pack(there, here, *there_ports, *here_ports) + _SELECTOR_REST.pack(
        family, there_bits, here_bits, 0, 0, 0
    )


def family_of(address: Address) -> int:
    """AF_INET or AF_INET6."""
    return socket.AF_INET6 if ":" in address.host else socket.AF_INET


def packed(address: Address) -> bytes:
    """The host in 16 octets, as these structures have it."""
    return ipaddress.ip_address(address.host).packed.ljust(16, b"\0")


def _end(address: Address | None) -> tuple[bytes, int, int, int]:
    """Host, prefix length, port and mask of the port."""
    if address is None:
        return bytes(16), 0, 0, 0
    return packed(address), 8 * len(ipaddress.ip_address(address.host).packed), address.port, address.port and 0xFFFF


def _ends(association: Association) -> tuple[bytes, bytes, int]:
    """Source and destination, 16 octets each, and the address family."""
    return packed(association.source), packed(association.destination), family_of(association.source)


def _named_by(association: Association) -> bytes:
    source, destination, family = _ends(association)
    identity = destination + struct.pack("!I", association.spi) + struct.pack("=HBx", family, PROTOCOL)
    return identity + attribute(_SOURCE, source)


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
