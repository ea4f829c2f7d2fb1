"""A process that has the UE's back end, for tests that kill it.

    gateway_process.py NAMESPACE CHANNEL

Both are open files. It hands out a protected UDP socket at the UE's client port and tells the name of its private
namespace, and then waits for its death.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from random import Random

from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.userspace import UserspaceBackend
from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret

CK, IK = Secret(bytes(range(16))), Secret(bytes(range(16, 32)))


def main() -> None:
    """See above."""
    outside, channel = Namespace(int(sys.argv[1])), socket.socket(fileno=int(sys.argv[2]))
    wanted = json.loads(channel.recv(4096))
    keys = expand(Transform("hmac-sha-1-96", "aes-cbc"), CK, IK)
    sas = SaSet(*wanted["hosts"], Endpoints(*wanted["ue"]), Endpoints(*wanted["p_cscf"]), keys)
    backend = UserspaceBackend(wanted["hosts"][:1], EventLog(), Random(), outside=outside)
    backend.install(sas, Side.UE)
    source = sas.associations[0].source
    with backend.open_socket(source, "UDP") as opened:
        opened.bind(source)
        socket.send_fds(channel, [backend.inside.identity.encode()], [opened.fileno()])
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
