"""When the gateway dies nothing leaves in the clear, and nothing of it is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path

import pytest
from ends import PATIENCE, Ends
from wire import namespace_users, protocols

from imsreg.net.ipsec.backend import BackendError
from imsreg.secagree.associations import Name, Side
from imsreg.sip.flow import Address

PROCESS = Path(__file__).with_name("gateway_process.py")


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class Gateway:
    """The UE's back end in a process of its own, with a protected socket that outlives it."""

    def __init__(self, gm, undo: ExitStack) -> None:
        self.sas = gm.new_set()
        gm.p_cscf.install(self.sas, Side.P_CSCF)
        channel, theirs = (undo.enter_context(each) for each in socket.socketpair(type=socket.SOCK_SEQPACKET))
        descriptors = gm.wire.ue.fileno(), theirs.fileno()
        command = [sys.executable, str(PROCESS), *map(str, descriptors)]
        self.process = undo.enter_context(subprocess.Popen(command, pass_fds=descriptors))
        undo.callback(self.process.kill)
        hosts = [self.sas.ue_host, self.sas.p_cscf_host]
        channel.settimeout(PATIENCE)
        channel.send(
            json.dumps({"hosts": hosts, "ue": astuple(self.sas.ue), "p_cscf": astuple(self.sas.p_cscf)}).encode()
        )
        name, files, _, _ = socket.recv_fds(channel, 100, 1)
        self.inside = name.decode()
        self.socket = undo.enter_context(socket.socket(fileno=files[0]))

    def kill(self) -> None:
        """SIGKILL, and gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)


@pytest.fixture
def gateway(gm) -> Iterator[Gateway]:
    with ExitStack() as undo:
        yield Gateway(gm, undo)


def test_a_killed_gateway_leaks_nothing(gm, gateway: Gateway) -> None:
    up = gateway.sas.named(Name.UL1)
    with gm.bound(gm.p_cscf, up.destination, "UDP") as receiver:
        gateway.socket.sendto(b"protected", up.destination)
        assert receiver.recvfrom(100)[0] == b"protected"
    assert protocols(gm.wire.frames()) == {50}
    gateway.kill()
    for _ in range(3):
        with pytest.raises(OSError, match="unreachable"):
            gateway.socket.sendto(b"in the clear", up.destination)
    assert protocols(gm.wire.frames()) == set()


def test_a_killed_gateway_leaves_no_namespace(gateway: Gateway) -> None:
    assert namespace_users(gateway.inside) == {gateway.process.pid}
    gateway.kill()
    gateway.socket.close()
    assert namespace_users(gateway.inside) == set()


def test_a_closed_back_end_leaves_nothing(gm, tmp_path: Path) -> None:
    before = open_files()
    made = Ends(gm.wire, tmp_path)
    inside = made.ue.inside.identity
    assert os.getpid() in namespace_users(inside)
    made.installed()
    made.close()
    made.ue.close()  # twice is harmless
    assert namespace_users(inside) == set()
    assert open_files() == before


def test_a_closed_back_end_leaks_nothing(gm) -> None:
    sas = gm.installed()
    up = sas.named(Name.UL1)
    sender, _ = gm.udp_pair(up)
    gm.ue.close()
    with pytest.raises(OSError, match="unreachable"):
        sender.sendto(b"in the clear", up.destination)
    assert protocols(gm.wire.frames()) == set()


def test_an_address_that_is_not_ours_is_refused(gm) -> None:
    with pytest.raises(BackendError, match="none of this side's addresses"):
        gm.ue.install(gm.new_set(), Side.P_CSCF)


def test_an_address_that_no_interface_has_is_refused_and_leaves_nothing(gm) -> None:
    before = open_files()
    with pytest.raises(OSError, match="assign"):
        type(gm.ue)([Address("10.99.0.1", 0).host], gm.ue_log, gm.random, outside=gm.wire.ue)
    assert open_files() == before
