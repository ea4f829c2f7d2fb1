"""What a whole registration over ESP takes, against one in the clear in the same run.

    python suites/benchmarks/ipsec_registration.py [--rounds N]

REGISTER, 401, REGISTER and 200 between the simulated UE and the reference core, a process of its own, over UDP and
IPv4 in a network namespace made for it: four associations at each side, AES-CBC and HMAC-SHA-1-96. Limit: the median
over ESP is below 50 ms. What is not counted: namespaces, devices, and the de-registration after each round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from contextlib import ExitStack

from imsreg.net.ipsec.rights import userspace_hindrance
from imsreg.paths import data
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings

LIMIT = 50e-3
PROFILES = {"in the clear": "embedded-core.yaml", "over ESP": "embedded-core-ipsec.yaml"}


def registered(session: Session, name: str) -> float:
    """Seconds from the first REGISTER to the 200. The name draws SPIs and ports, which no two rounds may share."""
    case = CscfCase(session, name, [])
    ue = case.power_on()
    begun = time.perf_counter()
    response = ue.register()
    seconds = time.perf_counter() - begun
    if response.status != 200:
        raise SystemExit(f"the registration got {response.status}")
    case.close()
    return seconds


def main() -> int:
    """Measure; exit class 1 beyond the limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    if (why := userspace_hindrance()) is not None:
        print(f"not measured: {why}")
        return 0
    times: dict[str, list[float]] = {name: [] for name in PROFILES}
    with ExitStack() as undo:
        sessions = {
            name: undo.enter_context(Session(Settings(profile=data("fixtures", "profiles", file))))
            for name, file in PROFILES.items()
        }
        for each in sessions.values():
            registered(each, "first")  # the first one imports what it needs
        for number in range(rounds):
            for name, session in sessions.items():
                times[name].append(registered(session, f"round {number}"))
    medians = {name: statistics.median(each) for name, each in times.items()}
    for name, each in times.items():
        tenth = statistics.quantiles(each, n=10)
        print(f"{name:<14} {medians[name] * 1000:6.1f} ms   from {tenth[0] * 1000:.1f} to {tenth[-1] * 1000:.1f} ms")
    ratio = medians["over ESP"] / medians["in the clear"]
    within = medians["over ESP"] < LIMIT
    print(f"{ratio:.1f} times as long; limit {LIMIT * 1000:.0f} ms: {'kept' if within else 'EXCEEDED'}")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
