"""The pytest plugin, run by pytest itself on the embedded core: outcomes, evidence, options, workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from imsreg import pytest_plugin
from imsreg.paths import data
from imsreg.pytest_support import objects
from imsreg.transcript.evidence import slug

pytest_plugins = ["pytester"]

LOADED = objects
"""pytester unloads what a run imports, and cryptography cannot be loaded twice."""

EXAMPLE = """
    def test_my_registrar_challenges(dut, simulated_ue):
        exchange = simulated_ue.send_initial_register()
        assert exchange.final.status == 401
        exchange.requirements("24.229/5.4.1.2.1").should_hold()
"""
QOP = """
    import pytest

    @pytest.mark.requirement("rfc3261-22.4-01")
    def test_qop(simulated_ue):
        assert simulated_ue.register().final.status == 200
"""
WITHOUT_QOP = ("--imsreg-mutant", "c-challenge-without-qop")
INSTALLED = any(point.name == "imsreg" for point in entry_points(group="pytest11"))
QUIET = ("-ra", "-W", "error", "-p", "no:cacheprovider", "-p", "no:benchmark")

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the tests in `source` in this process, on the in-memory link unless `link` says otherwise."""
    monkeypatch.delenv("IMSREG_PROFILE", raising=False)

    def run(source: str, *options: str, link: str = "memory") -> pytest.RunResult:
        pytester.makepyfile(test_it=source)
        plugins = [] if INSTALLED else [pytest_plugin]
        return pytester.runpytest_inprocess(
            *QUIET, "--imsreg-link", link, *options, plugins=plugins, no_reraise_ctrlc=True
        )

    return run


@pytest.fixture
def run_apart(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the tests in `source` in a process of its own."""
    monkeypatch.delenv("IMSREG_PROFILE", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))

    def run_apart(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_it=source)
        loaded = () if INSTALLED else ("-p", "imsreg.pytest_plugin")
        return pytester.runpytest_subprocess(*QUIET, *loaded, "--imsreg-link", "memory", *options, timeout=60)

    return run_apart


@pytest.fixture
def profile(pytester: pytest.Pytester) -> Callable[..., str]:
    """Writes a profile: that of the embedded core, with `changes` to its text."""

    def profile(**changes: str) -> str:
        text = data("fixtures", "profiles", "embedded-core.yaml").read_text(encoding="utf-8")
        text = text.replace("../subscribers", str(data("fixtures", "subscribers")))
        for old, new in changes.items():
            lines = [new if line.strip().startswith(f"{old}:") else line for line in text.splitlines()]
            text = "\n".join(lines) + "\n"
        path = pytester.path / "profile.yaml"
        path.write_text(text + changes.get("more", ""), encoding="utf-8")
        return str(path)

    return profile


def verdicts(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "results" / "verdicts.json").read_text(encoding="utf-8"))
    return {identifier: entry["verdict"] for identifier, entry in found["verdicts"].items()}


def journal(directory: Path) -> list[dict[str, Any]]:
    lines = (directory / "results" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_example_passes_on_the_embedded_core(run: Run, pytester: pytest.Pytester) -> None:
    result = run(EXAMPLE)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*= imsreg =*", "1 requirement: 1 PASS, 0 FAIL, *", "*results/verdicts.json*"])
    assert verdicts(pytester.path) == {"24.229-5.4.1.2.1-01": "PASS"}
    evidence = pytester.path / "results" / "evidence" / slug("test_it.py::test_my_registrar_challenges")
    assert {path.name for path in evidence.iterdir()} == {"transcript.txt", "wire.pcapng", "ladder.svg"}
    assert [r["status"] for r in journal(pytester.path) if r["record"] == "test"] == ["passed"]


def test_a_mutant_fails_the_test_with_the_four_lines(run: Run, pytester: pytest.Pytester) -> None:
    result = run(QOP, *WITHOUT_QOP)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_qop _*",
            "RFC 3261 22.4 [[]rfc3261-22.4-01] MUST: sends qop in every digest challenge",
            "Expected: *qop*",
            "  Actual: *",
            "   Where: message 2 of the ladder, 401 Unauthorized, P-CSCF -> UE, line *",
            "Reproduce: pytest --imsreg-link memory --imsreg-mutant c-challenge-without-qop test_it.py::test_qop",
            "*- imsreg ladder -*",
            "*! rfc3261-22.4-01: *",
            "Evidence: results/evidence/test-it-py-test-qop-*",
            "FAILED test_it.py::test_qop - Failed: RFC 3261 22.4 *",
        ]
    )
    assert "pytest_plugin" not in result.stdout.str()
    assert verdicts(pytester.path)["rfc3261-22.4-01"] == "FAIL"


def test_should_hold_fails_where_it_is_called(run: Run) -> None:
    source = """
        def test_qop(simulated_ue):
            simulated_ue.send_initial_register().requirements("rfc3261/22.4").should_hold()
            raise RuntimeError("not reached")
    """
    result = run(source, *WITHOUT_QOP)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["RFC 3261 22.4 [[]rfc3261-22.4-01] MUST: *", "Expected: *"])
    assert "RuntimeError" not in result.stdout.str()
    assert "objects.py" not in result.stdout.str()


def test_an_assertion_of_the_test_keeps_its_traceback(run: Run) -> None:
    result = run(QOP.replace("== 200", "== 201"), *WITHOUT_QOP)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [">       assert simulated_ue.register().final.status == 201", "*- imsreg verdicts -*", "RFC 3261 22.4 *"]
    )


def test_a_requirement_that_does_not_apply_skips_the_test(run: Run, pytester: pytest.Pytester) -> None:
    source = """
        import pytest

        @pytest.mark.requirement("33.203-H-01")
        def test_marked(simulated_ue):
            simulated_ue.send_initial_register().final

        def test_asked(simulated_ue):
            simulated_ue.send_initial_register().requirements("33.203-H-01").should_hold()
            raise RuntimeError("not reached")
    """
    plain = str(data("fixtures", "profiles", "embedded-core-plain.yaml"))
    result = run(source, f"--imsreg-profile={plain}")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED [[]1] test_it.py:*: N/A: profile says security: none"] * 2)
    assert verdicts(pytester.path) == {"33.203-H-01": "N/A"}


def test_what_the_profile_lacks_skips_the_test(run: Run, profile: Callable[..., str]) -> None:
    source = """
        def test_tcp(power_on):
            power_on(transport="TCP")
    """
    result = run(source, "--imsreg-profile", profile(transports="  transports: [udp]"))
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED [[]1] test_it.py:1: N/A: the profile's transports are udp"])


def test_a_known_deviation_is_an_expected_failure(run: Run, profile: Callable[..., str]) -> None:
    known = profile(more="deviations: [{id: rfc3261-22.4-01, because: an old stack}]\n")
    result = run(QOP, *WITHOUT_QOP, "--imsreg-profile", known)
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(["XFAIL test_it.py::test_qop - *KNOWN: an old stack"])
    run(QOP, *WITHOUT_QOP, "--imsreg-profile", known, "--imsreg-ignore-known").assert_outcomes(failed=1)


def test_a_broken_should_passes_with_its_finding_unless_strict(run: Run) -> None:
    source = QOP.replace("rfc3261-22.4-01", "rfc3261-22.1-02")
    odd = ("--imsreg-mutant", "c-challenge-realm-without-host")
    result = run(source, *odd, "-rP")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*- imsreg verdicts -*", "RFC 3261 22.1 [[]rfc3261-22.1-02] SHOULD: *"])
    run(source, *odd, "--imsreg-spec-strict").assert_outcomes(failed=1)


def test_an_unmet_precondition_is_inconclusive(run: Run, pytester: pytest.Pytester) -> None:
    result = run(QOP.replace("rfc3261-22.4-01", "rfc3261-8.2.2.3-01"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["INCONCLUSIVE precondition: *"])
    assert verdicts(pytester.path) == {"rfc3261-8.2.2.3-01": "INCONCLUSIVE"}


def test_a_dut_that_is_not_there_is_inconclusive(run: Run, profile: Callable[..., str]) -> None:
    absent = profile(embedded="  address: 127.0.2.9\n  port: 9", security="security: none")
    source = QOP.replace("import pytest", "import pytest\n    pytestmark = pytest.mark.parametrize('n', range(3))")
    result = run(source.replace("(simulated_ue)", "(simulated_ue, n)"), "--imsreg-profile", absent, link="sockets")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["INCONCLUSIVE target-unreachable: 127.0.2.9:9 over UDP: *"] * 2)
    result.stdout.fnmatch_lines(["INCONCLUSIVE target-unreachable: the DUT gave no answer in 2 tests in a row, *"])


def test_two_ues_register_refresh_fetch_and_deregister(run: Run, pytester: pytest.Pytester) -> None:
    source = """
        def test_them(dut, power_on, imsreg_case):
            first, second = power_on(), power_on(transport="TCP", family="IPv6", compact=True)
            assert (dut.name, dut.role) == ("reference core", "core")
            assert first.impu != second.impu
            assert first.register().final.status == 200
            challenge = second.send_initial_register(expires=3600).final
            ok = second.send_register_answering(challenge)
            assert ok.request.value("Expires") == "3600"
            assert ok.final.status == 200
            imsreg_case.advance(600)
            assert second.registered
            assert first.refresh().final.status == 200
            draft = first.registration.fetch().set("User-Agent", "mine")
            assert first.send(draft).request.value("User-Agent") == "mine"
            assert second.fetch().final.values("Contact")
            assert second.deregister().final.status == 200
            assert not second.registered
    """
    run(source).assert_outcomes(passed=1)


def test_a_ue_subscribes_and_is_notified(run: Run) -> None:
    source = """
        def test_it(simulated_ue):
            simulated_ue.register()
            exchange = simulated_ue.subscribe()
            assert exchange.final.status == 200
            assert b"<reginfo" in simulated_ue.expect_notify().body
            assert simulated_ue.refresh_subscription(expires=300).final.status == 200
            assert simulated_ue.expect_notify(state="active").value("Subscription-State") == "active;expires=300"
            simulated_ue.unsubscribe().final
            assert simulated_ue.wait_for_notify(state="terminated") is not None
            assert simulated_ue.wait_for_notify() is None
            exchange.requirements("rfc6665-4.2.1.4-01", "rfc6665-3.1.1-01").should_hold()

        def test_odd(simulated_ue):
            simulated_ue.register()
            other = simulated_ue.build_subscribe(identity="sip:nobody@ims.mnc001.mcc001.3gppnetwork.org")
            assert simulated_ue.send(other).final.status in (403, 480)
    """
    run(source).assert_outcomes(passed=2)


def test_a_ue_with_a_password_counts_its_requests(run: Run) -> None:
    source = """
        def test_it(power_on):
            ue = power_on(credentials="password")
            challenge = ue.send_initial_register().final
            assert "algorithm=MD5" in challenge.value("WWW-Authenticate")
            assert ue.send(ue.answer(challenge, nc="00000000")).final.status == 403
            assert ue.register().final.status == 200
            refresh = ue.registration.refresh()
            assert "nc=00000002" in refresh.value("Authorization")
            assert ue.send(refresh).final.status == 200
            assert refresh.value("Security-Client") is None
    """
    run(source).assert_outcomes(passed=1)


def test_a_wrong_res_is_refused(run: Run) -> None:
    source = """
        def test_wrong(simulated_ue):
            challenge = simulated_ue.send_initial_register().final
            refused = simulated_ue.send_register_answering(challenge, res="wrong")
            refused.requirements("24.229-5.4.1.2.3A-01").should_hold()
            assert refused.final.status == 403
    """
    run(source).assert_outcomes(passed=1)


def test_a_selector_without_a_meaning_is_one_line(run: Run) -> None:
    result = run(EXAMPLE.replace("5.4.1.2.1", "9.9"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["selector: 24.229/9.9: it selects no requirement; *"])
    assert "Traceback" not in result.stdout.str()
    assert "simulated_ue" not in result.stdout.str()


def test_an_unknown_id_is_a_collection_error_of_one_line(run: Run, pytester: pytest.Pytester) -> None:
    result = run(QOP.replace("22.4-01", "22.4-99"))
    result.assert_outcomes(errors=1)
    assert result.ret == 2
    line = "test_it.py::test_qop: requirement: no requirement has the id rfc3261-22.4-99; see imsreg requirements"
    assert result.outlines.count(line) == 1
    assert "Traceback" not in result.stdout.str()
    assert not (pytester.path / "results").exists()


def test_a_marker_on_a_test_without_a_ue_is_a_collection_error(run: Run) -> None:
    result = run(QOP.replace("simulated_ue", "dut"))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["test_it.py::test_qop: requirement: the test uses no UE, it decides nothing; *"])


def test_a_bad_profile_ends_the_run_in_one_line(
    run: Run, pytester: pytest.Pytester, profile: Callable[..., str]
) -> None:
    bad = profile(role="  role: toaster")
    result = run(EXAMPLE, "--imsreg-profile", bad)
    assert result.ret == 2
    assert sum(bad in line for line in result.outlines) == 1
    result.stdout.fnmatch_lines([f"!*Exit: {bad}: dut.role: *!"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert not (pytester.path / "results").exists()


def test_workers_share_a_journal_and_the_controller_reports(run_apart: Run, pytester: pytest.Pytester) -> None:
    source = """
        import pytest

        @pytest.mark.requirement("rfc3261-22.4-01")
        @pytest.mark.parametrize("number", range(4))
        def test_qop(simulated_ue, number, worker_id):
            assert simulated_ue.register().final.status == 200
            print(f"{worker_id} has {simulated_ue.impi}")
    """
    result = run_apart(source, "-n", "2", "--dist", "each", "-rP")
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["1 requirement: 1 PASS, 0 FAIL, *"])
    assert verdicts(pytester.path) == {"rfc3261-22.4-01": "PASS"}
    records = journal(pytester.path)
    assert len({record["run"] for record in records}) == 1
    assert sum(record["record"] == "run" for record in records) == 2
    used: dict[str, set[str]] = {"gw0": set(), "gw1": set()}
    for line in result.outlines:
        worker, middle, impi = line.partition(" has ")
        if middle:
            used[worker].add(impi)
    assert [len(impis) for impis in used.values()] == [4, 4]
    assert not used["gw0"] & used["gw1"]


def test_a_bad_profile_ends_a_parallel_run_in_one_line(run_apart: Run, pytester: pytest.Pytester) -> None:
    result = run_apart(EXAMPLE, "-n", "2", "--imsreg-profile", "absent.yaml")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*= imsreg =*", "absent.yaml: *"])
    assert "Traceback" not in result.stdout.str()
    assert not (pytester.path / "results").exists()


def test_an_interrupted_run_keeps_what_it_measured(run: Run, pytester: pytest.Pytester) -> None:
    source = """
        import pytest

        @pytest.mark.requirement("rfc3261-22.4-01")
        def test_interrupted(simulated_ue):
            simulated_ue.register()
            raise KeyboardInterrupt
    """
    result = run(source)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert verdicts(pytester.path) == {"rfc3261-22.4-01": "PASS"}


def test_nothing_is_left_behind(run: Run) -> None:
    threads, children = set(threading.enumerate()), own_children()
    run(QOP, "--imsreg-output", "elsewhere", link="sockets").assert_outcomes(passed=1)
    assert set(threading.enumerate()) == threads
    assert own_children() == children


def own_children() -> set[str]:
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


def test_the_plugin_costs_nothing_until_it_is_used(run_apart: Run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import sys

        def pytest_unconfigure():
            heavy = ("robot", "cryptography", "msgspec", "yaml", "asyncio", "imsreg.tester", "imsreg.verdict")
            print("loaded:", *(name for name in heavy if name in sys.modules))
        """
    )
    result = run_apart("def test_it(): pass", "-p", "no:xdist", "-p", "no:allure_pytest")
    result.assert_outcomes(passed=1)
    assert "loaded:" in result.outlines
    assert not (pytester.path / "results").exists()


def test_the_checkout_loads_the_plugin_once(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = data("suites").parent
    if not (checkout / "conftest.py").is_file():
        pytest.skip("an installed package has no conftest.py")
    assert options(checkout).count("--imsreg-profile=FILE") == 1
    # As if the package were installed: an entry point registers the plugin before conftest.py is read.
    metadata = pytester.mkdir("imsreg_stub-1.dist-info")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: imsreg-stub\nVersion: 1\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[pytest11]\nimsreg = imsreg.pytest_plugin\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", f"{pytester.path}{os.pathsep}{checkout / 'keywords'}")
    assert options(checkout).count("--imsreg-profile=FILE") == 1


def options(checkout: Path) -> str:
    command = [sys.executable, "-m", "pytest", "--help", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True, timeout=60).stdout
