"""ESP in transport mode (RFC 4303): one direction of one association each, 32-bit sequence numbers.

`encapsulate` has a parameter for each rule that a test may want broken. Without them packets are as they should be.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from random import Random
from typing import NamedTuple

from imsreg.errors import ImsRegError
from imsreg.secagree.formats import HEAD_OCTETS, TRAILER_OCTETS, format_of
from imsreg.secagree.keys import EspKeys
from imsreg.secagree.opening import opener
from imsreg.secagree.replay import WINDOW, ReplayWindow
from imsreg.secagree.sealing import sealer

PROTOCOL = 50
"""ESP as the protocol of an IPv4 packet or the next header of an IPv6 one."""
NO_NEXT_HEADER = 59
"""Next Header of a dummy packet (RFC 4303 2.6); ipsec-3gpp sends none (TS 33.203 6.2)."""
LAST_SEQUENCE = (1 << 32) - 1

_PADDING = bytes(range(1, 256))
_HEAD = struct.Struct("!II")


class SequenceExhausted(ImsRegError):
    """The association has sent its last sequence number: another packet would repeat one (RFC 4303 3.3.3)."""

    def __init__(self, spi: int) -> None:
        super().__init__(spi)
        self.spi = spi

    def __str__(self) -> str:
        return f"the association with SPI {self.spi} has used up its sequence numbers"


class Outcome(StrEnum):
    """What became of an ESP packet that was received."""

    OK = "ok"
    UNKNOWN_SPI = "unknown SPI"
    DELETED_SPI = "SPI of a deleted association"
    REPLAY = "replay"
    """The sequence number has come already, lies left of the window, or is 0."""
    BAD_ICV = "bad ICV"
    MALFORMED = "malformed"
    """Cut short, misaligned, or its Pad Length does not fit."""
    BAD_PADDING = "bad padding"
    """Authentic, and the padding is not 1, 2, 3 (RFC 4303 2.4)."""
    DUMMY = "dummy"
    """Authentic, with Next Header 59."""


_OK = Outcome.OK  # looked up once: a member of an enumeration costs as much as a call


class Received(NamedTuple):
    """A packet with its outcome. SPI and sequence number are 0 where the packet is too short for them.

    `next_header` and `payload` are there for OK and for BAD_PADDING, where it is the caller's choice to use them: a
    receiver should look at the padding, and may pass on what it protects.
    """

    outcome: Outcome
    spi: int = 0
    sequence: int = 0
    next_header: int = 0
    payload: bytes = b""


class Outbound:
    """The sending end of an association. `random` makes the IVs: a seed repeats a run to the octet."""

    def __init__(self, spi: int, keys: EspKeys, random: Random, *, sent: int = 0) -> None:
        self.spi = spi
        self.sent = sent
        """The last sequence number used; 0 at first."""
        self._block = format_of(keys.transform).block
        self._seal = sealer(keys, random).seal

    def encapsulate(
        self,
        payload: bytes,
        next_header: int,
        *,
        sequence: int | None = None,
        spi: int | None = None,
        iv: bytes | None = None,
        padding: bytes | None = None,
        pad_length: int | None = None,
        icv_mask: bytes = b"",
    ) -> bytes:
        """The ESP packet with `payload`, from the transport header on. Raises SequenceExhausted.

        What breaks rules, each by itself: `sequence` in place of the next one, which stays the next; `spi` of another
        association; `iv`; `padding`, and a `pad_length` that is not its length; `icv_mask`, octets that the end of
        the ICV is changed by. Padding of another length must still fill the blocks of a cipher (ValueError).
        """
        if sequence is None:
            if self.sent >= LAST_SEQUENCE:
                raise SequenceExhausted(self.spi)
            sequence = self.sent = self.sent + 1
        if padding is None:
            padding = _PADDING[: -(len(payload) + TRAILER_OCTETS) % self._block]
        trailer = bytes((len(padding) if pad_length is None else pad_length, next_header))
        head = _HEAD.pack(self.spi if spi is None else spi, sequence)
        packet = self._seal(head, payload + padding + trailer, iv)
        return _changed(packet, icv_mask) if icv_mask else packet


class Inbound:
    """The receiving end of an association. Whatever comes has an outcome; nothing raises."""

    def __init__(self, spi: int, keys: EspKeys, *, window: int = WINDOW) -> None:
        self.spi = spi
        self.window = ReplayWindow(window)
        """What has come; it moves on with authentic packets only."""
        _, _, self._block = shape = format_of(keys.transform)
        self._overhead = shape.overhead
        self._open = opener(keys).open

    def decapsulate(self, packet: bytes) -> Received:
        """What a packet holds, in the order of RFC 4303 3.4: sequence number, ICV, padding, Next Header."""
        if len(packet) < HEAD_OCTETS:
            return Received(Outcome.MALFORMED)
        spi, sequence = head_of(packet)
        if spi != self.spi:
            return Received(Outcome.UNKNOWN_SPI, spi, sequence)
        body = len(packet) - self._overhead
        if body < TRAILER_OCTETS or body % self._block:
            return Received(Outcome.MALFORMED, spi, sequence)
        if not self.window.fresh(sequence):
            return Received(Outcome.REPLAY, spi, sequence)
        opened = self._open(packet)
        if opened is None:
            return Received(Outcome.BAD_ICV, spi, sequence)
        self.window.note(sequence)
        return _unpadded(spi, sequence, opened)


def head_of(packet: bytes) -> tuple[int, int]:
    """SPI and sequence number of an ESP packet of at least eight octets."""
    spi, sequence = _HEAD.unpack_from(packet)
    return spi, sequence


def _unpadded(spi: int, sequence: int, body: bytes) -> Received:
    pad_length, next_header = body[-2], body[-1]
    if next_header == NO_NEXT_HEADER:
        return Received(Outcome.DUMMY, spi, sequence, next_header)
    end = len(body) - TRAILER_OCTETS
    if pad_length > end:
        return Received(Outcome.MALFORMED, spi, sequence)
    begin = end - pad_length
    outcome = _OK if body[begin:end] == _PADDING[:pad_length] else Outcome.BAD_PADDING
    return Received(outcome, spi, sequence, next_header, body[:begin])


def _changed(packet: bytes, mask: bytes) -> bytes:
    """The packet with its last octets XORed with the mask."""
    kept = len(packet) - len(mask)
    return packet[:kept] + bytes(octet ^ bit for octet, bit in zip(packet[kept:], mask, strict=True))
