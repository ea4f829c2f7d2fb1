"""Milenage with a cached key against six AES calls with a reused encryptor, one challenge at a time.

    python suites/benchmarks/milenage.py [--rounds N]

The six calls are TS 35.206 4.1 as it is printed: a block into the cipher, a block out, rotations and XOR in between,
all of OUT1 to OUT5. The encryptor, and with it the key schedule, is made once, and so is OPc; blocks are XORed as
numbers, the quickest way to XOR two of them (octet by octet would take much longer and flatter us). Ours gives the same
80 octets with `outputs`, which is judged; `full_vector` also cuts them into MAC, RES and keys, and is printed. So are
six calls of that encryptor with nothing around them.
"""

from __future__ import annotations

import sys

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from ratios import Ratio, measure, report, rounds

from imsreg.aka.milenage import Milenage
from imsreg.secret import Secret

# TS 35.208 4.3.1, test set 1.
K = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc")
OPC = bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
RAND = bytes.fromhex("23553cbe9637a89d218ae64dae47bf35")
SQN = bytes.fromhex("ff9bb4d0b607")
AMF = bytes.fromhex("b9b9")
LEAST = 3.5


class SixCalls:
    """TS 35.206 4.1, step by step."""

    def __init__(self, k: bytes, opc: bytes) -> None:
        self.encrypt = Cipher(AES(k), ECB()).encryptor().update
        self.opc = opc

    def outputs(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """OUT1 to OUT5."""
        temp = self.encrypt(_xor(rand, self.opc))
        in1 = (sqn + amf) * 2
        out = _xor(self.encrypt(_xor(temp, _turn(_xor(in1, self.opc), 8))), self.opc)
        for turn, constant in ((0, 1), (4, 2), (8, 4), (12, 8)):
            block = _turn(_xor(temp, self.opc), turn)
            out += _xor(self.encrypt(_xor(block, constant.to_bytes(16))), self.opc)
        return out


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(16)


def _turn(block: bytes, octets: int) -> bytes:
    return block[octets:] + block[:octets]


def main() -> int:
    """Print the figures; 1 below the least ratio."""
    six, ours, sqn = SixCalls(K, OPC), Milenage(Secret(K), Secret(OPC)), int.from_bytes(SQN)
    if six.outputs(RAND, SQN, AMF) != ours.outputs(RAND, sqn, AMF):
        raise AssertionError("the two ways differ")

    def bare() -> None:
        for _ in range(6):
            six.encrypt(RAND)

    figures = measure(
        {
            "six AES calls and their XOR": lambda: six.outputs(RAND, SQN, AMF),
            "six AES calls, nothing else": bare,
            "Milenage.outputs": lambda: ours.outputs(RAND, sqn, AMF),
            "Milenage.full_vector": lambda: ours.full_vector(RAND, sqn, AMF),
        },
        rounds(__doc__),
    )
    ratios = (
        Ratio("outputs / six calls", "Milenage.outputs", "six AES calls and their XOR", LEAST),
        Ratio("full_vector / six calls", "Milenage.full_vector", "six AES calls and their XOR", None),
        Ratio("outputs / bare calls", "Milenage.outputs", "six AES calls, nothing else", None),
    )
    return report("Milenage, one challenge (80 octets out)", figures, ratios)


if __name__ == "__main__":
    sys.exit(main())
