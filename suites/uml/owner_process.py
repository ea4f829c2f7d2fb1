"""A process that has a kernel back end, for tests that kill it.

    owner_process.py NAMESPACE LEDGERS SAS

NAMESPACE is an open file, SAS a set of associations as JSON. It says when that is installed, and waits for its death.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from imsreg.net.ipsec.kernel import KernelBackend
from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.namespace import Namespace
from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret


def main() -> None:
    """See above."""
    wanted = json.loads(sys.argv[3])
    keys = expand(Transform("hmac-sha-1-96", "aes-cbc"), Secret(bytes(range(16))), Secret(bytes(range(16, 32))))
    sas = SaSet(*wanted["hosts"], Endpoints(*wanted["ue"]), Endpoints(*wanted["p_cscf"]), keys)
    outside = Namespace(int(sys.argv[1]))
    backend = KernelBackend([sas.ue_host], EventLog(), outside=outside, ledgers=Path(sys.argv[2]))
    backend.install(sas, Side.UE)
    print("installed", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
