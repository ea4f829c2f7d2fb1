"""Requests to the kernel over netlink (RFC 3549), one at a time, each with its answer. The standard library alone."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

REQUEST, ACK, EXCLUSIVE, CREATE, DUMP = 0x1, 0x4, 0x200, 0x400, 0x300
"""Flags of a request (<linux/netlink.h>)."""

_ERROR, _DONE = 2, 3
_HEAD = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_NUMBER = struct.Struct("=i")
_LARGEST = 1 << 17


class Answer(NamedTuple):
    """One message of an answer: its type and what follows the netlink header."""

    kind: int
    body: bytes


class Netlink:
    """A netlink socket of one family in the namespace of the thread that opens it.

    With `groups` (a bit for each) it hears what happens there; a socket for requests has none.
    """

    def __init__(self, family: int, groups: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        self._socket.bind((0, groups))
        self._sequence = 0

    def request(self, kind: int, body: bytes, flags: int = 0) -> list[Answer]:
        """Send one request and wait for the kernel to be done with it. Raises OSError with the kernel's errno."""
        self._sequence += 1
        length = _HEAD.size + len(body)
        self._socket.send(_HEAD.pack(length, kind, REQUEST | ACK | flags, self._sequence, 0) + body)
        answers: list[Answer] = []
        while True:
            for sequence, answer in _messages(self._socket.recv(_LARGEST)):
                if sequence != self._sequence:
                    continue
                if answer.kind == _ERROR and (number := _NUMBER.unpack_from(answer.body)[0]):
                    raise OSError(-number, os.strerror(-number))
                if answer.kind in (_ERROR, _DONE):
                    return answers
                answers.append(answer)

    def hear(self, timeout: float) -> list[Answer]:
        """The next that happens. Raises TimeoutError if nothing does within `timeout` seconds."""
        self._socket.settimeout(timeout)
        return [answer for _, answer in _messages(self._socket.recv(_LARGEST))]

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute, padded to four octets."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(-length % 4)


def attributes(octets: bytes) -> dict[int, bytes]:
    """The attributes that an answer ends with; the last one of each type."""
    found = {}
    while len(octets) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(octets)
        if length < _ATTRIBUTE.size:
            break
        found[kind] = octets[_ATTRIBUTE.size : length]
        octets = octets[_aligned(length) :]
    return found


def _messages(octets: bytes) -> Iterator[tuple[int, Answer]]:
    while len(octets) >= _HEAD.size:
        length, kind, _, sequence, _ = _HEAD.unpack_from(octets)
        yield sequence, Answer(kind, octets[_HEAD.size : length])
        octets = octets[_aligned(max(length, _HEAD.size)) :]


def _aligned(length: int) -> int:
    return length + -length % 4
