"""Policies in the kernel (XFRM over netlink): what a packet must be protected by, and what must not pass."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum

from imsreg.net.ipsec.netlink import CREATE, EXCLUSIVE, Netlink, attribute, attributes
from imsreg.net.ipsec.xfrm import LIFETIME, USED, family_of, lifetime, packed, selector_of
from imsreg.secagree.associations import Association
from imsreg.secagree.esp import PROTOCOL
from imsreg.sip.flow import Address

_NEW_POLICY, _DELETE_POLICY, _GET_POLICY, _UPDATE_POLICY = 0x13, 0x14, 0x15, 0x19
_TEMPLATE, _MARK = 5, 21
_ALLOW, _BLOCK = 0, 1
_ALL_ALGORITHMS = 0xFFFF_FFFF

_INFO = struct.Struct("=IIBBBB4x")  # priority, index, direction, action, flags, share
_ID = struct.Struct("=IB3x")  # index, direction
_INFO_OCTETS = 168
_TEMPLATE_ID = struct.Struct("!16sIB3x")  # destination, SPI, protocol
_TEMPLATE_REST = struct.Struct("=IBBBxIII")  # request id, mode, share, optional, algorithms
_TAG_AT = 24 + 4 + 16  # in a template: behind its identity, family and source

# A lower number goes first. Associations' policies come before those that block, and both after whatever an
# administrator has given a number of its own, such as those of a VPN to the same hosts.
_PROTECTING, _BLOCKING, _LAST = 0x2000_0000, 0x3000_0000, 0x7000_0000


class Way(Enum):
    """Which packets a policy looks at: those that arrive for this host, or those that it sends."""

    IN = 0
    OUT = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """Packets from `source` to `destination`, None for any, are protected with `spi`; None: they do not pass.

    With `mark` only packets of sockets with that mark (SO_MARK) are looked at; then both ends may be any, and `family`
    is AF_INET or AF_INET6.
    """

    way: Way
    source: Address | None = None
    destination: Address | None = None
    spi: int | None = None
    mark: int = 0
    family: int = 0

    @classmethod
    def protecting(cls, way: Way, association: Association) -> Policy:
        """What belongs to an association passes under it alone."""
        return cls(way, association.source, association.destination, association.spi)

    def add(self, kernel: Netlink, tag: int) -> None:
        """Put it in. Raises OSError, FileExistsError if there is one for the same packets."""
        kernel.request(_NEW_POLICY, self._described(tag, LIFETIME), CREATE | EXCLUSIVE)

    def expire(self, kernel: Netlink, tag: int, seconds: int) -> None:
        """Have the kernel itself take it out in so many seconds. Raises OSError."""
        kernel.request(_UPDATE_POLICY, self._described(tag, lifetime(seconds)))

    def delete(self, kernel: Netlink) -> None:
        """Take it out. Raises OSError, FileNotFoundError if it is not there."""
        kernel.request(_DELETE_POLICY, self._named_by())

    def tag(self, kernel: Netlink) -> int | None:
        """The tag of the policy for these packets; None if there is none, or it has no tag. Raises OSError."""
        try:
            answers = kernel.request(_GET_POLICY, self._named_by())
        except FileNotFoundError:
            return None
        found = next(each for each in answers if each.kind == _NEW_POLICY)
        template = attributes(found.body[_INFO_OCTETS:]).get(_TEMPLATE, b"")
        return int(struct.unpack_from("=I", template, _TAG_AT)[0]) if len(template) > _TAG_AT + 4 else None

    def _described(self, tag: int, ends: bytes) -> bytes:
        priority = _PROTECTING if self.spi is not None else _LAST if self.mark else _BLOCKING
        action = _BLOCK if self.spi is None else _ALLOW
        info = self._selector() + ends + USED + _INFO.pack(priority, 0, self.way.value, action, 0, 0)
        return info + attribute(_TEMPLATE, self._template(tag)) + self._marked()

    def _template(self, tag: int) -> bytes:
        """What protects it. One that blocks has it for the tag alone: the kernel looks at the action first."""
        source, destination = (bytes(16) if end is None else packed(end) for end in (self.source, self.destination))
        identity = _TEMPLATE_ID.pack(destination, self.spi or 0, PROTOCOL)
        rest = _TEMPLATE_REST.pack(tag, 0, 0, 0, *[_ALL_ALGORITHMS] * 3)
        return identity + struct.pack("=H2x", self._family()) + source + rest

    def _named_by(self) -> bytes:
        return self._selector() + _ID.pack(0, self.way.value) + self._marked()

    def _selector(self) -> bytes:
        return selector_of(self.source, self.destination, self._family())

    def _marked(self) -> bytes:
        return attribute(_MARK, struct.pack("=II", self.mark, 0xFFFF_FFFF)) if self.mark else b""

    def _family(self) -> int:
        known = self.source or self.destination
        return self.family if known is None else family_of(known)
