"""What is in the kernel, and whose: nothing is left, nothing of anybody else's is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from ends import PATIENCE, USUAL
from kernel_state import held
from wire import UE_HOSTS

from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.kernel import KernelBackend
from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.netlink import Netlink
from imsreg.net.ipsec.owner import usual_directory
from imsreg.net.ipsec.probe import probe
from imsreg.net.ipsec.rights import hindrance
from imsreg.net.ipsec.xfrm import Xfrm
from imsreg.net.ipsec.xfrm_policy import Policy, Way
from imsreg.secagree.associations import Association, Name, Side
from imsreg.sip.flow import Address

OWNER = Path(__file__).with_name("owner_process.py")
FAMILIES = 2  # of the ends' addresses, with a policy for marked packets each


@pytest.fixture
def namespace():
    """One in which nothing is but the UE's addresses."""
    from imsreg.net.ipsec.interface import add_address, bring_up

    with Namespace.create() as made:
        with made.entered():
            bring_up("lo")
            for host in UE_HOSTS.values():
                add_address("lo", host)
        yield made


@pytest.fixture
def backend(namespace: Namespace, tmp_path: Path):
    made = KernelBackend([*UE_HOSTS.values()], EventLog(), outside=namespace, ledgers=tmp_path / "ledgers")
    yield made
    made.close()


def foreign(xfrm: Xfrm, spi: int) -> Association:
    """An association of somebody else's."""
    from imsreg.secagree.keys import expand
    from imsreg.secret import Secret

    ends = Address(UE_HOSTS["IPv4"], 0), Address("198.51.100.1", 0)
    made = Association(Name.UL1, spi, *ends)
    xfrm.add(made, expand(USUAL, Secret(bytes(16)), Secret(bytes(16))), tag=1)
    Policy.protecting(Way.OUT, made).add(xfrm.kernel, 1)
    return made


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_a_set_is_four_associations_and_eight_policies(ends, backend, namespace: Namespace, family: str) -> None:
    sas = ends("userspace", "userspace").new_set(family=family)
    before = held(namespace)
    assert before == (0, FAMILIES)
    backend.install(sas, Side.UE)
    assert held(namespace) == (4, FAMILIES + 8)  # four that protect, two ports that are blocked in both directions
    with pytest.raises(BackendError, match="already"):
        backend.install(sas, Side.UE)
    renewed = replace(sas, ue=replace(sas.ue, spi_c=5001, spi_s=5002, port_c=sas.ue.port_s + 1))
    renewed = replace(renewed, p_cscf=replace(sas.p_cscf, spi_c=5003, spi_s=5004, port_c=sas.p_cscf.port_s + 1))
    backend.install(renewed, Side.UE)
    assert held(namespace) == (8, FAMILIES + 14)  # the server port is blocked already
    backend.remove(sas)
    backend.remove(sas)  # twice is harmless
    assert held(namespace) == (4, FAMILIES + 8)
    backend.close()
    backend.close()
    assert held(namespace)[0] == 0


def test_an_spi_in_use_is_refused_and_nothing_of_the_set_is_left(ends, backend, namespace: Namespace) -> None:
    one, other = (ends("userspace", "userspace").new_set() for _ in range(2))
    other = replace(one, ue=replace(one.ue, spi_c=4001, spi_s=one.ue.spi_s, port_c=4002, port_s=4003))
    backend.install(one, Side.UE)
    before = held(namespace)
    with pytest.raises(BackendError, match=f"SPI {one.p_cscf.spi_s} is in use"):
        backend.install(other, Side.UE)
    assert held(namespace) == before
    backend.remove(other)
    assert held(namespace) == before


def test_a_policy_in_use_is_refused_and_nothing_of_the_set_is_left(ends, backend, namespace: Namespace) -> None:
    one = ends("userspace", "userspace").new_set()
    other = replace(one, ue=replace(one.ue, spi_c=4001, spi_s=4002), p_cscf=replace(one.p_cscf, spi_c=4003, spi_s=4004))
    backend.install(one, Side.UE)
    before = held(namespace)
    with pytest.raises(BackendError, match="has a policy from"):
        backend.install(other, Side.UE)
    assert held(namespace) == before


def test_an_address_that_is_not_ours_and_a_peer_that_is_are_refused(ends, backend, namespace: Namespace) -> None:
    sas = ends("userspace", "userspace").new_set()
    with pytest.raises(BackendError, match="none of this side's addresses"):
        backend.install(replace(sas, ue_host="192.0.2.9"), Side.UE)
    with pytest.raises(BackendError, match="nothing over loopback"):
        backend.install(replace(sas, p_cscf_host="127.0.0.1"), Side.UE)
    assert held(namespace) == (0, FAMILIES)


def test_somebody_elses_stay(ends, backend, namespace: Namespace) -> None:
    with namespace.entered(), Xfrm() as xfrm:
        theirs = foreign(xfrm, 9000)
        backend.install(ends("userspace", "userspace").new_set(), Side.UE)
        backend.close()
        assert xfrm.tag(theirs) == 1
        assert Policy.protecting(Way.OUT, theirs).tag(xfrm.kernel) == 1


def test_what_has_gone_meanwhile_is_no_obstacle(ends, backend, namespace: Namespace) -> None:
    sas = ends("userspace", "userspace").new_set()
    backend.install(sas, Side.UE)
    with namespace.entered(), Xfrm() as xfrm:
        for each in sas.associations:  # as somebody does who flushes
            xfrm.delete(each)
        xfrm.add(sas.associations[0], sas.keys, tag=1)  # and has taken the SPI
        with pytest.raises(BackendError, match="taken it out"):
            backend.counters(sas.associations[1])
        backend.close()
        assert xfrm.tag(sas.associations[0]) == 1


def test_what_a_killed_owner_has_left_is_swept_and_only_that(ends, namespace: Namespace, tmp_path: Path) -> None:
    gm = ends("userspace", "userspace")
    dead, living = gm.new_set(), gm.new_set()
    ledgers = tmp_path / "ledgers"
    with ExitStack() as undo:
        undo.enter_context(namespace.entered())
        xfrm = undo.enter_context(Xfrm())
        theirs = foreign(xfrm, 9000)
        first, second = (started(undo, namespace, ledgers, each) for each in (dead, living))
        assert held(namespace) == (9, 1 + 2 * 9)
        first.kill()
        first.wait(PATIENCE)
        assert held(namespace) == (9, 1 + 2 * 9)
        taken = dead.associations[0]
        xfrm.delete(taken)
        xfrm.add(taken, dead.keys, tag=1)  # its SPI is somebody else's by now
        with_us = KernelBackend([UE_HOSTS["IPv6"]], EventLog(), ledgers=ledgers)
        assert held(namespace) == (1 + 4 + 1, 1 + 9 + 1)
        assert xfrm.tag(theirs) == 1
        assert xfrm.tag(taken) == 1
        assert all(xfrm.tag(each) not in (None, 1) for each in living.associations)
        assert second.poll() is None
        with_us.close()
    assert [path.name.partition("-")[0] for path in ledgers.iterdir()] == [str(second.pid)]


def test_what_is_left_in_another_namespace_waits_for_a_sweep_there(ends, namespace: Namespace, tmp_path: Path) -> None:
    ledgers = tmp_path / "ledgers"
    with ExitStack() as undo:
        process = started(undo, namespace, ledgers, ends("userspace", "userspace").new_set())
        process.kill()
        process.wait(PATIENCE)
        for where, left in ((Namespace.current(), 4), (namespace, 0)):
            with where.entered():
                KernelBackend([], EventLog(), ledgers=ledgers).close()
            assert held(namespace)[0] == left
    assert [*ledgers.iterdir()] == []


def started(undo: ExitStack, namespace: Namespace, ledgers: Path, sas) -> subprocess.Popen:
    wanted = {"hosts": [sas.ue_host, sas.p_cscf_host], "ue": astuple(sas.ue), "p_cscf": astuple(sas.p_cscf)}
    command = [sys.executable, str(OWNER), str(namespace.fileno()), str(ledgers), json.dumps(wanted)]
    process = subprocess.Popen(command, pass_fds=[namespace.fileno()], stdout=subprocess.PIPE, text=True)
    undo.enter_context(process)
    undo.callback(process.kill)
    assert process.stdout.readline() == "installed\n"
    return process


def test_the_directory_is_not_shared(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(BackendError, match="not this user's alone"):
        KernelBackend([], EventLog(), ledgers=shared)


def test_nothing_secret_is_written_down(ends, backend, tmp_path: Path) -> None:
    sas = ends("userspace", "userspace").new_set()
    backend.install(sas, Side.UE)
    (ledger,) = (tmp_path / "ledgers").iterdir()
    text = ledger.read_text(encoding="utf-8")
    assert str(sas.p_cscf.spi_s) in text
    assert all(each.reveal().hex() not in text.lower() for each in (sas.keys.encryption, sas.keys.integrity))


def test_owners_write_where_the_user_has_a_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert usual_directory() == tmp_path / "imsreg"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert usual_directory().name == f"imsreg-{os.geteuid()}"


def test_a_policy_that_is_to_expire_does_so_by_itself(namespace: Namespace) -> None:
    policy = Policy(Way.OUT, mark=7, family=2)
    with namespace.entered(), Xfrm() as xfrm, Netlink(6, groups=0x2) as expiring:  # XFRMGRP_EXPIRE
        policy.add(xfrm.kernel, 5)
        assert policy.tag(xfrm.kernel) == 5
        policy.expire(xfrm.kernel, 5, 1)
        assert [each.kind for each in expiring.hear(PATIENCE)] == [0x1B]  # XFRM_MSG_POLEXPIRE
        assert policy.tag(xfrm.kernel) is None


def test_the_probe_finds_everything() -> None:
    assert [str(each) for each in probe() if each.hindrance] == []
    assert hindrance("kernel", "IPv4") is hindrance("kernel", "IPv6") is hindrance("userspace") is None
