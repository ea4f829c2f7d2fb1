"""Authentication vectors and the tokens on their way: AUTN to the USIM, AUTS back (TS 33.102 6.3)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from imsreg.aka.algorithm import Algorithm, check_octets, check_res_length
from imsreg.secret import Secret

AUTN_OCTETS = 16
AUTS_OCTETS = 14
MAC_OCTETS = 8
"""Octets of MAC-A in AUTN and of MAC-S in AUTS."""

AMF_STAR = bytes(2)
"""The AMF that goes into MAC-S (TS 33.102 6.3.3): always zero, so that it need not be sent."""


@dataclass(frozen=True, slots=True)
class AuthenticationVector:
    """One quintet: RAND (16 octets), AUTN (16), XRES (4 to 16), CK (16), IK (16)."""

    rand: bytes
    autn: bytes
    xres: Secret
    ck: Secret
    ik: Secret


@dataclass(frozen=True, slots=True)
class Autn:
    """The parts of AUTN: SQN xor AK (6 octets), AMF (2), MAC-A (8)."""

    sqn_xor_ak: bytes
    amf: bytes
    mac: bytes

    @classmethod
    def parse(cls, octets: bytes) -> Autn:
        """The parts of 16 octets. Raises ValueError for another length."""
        check_octets("AUTN", len(octets), AUTN_OCTETS)
        return cls(octets[:6], octets[6:8], octets[8:])

    def __bytes__(self) -> bytes:
        return self.sqn_xor_ak + self.amf + self.mac

    def sqn(self, ak: bytes) -> int:
        """The SQN that AK conceals."""
        return _conceal(int.from_bytes(self.sqn_xor_ak), ak)


def generate(algorithm: Algorithm, rand: bytes, sqn: int, amf: bytes, res_length: int) -> AuthenticationVector:
    """The vector for a RAND and an SQN (TS 33.102 6.3.2), XRES cut to its first `res_length` octets.

    Raises ValueError for lengths that cannot be: a RES longer than the algorithm's, a MAC longer than AUTN takes.
    """
    check_res_length(algorithm, res_length)
    mac = algorithm.f1(rand, sqn, amf)
    out = algorithm.f2345(rand)
    check_octets("MAC-A", len(mac), MAC_OCTETS)
    autn = _conceal(sqn, out.ak).to_bytes(6) + amf + mac
    return AuthenticationVector(rand, autn, Secret(out.res[:res_length]), Secret(out.ck), Secret(out.ik))


def open_autn(algorithm: Algorithm, rand: bytes, autn: bytes) -> int | None:
    """The SQN in an AUTN of 16 octets, or None if its MAC-A is wrong (TS 33.102 6.3.3)."""
    token = Autn.parse(autn)
    sqn = token.sqn(algorithm.f2345(rand).ak)
    return sqn if hmac.compare_digest(algorithm.f1(rand, sqn, token.amf), token.mac) else None


def build_auts(algorithm: Algorithm, rand: bytes, sqn_ms: int) -> bytes:
    """AUTS, 14 octets: SQN_MS xor AK* and MAC-S (TS 33.102 6.3.3)."""
    concealed = _conceal(sqn_ms, algorithm.f5_star(rand)).to_bytes(6)
    return concealed + algorithm.f1_star(rand, sqn_ms, AMF_STAR)


def open_auts(algorithm: Algorithm, rand: bytes, auts: bytes) -> int | None:
    """The SQN_MS in an AUTS, or None if it has not 14 octets or its MAC-S is wrong (TS 33.102 6.3.5)."""
    if len(auts) != AUTS_OCTETS:
        return None
    sqn_ms = _conceal(int.from_bytes(auts[:6]), algorithm.f5_star(rand))
    genuine = hmac.compare_digest(algorithm.f1_star(rand, sqn_ms, AMF_STAR), auts[6:])
    return sqn_ms if genuine else None


def _conceal(sqn: int, ak: bytes) -> int:
    """SQN xor AK; applied again it reveals."""
    return sqn ^ int.from_bytes(ak)
