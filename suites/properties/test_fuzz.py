"""The mutation fuzzer: a short run finds nothing, and what it is there to find it does find and keeps."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import deque
from random import Random

import atheris_parse
import fuzz
import pytest
from exercise import LIMIT, TYPED, Broken, Clock, TooSlow, read_message, read_reginfo, read_stream, run_lint
from havoc import Mutator, message_seeds, reginfo_seeds

from imsreg.sip.draft import DraftField
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.message import Message, MessageError, parse
from imsreg.sip.mutation import MUTATIONS


def test_a_short_run_finds_nothing(tmp_path, capsys):
    assert fuzz.main(["--count", "1500", "--processes", "1", "--crashes", str(tmp_path / "none")]) == 0
    shown = capsys.readouterr().out
    assert "mutants                 1,500" in shown
    assert "findings                    0" in shown
    assert not (tmp_path / "none").exists()


def test_the_same_seed_and_index_give_the_same_mutant():
    one, other = fuzz.Fuzzer(7), fuzz.Fuzzer(7)
    assert [one.mutant(index)[:2] for index in range(200)] == [other.mutant(index)[:2] for index in range(200)]
    assert [one.mutant(index)[1] for index in range(1, 9)] != [fuzz.Fuzzer(8).mutant(index)[1] for index in range(1, 9)]


def test_a_finding_is_kept_with_the_way_to_see_it_again(tmp_path, monkeypatch, capsys):
    # A reader that fails as a careless one would: at a sequence number that is none.
    monkeypatch.setattr(CSeq, "_read", classmethod(lambda cls, text: cls(int(text.split()[0]), text.split()[1])))
    assert fuzz.main(["--count", "600", "--processes", "1", "--crashes", str(tmp_path)]) == 1
    first = min(tmp_path.glob("*.txt"), key=lambda path: int(path.stem.split("-")[1]))
    text = first.read_text(encoding="utf-8")
    command, _, trace = text.partition("\n\n")
    assert "ValueError" in trace or "IndexError" in trace
    assert b"REGISTER" in first.with_suffix(".octets").read_bytes()
    capsys.readouterr()
    assert fuzz.main(command.split()[2:]) == 1
    assert trace.strip().splitlines()[-1] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "attribute", "value", "what"),
    [
        (Message, "body", property(lambda self: b"other"), "body and surplus"),
        (DraftField, "raw", property(lambda self: None, lambda self, value: None), "a draft with one more field"),
        (CSeq, "__str__", lambda self: "1 OTHER", "CSeq '1 OTHER' is not read as it was written"),
        (MessageError, "__str__", lambda self: "two\nlines", "not one line"),
    ],
)
def test_a_broken_promise_is_found(monkeypatch, changed, attribute, value, what):
    monkeypatch.setattr(changed, attribute, value)
    with pytest.raises(Broken, match=what):
        deque(read_message(octets, Clock(), thorough=True) for octets in message_seeds())


def test_a_slow_reader_is_found(monkeypatch):
    now = iter((0.0, LIMIT * 2))
    monkeypatch.setattr("exercise.time.thread_time", lambda: next(now))
    with pytest.raises(TooSlow, match="parse took 200 ms"):
        read_message(b"", Clock(), thorough=False)


def test_every_seed_goes_through_every_reader():
    run_lint(parse(message_seeds()[0]))  # the grammar is compiled at its first use, which takes longer
    clock = Clock()
    read = [read_message(octets, clock, thorough=True) for octets in message_seeds()]
    assert read.count(False) == 10
    read_stream(b"".join(message_seeds()[:5]), Random(0), clock)
    assert all(read_reginfo(octets, clock) for octets in reginfo_seeds())
    assert set(clock.longest) == {"parse", "typed headers", "lint", "framing", "reginfo"}
    assert len(TYPED) >= 45


def test_every_named_mutation_is_drawn_and_most_apply():
    mutator, random = Mutator(message_seeds()), Random(3)
    drawn = {mutator.draw(random)[0] for _ in range(6000)}
    assert {name.removesuffix(", refused") for name in drawn} == {*MUTATIONS, "havoc"}
    assert len(drawn & set(MUTATIONS)) > len(MUTATIONS) - 3


def test_the_coverage_guided_target_is_skipped_in_one_line_without_atheris(monkeypatch, capsys):
    monkeypatch.setattr("atheris_parse.importlib.util.find_spec", lambda name: None)
    assert atheris_parse.main([]) == 0
    assert capsys.readouterr().out == f"{atheris_parse.MISSING}\n"


def test_the_coverage_guided_target_runs_through_its_seeds():
    pytest.importorskip("atheris")
    command = [sys.executable, atheris_parse.__file__, "-runs=1", "-max_total_time=30"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    ended = re.search(r"Done ([0-9]+) runs", done.stderr)
    assert ended is not None
    assert int(ended[1]) >= 2 * len(message_seeds()) + len(reginfo_seeds())
