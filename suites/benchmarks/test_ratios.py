"""The benchmarks measure what they name, and a ratio below its least is noticed. How fast anything is, is not asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

import headers  # noqa: E402
import milenage  # noqa: E402
import ratios  # noqa: E402

from imsreg.aka.milenage import Milenage  # noqa: E402
from imsreg.secret import Secret  # noqa: E402
from imsreg.sip.message import parse  # noqa: E402


@pytest.mark.parametrize(("least", "code"), [(3.9, 0), (4.1, 1), (None, 0)])
def test_a_ratio_below_its_least_fails(capsys, least, code):
    figures = {"fast": 1e-6, "slow": 4e-6}
    assert ratios.report("title", figures, [ratios.Ratio("fast / slow", "fast", "slow", least)]) == code
    assert "4.00 times" in capsys.readouterr().out


def test_every_way_is_measured_in_every_round():
    calls = []
    figures = ratios.measure({"one": lambda: calls.append(1), "two": lambda: calls.append(2)}, 3, seconds=1e-9)
    assert list(figures) == ["one", "two"]
    assert all(seconds > 0 for seconds in figures.values())
    assert calls[-6:] == [1, 2] * 3


def test_the_six_calls_are_milenage():
    six = milenage.SixCalls(milenage.K, milenage.OPC).outputs(milenage.RAND, milenage.SQN, milenage.AMF)
    ours = Milenage(Secret(milenage.K), Secret(milenage.OPC))
    assert six == ours.outputs(milenage.RAND, int.from_bytes(milenage.SQN), milenage.AMF)
    # TS 35.208 4.3.1: MAC-A and MAC-S.
    assert six[:16].hex() == "4a9ffac354dfafb301cfaf9ec4e871e9"


def test_each_header_that_is_typed_is_in_the_message():
    message = parse(headers.REGISTER)
    assert all(message.get_all(header) for header in headers.OURS)
    assert len(message.headers) == len(headers.OURS)
    assert message.defects == ()


def test_both_packages_read_the_same():
    sipmessage = pytest.importorskip("sipmessage")
    theirs, ours = sipmessage.Message.parse(headers.REGISTER), parse(headers.REGISTER)
    assert all(theirs.headers.getlist(field.name) == [field.value] for field in ours.headers)
    assert all(getattr(theirs, name) is not None for name in headers.OURS.values())
