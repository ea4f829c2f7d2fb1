"""The kernel back end where it needs no kernel with ESP: fragments, the owner's file, and policies, which any has."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from imsreg.net.ipsec import kernel
from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.interface import add_address, bring_up
from imsreg.net.ipsec.kernel import KernelBackend
from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.netlink import DUMP
from imsreg.net.ipsec.owner import Ledger, sweep, take_out
from imsreg.net.ipsec.rights import hindrance
from imsreg.net.ipsec.xfrm import Xfrm, selector_of
from imsreg.net.ipsec.xfrm_policy import Policy, Way
from imsreg.secagree.associations import Association, Name, SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.fragments import Reassembly
from imsreg.secagree.ip import build_ip, parse_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address

ESP = 50
HERE, THERE = Address("192.0.2.1", 5001), Address("192.0.2.2", 5002)
HERE_6, THERE_6 = Address("2001:db8::1", 5001), Address("2001:db8::2", 5002)
ENDS = pytest.mark.parametrize("ends", [(HERE, THERE), (HERE_6, THERE_6)], ids=["IPv4", "IPv6"])
_GET_POLICY = 0x15


@pytest.fixture
def scratch(rights: None) -> Iterator[Namespace]:
    """A namespace of the test's own with the addresses of this side."""
    with Namespace.create() as made:
        with made.entered():
            bring_up("lo")
            for each in (HERE, HERE_6):
                add_address("lo", each.host)
        yield made


@pytest.fixture
def xfrm(scratch: Namespace) -> Iterator[Xfrm]:
    with scratch.entered(), Xfrm() as made:
        yield made


def policies(xfrm: Xfrm) -> int:
    return len(xfrm.kernel.request(_GET_POLICY, b"", DUMP))


def ipv4_fragments(payload: bytes, size: int, ident: int = 7) -> list[bytes]:
    whole = build_ip(bytes(4), bytes(3) + b"\1", ESP, b"")
    found = []
    for offset in range(0, len(payload), size):
        piece, more = payload[offset : offset + size], offset + size < len(payload)
        head = whole[:2] + struct.pack("!HHH", 20 + len(piece), ident, more << 13 | offset // 8) + whole[8:]
        found.append(head + piece)
    return found


def ipv6_fragments(payload: bytes, size: int, ident: int = 7) -> list[bytes]:
    found = []
    for offset in range(0, len(payload), size):
        piece, more = payload[offset : offset + size], offset + size < len(payload)
        extension = struct.pack("!BBHI", ESP, 0, offset | more, ident)
        found.append(build_ip(bytes(16), bytes(15) + b"\1", 44, extension + piece))
    return found


CUT = pytest.mark.parametrize("cut", [ipv4_fragments, ipv6_fragments])


@CUT
def test_fragments_make_a_packet_in_any_order(cut) -> None:
    payload = Random(1).randbytes(4000)
    for seed in range(10):
        pieces = cut(payload, 1400)
        Random(seed).shuffle(pieces)
        fragments = Reassembly()
        *before, last = (fragments.take(each) for each in pieces)
        assert before == [None, None]
        assert (last.protocol, last.payload) == (ESP, payload)


@CUT
def test_fragments_of_different_packets_are_kept_apart(cut) -> None:
    one, other = cut(bytes(3000), 1400, ident=1), cut(b"x" * 3000, 1400, ident=2)
    fragments = Reassembly()
    found = [fragments.take(each) for pair in zip(one, other, strict=True) for each in pair]
    assert [each.payload for each in found if each is not None] == [bytes(3000), b"x" * 3000]


def test_packets_that_are_never_complete_are_given_up() -> None:
    fragments = Reassembly(64)
    first, *_ = ipv4_fragments(bytes(3000), 1400, ident=0)
    fragments.take(first)
    for ident in range(1, 1000):
        fragments.take(ipv4_fragments(bytes(3000), 1400, ident=ident)[0])
    assert len(fragments._waiting) == 64
    assert fragments.take(ipv4_fragments(bytes(3000), 1400, ident=0)[1]) is None


@pytest.mark.parametrize("ends", [(HERE, THERE), (HERE_6, THERE_6)])
def test_a_whole_packet_passes(ends: tuple[Address, Address]) -> None:
    packet = build_ip(*(bytes(4) if ":" not in each.host else bytes(16) for each in ends), ESP, b"x" * 100)
    assert Reassembly().take(packet) == parse_ip(packet)


def test_structures_have_the_lengths_of_the_kernels() -> None:
    assert len(selector_of(HERE, THERE)) == len(selector_of(None, HERE_6)) == 56
    policy = Policy(Way.IN, None, HERE)
    assert len(policy._template(1)) == 64
    assert len(policy._named_by()) == 64


@ENDS
def test_a_policy_is_added_once_and_known_by_its_tag(xfrm: Xfrm, ends: tuple[Address, Address]) -> None:
    association = Association(Name.UL1, 4097, *ends)
    family = 10 if ":" in ends[0].host else 2
    for policy in (
        Policy.protecting(Way.OUT, association),
        Policy.protecting(Way.IN, association),
        Policy(Way.IN, None, ends[0]),
        Policy(Way.OUT, ends[0], None),
        Policy(Way.OUT, mark=5, family=family),
    ):
        assert policy.tag(xfrm.kernel) is None
        policy.add(xfrm.kernel, 0xFFFF_FFFE)
        with pytest.raises(FileExistsError):
            policy.add(xfrm.kernel, 1)
        assert policy.tag(xfrm.kernel) == 0xFFFF_FFFE
        take_out(xfrm, policy, 1)  # somebody else's
        assert policy.tag(xfrm.kernel) == 0xFFFF_FFFE
        take_out(xfrm, policy, 0xFFFF_FFFE)
        take_out(xfrm, policy, 0xFFFF_FFFE)  # twice is harmless
        assert policies(xfrm) == 0


def test_a_living_owner_keeps_its_own_and_a_dead_ones_goes(xfrm: Xfrm, tmp_path: Path) -> None:
    dead, living = Ledger(tmp_path), Ledger(tmp_path)
    ours, theirs = Policy(Way.IN, None, HERE), Policy(Way.IN, None, HERE_6)
    for ledger, policy in ((dead, ours), (living, theirs)):
        ledger.note(policy)
        policy.add(xfrm.kernel, ledger.tag)
    dead.note(Association(Name.DL1, 4097, THERE, HERE))  # announced, and never done
    os.close(dead._file)  # as the kernel does when a process ends
    assert sweep(xfrm, tmp_path) == 1
    assert sweep(xfrm, tmp_path) == 0
    assert ours.tag(xfrm.kernel) is None
    assert theirs.tag(xfrm.kernel) == living.tag
    living.close()
    assert [*tmp_path.iterdir()] == []


def test_what_was_before_the_last_boot_is_gone_and_its_file_with_it(xfrm: Xfrm, tmp_path: Path) -> None:
    policy = Policy(Way.IN, None, HERE)
    policy.add(xfrm.kernel, 3)
    lines = [["another-boot", [1, 2], 3], ["policy", None, list(HERE), "IN", None, 0, 0]]
    (tmp_path / "1-3.xfrm").write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    assert sweep(xfrm, tmp_path) == 1
    assert policy.tag(xfrm.kernel) == 3
    assert [*tmp_path.iterdir()] == []


def test_the_last_line_of_a_killed_owner_may_be_cut(xfrm: Xfrm, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    os.write(ledger._file, b'["policy", nul')
    os.close(ledger._file)
    (tmp_path / "2-3.xfrm").touch()  # of an owner that is about to begin
    assert sweep(xfrm, tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["2-3.xfrm"]


def test_a_directory_of_somebody_elses_is_refused(xfrm: Xfrm, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    real.chmod(0o770)
    for each in ("real", "link"):
        with pytest.raises(BackendError, match="not this user's alone"):
            sweep(xfrm, tmp_path / each)


def test_where_packets_would_be_opened_unseen_nothing_is_installed(
    scratch: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = KernelBackend([HERE.host], EventLog(), outside=scratch, ledgers=tmp_path / "ledgers")
    monkeypatch.setattr(kernel, "offload_hindrance", lambda: "esp4_offload would hide packets")
    with pytest.raises(BackendError, match="would hide packets"):
        backend.install(a_set(), Side.UE)
    with pytest.raises(BackendError, match="would hide packets"):
        KernelBackend([HERE.host], EventLog(), outside=scratch, ledgers=tmp_path / "ledgers")
    backend.close()


def test_the_thread_stays_where_it_was_and_nothing_stays_open(scratch: Namespace, tmp_path: Path) -> None:
    with Namespace.current() as before:
        files = len([*Path("/proc/self/fd").iterdir()])
        backend = KernelBackend([HERE.host], EventLog(), outside=scratch, ledgers=tmp_path / "ledgers")
        with Namespace.current() as after:
            assert after.identity == before.identity != scratch.identity
        backend.close()
        backend.close()
        with pytest.raises(OSError, match="assign"):
            KernelBackend(["198.51.100.1"], EventLog(), outside=scratch, ledgers=tmp_path / "ledgers")
        assert len([*Path("/proc/self/fd").iterdir()]) == files
    assert [*(tmp_path / "ledgers").iterdir()] == []


def a_set() -> SaSet:
    keys = expand(Transform("hmac-sha-1-96", "aes-cbc"), Secret(bytes(16)), Secret(bytes(16)))
    return SaSet(HERE.host, THERE.host, Endpoints(301, 302, 5001, 5003), Endpoints(303, 304, 5002, 5004), keys)


def test_a_set_that_the_kernel_refuses_leaves_nothing(scratch: Namespace, xfrm: Xfrm, tmp_path: Path) -> None:
    if hindrance("kernel") is None:
        pytest.skip("this kernel has ESP: suites/uml has the rest")
    backend = KernelBackend([HERE.host], EventLog(), outside=scratch, ledgers=tmp_path / "ledgers")
    before = policies(xfrm)
    for _ in range(2):
        with pytest.raises(BackendError, match=r"this kernel .* run inside User Mode Linux"):
            backend.install(a_set(), Side.UE)
        assert policies(xfrm) == before == 1  # for packets of marked sockets
    backend.close()
    assert [*(tmp_path / "ledgers").iterdir()] == []
