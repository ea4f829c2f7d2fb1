"""What the probe says of this host, and what somebody without rights is told."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.probe import FAMILIES, Finding, Provider, probe
from imsreg.net.ipsec.reasons import ELSEWHERE, kernel_reason
from imsreg.net.ipsec.rights import THREE_WAYS, hindrance
from imsreg.net.ipsec.xfrm import Xfrm
from imsreg.secagree.associations import Association, Name
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address

# Every capability of the process given up (capset: version 3, this process; two times three empty sets).
CODE = """
import ctypes, struct
from imsreg.net.ipsec.probe import probe
assert ctypes.CDLL(None).capset(struct.pack("=Ii", 0x20080522, 0), bytes(24)) == 0
print(*sorted({str(each.hindrance) for each in probe()}), sep="\\n")
"""


@pytest.fixture(scope="module")
def findings(rights: None) -> tuple[Finding, ...]:
    return probe()


def test_every_provider_combination_and_family_has_a_finding(findings: tuple[Finding, ...]) -> None:
    found = [(each.provider, each.transform, each.family) for each in findings]
    assert found == [(p, t, f) for p in Provider for f in FAMILIES for t in ALL_TRANSFORMS]


def test_the_userspace_back_end_carries_everything(findings: tuple[Finding, ...]) -> None:
    assert [str(each) for each in findings if each.provider is Provider.USERSPACE and each.hindrance] == []


def test_a_kernel_that_refuses_has_a_reason_in_words(findings: tuple[Finding, ...]) -> None:
    reasons = {each.hindrance for each in findings if each.provider is Provider.KERNEL and each.hindrance}
    # Not EINVAL and its like: what was asked was understood.
    assert all(reason.startswith("this kernel ") and reason.endswith(ELSEWHERE) for reason in reasons)


def test_a_caller_asks_for_one_back_end_and_family(findings: tuple[Finding, ...]) -> None:
    simplest = Transform("hmac-sha-1-96", "null")
    for each in findings:
        if each.transform == simplest:
            assert hindrance(each.provider.value, each.family) == each.hindrance


def test_every_refusal_of_the_kernel_is_one_line() -> None:
    assert kernel_reason(OSError(errno.EPROTONOSUPPORT, "")).endswith(f"loaded it: {ELSEWHERE}")
    assert kernel_reason(OSError(errno.EPERM, "")) == "CAP_NET_ADMIN missing in this network namespace"
    assert kernel_reason(OSError(errno.ENOMEM, "")) == "Cannot allocate memory"


def test_the_probe_leaves_the_thread_where_it_was(findings: tuple[Finding, ...]) -> None:
    before = Namespace.current()
    probe()
    with before, Namespace.current() as after:
        assert before.identity == after.identity


def test_the_kernels_association_is_added_once_and_deleted_by_name(rights: None) -> None:
    keys = expand(Transform("hmac-sha-1-96", "null"), Secret(bytes(range(16))), Secret(bytes(range(16, 32))))
    ends = Address("192.0.2.1", 5001), Address("192.0.2.2", 5002)
    one, other = (Association(Name.UL1, spi, *ends) for spi in (4097, 4098))
    with Namespace.create() as scratch, scratch.entered(), Xfrm() as kernel:
        try:
            kernel.add(one, keys)
        except OSError as error:
            pytest.skip(f"the kernel's ESP: {error.strerror}")
        kernel.add(other, keys)
        with pytest.raises(FileExistsError):
            kernel.add(one, keys)
        kernel.delete(one)
        with pytest.raises(ProcessLookupError):
            kernel.delete(one)
        kernel.delete(other)


def test_without_rights_the_reason_names_what_is_missing_and_the_ways_to_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines == [
        f"CAP_NET_ADMIN and CAP_NET_RAW and CAP_SYS_ADMIN missing: {THREE_WAYS}",
    ]
