"""What fixtures give to tests over ESP: associations by name, faults on purpose, sets, requests without an answer."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

from pytests import run_pytest

from imsreg.paths import data

PROFILES = data("fixtures", "profiles")
CORE, UE = (("--imsreg-profile", PROFILES / f"embedded-{side}-ipsec.yaml") for side in ("core", "ue"))


def outcome(directory: Path, source: str, *options: object) -> str:
    """What pytest says of the tests in `source`: its output."""
    return run_pytest(directory, dedent(source), *options)


def test_a_ue_sends_where_it_belongs_and_elsewhere(tmp_path: Path) -> None:
    source = """
        def test_it(power_on):
            ue = power_on(algorithms="aes-gmac/null")
            challenge = ue.send_initial_register().final
            answer = ue.answer(challenge)
            temporary = ue.sets[-1]
            assert (temporary.phase.name, temporary.transform.alg) == ("TEMPORARY", "aes-gmac")
            assert not hasattr(temporary, "keys")
            assert ue.send(answer, on="UL2 of the temporary set").wait_for_answer(within=1) is None
            assert ue.send(answer, on="clear").wait_for_answer(within=1) is None

        def test_two(power_on, imsreg_case):
            first, second = power_on(), power_on()
            first.register()
            second.register()
            before = len(imsreg_case.transcript.entries)
            fetch = first.send(first.registration.fetch(), on="UL1 of the established set")
            assert fetch.wait_for_answer().status == 200
            (label,) = {e.flow.association for e in imsreg_case.transcript.entries[before:] if e.sent}
            assert label.endswith(str(first.sets[-1].p_cscf.spi_s))
            first.inject("bad ICV", first.registration.fetch(), on="UL1 of the established set")
            record = imsreg_case.transcript.esp[-1].event
            assert (record.spi, record.injected.value) == (first.sets[-1].p_cscf.spi_s, "bad ICV")

        def test_kept(simulated_ue):
            simulated_ue.keep_associations()
            simulated_ue.register()
            simulated_ue.deregister()
            assert [each.phase.name for each in simulated_ue.sets] == ["DELETED"]
    """
    said = outcome(tmp_path, source, *CORE)
    assert "3 passed" in said, said


def test_words_that_mean_nothing_are_one_line(tmp_path: Path) -> None:
    source = """
        def test_place(simulated_ue):
            simulated_ue.register()
            simulated_ue.send(simulated_ue.registration.fetch(), on="UL9 of the set")

        def test_fault(simulated_ue):
            simulated_ue.register()
            simulated_ue.inject("bad luck", on="UL1 of the established set")
    """
    said = outcome(tmp_path, source, *CORE)
    assert "2 failed" in said, said
    assert "on: is no place to send from: " in said
    assert "inject: fault: 'bad luck' is none of bad ICV, replay, " in said
    assert "Traceback" not in said


def test_the_network_of_a_ue_sends_elsewhere_and_keeps_its_sets(tmp_path: Path) -> None:
    source = """
        import pytest

        @pytest.mark.requirement("33.203-7.1-09")
        def test_it(simulated_core):
            core = simulated_core
            core.keep_associations()
            core.tell("register")
            register = core.expect_request("REGISTER")
            core.respond(register, core.build.challenge(register))
            answer = core.expect_request("REGISTER")
            ok = core.build.ok(answer)
            core.respond(answer, ok, on="clear")
            core.inject("bad ICV", ok, on="DL2 of the temporary set")
            core.respond(answer, ok)
            subscribe = core.expect_request("SUBSCRIBE")
            core.respond(subscribe, core.build.accept_subscription(subscribe))
            core.post(core.build.options(in_the_clear=True), on="clear")
            assert core.send(core.build.options()).status == 200
            core.tell("deregister")
            bye = core.expect_request("REGISTER")
            core.respond(bye, core.build.ok(bye))
            core.advance(100)
            assert "DELETED" in {each.phase.name for each in core.sets}
    """
    said = outcome(tmp_path, source, *UE)
    assert "1 passed" in said, said
    verdicts = json.loads((tmp_path / "results" / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    assert verdicts["33.203-7.1-09"]["verdict"] == "PASS"
