"""Milenage for many challenges of one subscriber at once, with numpy, against one after the other.

    python suites/benchmarks/milenage_batch.py [--rounds N]

Both give all of OUT1 to OUT5 for 10,000 challenges, cut into MAC, RES, CK, IK and AK. The figures are for all 10,000.
"""

from __future__ import annotations

import importlib.util
import sys
from random import Random

from ratios import Ratio, measure, report, rounds

from imsreg.aka.milenage import Milenage
from imsreg.secret import Secret

CHALLENGES = 10_000
AMF = bytes(2)
LEAST = 8.0


def main() -> int:
    """Print the figures; 1 below the least ratio."""
    if importlib.util.find_spec("numpy") is None:
        print("Milenage in batches: skipped, numpy is not installed (pip install 'robotframework-imsreg[batch]')")
        return 0
    from imsreg.aka.batch import MilenageBatch

    random = Random(1)
    k, opc, rands = Secret(random.randbytes(16)), Secret(random.randbytes(16)), random.randbytes(16 * CHALLENGES)
    each = [rands[at : at + 16] for at in range(0, len(rands), 16)]
    one, batch, sqns = Milenage(k, opc), MilenageBatch(k, opc), range(CHALLENGES)
    vectors, last = batch.full_vectors(rands, sqns, AMF), one.full_vector(each[-1], CHALLENGES - 1, AMF)
    if (bytes(vectors.mac_a[-1]), bytes(vectors.ak_star[-1])) != (last.mac_a, last.ak_star):
        raise AssertionError("the two ways differ")
    figures = measure(
        {
            "one after the other": lambda: [one.full_vector(r, s, AMF) for r, s in zip(each, sqns, strict=True)],
            "all at once": lambda: batch.full_vectors(rands, sqns, AMF),
        },
        rounds(__doc__),
    )
    ratios = (Ratio("at once / one after the other", "all at once", "one after the other", LEAST),)
    return report(f"Milenage, {CHALLENGES:,} challenges", figures, ratios)


if __name__ == "__main__":
    sys.exit(main())
