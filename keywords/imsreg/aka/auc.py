"""The authentication centre: fresh vectors for one subscriber, and resynchronisation (TS 33.102 6.3.2, 6.3.5)."""

from __future__ import annotations

from imsreg.aka.algorithm import Algorithm, check_res_length
from imsreg.aka.sqn import join, split
from imsreg.aka.sqn_generation import Counter, IndScheme, KeepInd, SeqScheme
from imsreg.aka.vector import AuthenticationVector, generate, open_auts


class AuthenticationCentre:
    """Vectors of one subscriber. `sqn` is the value used last, so the first vector carries the one after it.

    `seq` and `ind` are the rules for the two parts of SQN, which TS 33.102 Annex C leaves to the operator. Unless told
    otherwise, SEQ grows by one with each vector and IND stays that of the start value: every vector outdates all before
    it, on a USIM with an array and on one that remembers a single number alike.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        *,
        sqn: int,
        amf: bytes,
        res_length: int,
        seq: SeqScheme | None = None,
        ind: IndScheme | None = None,
    ) -> None:
        check_res_length(algorithm, res_length)
        self.sqn = sqn
        self._ind = split(sqn)[1]
        self._algorithm = algorithm
        self._amf = amf
        self._res_length = res_length
        self._seq_scheme = seq or Counter()
        self._ind_scheme = ind or KeepInd()

    def vector(self, rand: bytes, requester: str = "") -> AuthenticationVector:
        """The next vector, for a RAND of 16 octets that was drawn for it. `requester` names the node that asks."""
        self._ind = self._ind_scheme.after(self._ind, requester)
        self.sqn = join(self._seq_scheme.after(split(self.sqn)[0]), self._ind)
        return generate(self._algorithm, rand, self.sqn, self._amf, self._res_length)

    def resynchronise(self, rand: bytes, auts: bytes) -> bool:
        """Go on from the SQN_MS in an AUTS that answers `rand`; False, and nothing changes, if its MAC-S is wrong."""
        sqn_ms = open_auts(self._algorithm, rand, auts)
        if sqn_ms is None:
            return False
        self.sqn = sqn_ms
        self._seq_scheme.resynchronised(split(sqn_ms)[0])
        return True
