"""Packet sockets that see the IP packets of every interface, as far as a filter of the kernel's lets them pass."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress

LOAD, SHIFT, EQUAL, JUMP, RETURN = 0x30, 0x74, 0x15, 0x05, 0x06
"""Operations of classic BPF: load an octet, shift right, jump if equal, jump, and how many octets pass."""

Instruction = tuple[int, int, int, int]
"""Operation, instructions to skip if true and if false, operand. Offsets count from the IP header."""

_ALL = 0x0003  # ETH_P_ALL: only such a socket sees what leaves
_ATTACH_FILTER = 26  # SO_ATTACH_FILTER
_INSTRUCTION = struct.Struct("=HBBI")
_PROGRAM = struct.Struct("@HP")


def packet_socket(program: Sequence[Instruction]) -> socket.socket:
    """A non-blocking socket of the calling thread's namespace that has only what passes. Raises OSError."""
    code = b"".join(_INSTRUCTION.pack(*each) for each in program)
    buffer = ctypes.create_string_buffer(code)
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, _PROGRAM.pack(len(program), ctypes.addressof(buffer)))
        with suppress(BlockingIOError):  # what came before there was a filter may be anything
            while True:
                opened.recv(1)
    except OSError:
        opened.close()
        raise
    return opened
