"""Profiles: what loads, what each field is refused for, and what a profile says as ICS."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest

from imsreg.errors import InputError
from imsreg.verdict.catalogue import Catalogue
from imsreg.verdict.condition import Condition
from imsreg.verdict.deviation import Deviation, check_deviations
from imsreg.verdict.ics import ICS
from imsreg.verdict.profile import Profile, load_profile
from imsreg.verdict.profile_control import ACTIONS, Control
from imsreg.verdict.profile_schema import ControlFields, DutFields, Features, ProfileFields
from imsreg.verdict.requirement import Requirement, Subject
from imsreg.verdict.roles import Role, judges

PROFILES = Path(__file__).parents[2] / "fixtures" / "profiles"

FULL = """\
dut:
  name: Acme core
  version: "4.2"
  build: 2026-11-02
  role: core
  address: [127.0.2.1, "0:0::1"]
  port: 5062
  transports: [udp, tcp]
  start: ./start-core --name "Acme core"
  stop: [./stop-core, now]
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: headers
features: {reg-event: true, max-expires: 3600, ipsec-algorithms: [hmac-sha-1-96]}
subscribers: ../subscribers/lab.yaml
timing: {t1: 2, multiplier: 1.5, usim: 0.25}
allow: [127.0.0.0/8, "::1"]
deviations:
  - id: rfc3261-8.2.6.2-02
    because: the stack keeps one Via only
    ticket: ABC-123
    until: 2027-06-30
collect: ./fetch-logs
lockout: 3
tester: {address: [127.0.0.9], port: 5070}
requires: [ipv6]
"""


def load(directory: Path, text: str) -> Profile:
    path = directory / "dut.yaml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def changed(old: str, new: str) -> str:
    assert FULL.count(old) == 1
    return FULL.replace(old, new)


def test_a_full_profile(tmp_path: Path) -> None:
    profile = load(tmp_path, FULL)
    assert profile.dut.addresses == ("127.0.2.1", "::1")
    assert (profile.dut.version, profile.dut.build, profile.dut.port) == ("4.2", "2026-11-02", 5062)
    assert profile.dut.start == ("./start-core", "--name", "Acme core")
    assert (profile.dut.stop, profile.collect) == (("./stop-core", "now"), ("./fetch-logs",))
    assert profile.subscribers == tmp_path / "../subscribers/lab.yaml"
    assert profile.lockout == 3
    assert (profile.timing.t1, profile.timing.multiplier, profile.timing.usim) == (2.0, 1.5, 0.25)
    assert [str(network) for network in profile.allow] == ["127.0.0.0/8", "::1/128"]
    assert profile.deviations == (
        Deviation(
            id="rfc3261-8.2.6.2-02",
            because="the stack keeps one Via only",
            ticket="ABC-123",
            until=datetime.date(2027, 6, 30),
        ),
    )
    assert (profile.tester.addresses, profile.tester.port) == (("127.0.0.9",), 5070)
    assert profile.requires == ("ipv6",)


def test_ics_names_are_the_closed_list(tmp_path: Path) -> None:
    ics = load(tmp_path, FULL).ics()
    assert set(ics) == set(ICS)
    met = "security=headers and transports has tcp and families has ipv6 and reg-event and max-expires<=3600"
    assert Condition.parse(met + " and ipsec-algorithms has hmac-sha-1-96 and release=14").holds(ics)
    assert not Condition.parse("gruu or min-expires>=0").holds(ics)
    assert {field.encode_name for field in msgspec.structs.fields(Features)} < set(ICS)


def test_a_family_without_an_address_is_absent(tmp_path: Path) -> None:
    profile = load(tmp_path, changed('[127.0.2.1, "0:0::1"]', '"::1"'))
    assert profile.ics()["families"] == ("ipv6",)


def test_host_names_are_resolved_later(tmp_path: Path) -> None:
    profile = load(tmp_path, changed('[127.0.2.1, "0:0::1"]', "pcscf.example.net"))
    assert profile.dut.addresses == ("pcscf.example.net",)
    assert profile.dut.families == ()
    assert profile.with_addresses(["127.0.0.5", "::1"]).dut.families == ("ipv4", "ipv6")
    with pytest.raises(InputError, match="outside the list of allowed networks"):
        profile.with_addresses(["192.0.2.1"])
    with pytest.raises(InputError, match="second IPv4 address"):
        profile.with_addresses(["127.0.0.5", "127.0.0.6"])


def test_only_loopback_is_allowed_unless_the_profile_says_more(tmp_path: Path) -> None:
    remote = changed('[127.0.2.1, "0:0::1"]', "192.0.2.1").replace('allow: [127.0.0.0/8, "::1"]\n', "")
    with pytest.raises(InputError, match=r"dut\.address: 192\.0\.2\.1 is outside .*; name it under allow:"):
        load(tmp_path, remote)
    assert load(tmp_path, remote + "allow: [192.0.2.0/24]\n").dut.addresses == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  name: Acme core\n", "  name: ' '\n", "dut.name: it is empty"),
        ('"4.2"', "4.2", "dut.version"),
        ("role: core", "role: proxy", "dut.role"),
        ("role: core", "role: core\n  colour: red", "dut.colour"),
        ("release: 14\n", "", "release"),
        ("5062", "0", "dut.port: 0 is out of range; write a number from 1 to 65535"),
        ("5062", "65536", "dut.port"),
        ("5062", '"5062"', "dut.port"),
        ("[udp, tcp]", "[]", "dut.transports: it is empty"),
        ("[udp, tcp]", "[udp, udp]", "dut.transports[1]: udp is listed twice"),
        ("[udp, tcp]", "[sctp]", "dut.transports[0]"),
        ('[127.0.2.1, "0:0::1"]', "[127.0.2.1, 127.0.2.2]", "dut.address: 127.0.2.2 is a second IPv4 address"),
        ('[127.0.2.1, "0:0::1"]', "[a.example, b.example, c.example]", "dut.address: 3 addresses"),
        ('[127.0.2.1, "0:0::1"]', '"[::1]"', 'dut.address: "[::1]" is no IP address or host name'),
        ('[127.0.2.1, "0:0::1"]', '"127.0.0.1:5060"', "without brackets and port"),
        ('[127.0.2.1, "0:0::1"]', "127.0.0.256", "dut.address"),
        ('[127.0.2.1, "0:0::1"]', "0.0.0.0", "dut.address: 0.0.0.0 is no address of one host"),
        ('[127.0.2.1, "0:0::1"]', "224.0.1.75", "dut.address: 224.0.1.75 is no address of one host"),
        ('address: [127.0.2.1, "0:0::1"]', "address: []", "dut.address: is missing"),
        ('--name "Acme core"', '--name "Acme', "dut.start: a quotation in it does not end"),
        ("ims.mnc001.mcc001.3gppnetwork.org", "sip:example.org", "home_domain"),
        (
            "home_domain: ims.mnc001.mcc001.3gppnetwork.org",
            'home_domain: "a\\n\\x1bb"',
            '"a\\x0a\\x1bb" is no domain name',
        ),
        ("release: 14", "release: 4", "release: 4 is out of range"),
        ("security: headers", "security: tls", "security"),
        ("reg-event: true", "reg_event: true", "features.reg_event"),
        ("max-expires: 3600", "max-expires: -1", "features.max-expires: -1 is out of range"),
        ("[hmac-sha-1-96]", "[a, a]", "features.ipsec-algorithms[1]"),
        ("t1: 2", "t1: 0", "timing.t1: 0.0 is out of range"),
        ("multiplier: 1.5", "multiplier: 1e9", "timing.multiplier"),
        ("usim: 0.25", "usim: -0.1", "timing.usim"),
        ("127.0.0.0/8", "127.0.0.0/33", 'allow[0]: "127.0.0.0/33" is no network'),
        ("127.0.0.0/8", "127.0.0.1/8", "write 127.0.0.0/8 for the network, 127.0.0.1 for the one address"),
        ("because: the stack keeps one Via only", "because: ''", "deviations[0].because"),
        ("2027-06-30", "next June", "deviations[0].until"),
        ("lockout: 3", "lockout: 0", "lockout"),
        ("[127.0.0.9]", "[tester.example]", 'tester.address: "tester.example" is no IP address'),
        ("5070", "70000", "tester.port"),
        ("[ipv6]", "[ipv7]", "requires[0]"),
        ("[ipv6]", "[ipv6, ipv6]", "requires[1]: ipv6 is listed twice"),
    ],
)
def test_a_wrong_field_is_one_line_that_names_it(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(InputError) as refused:
        load(tmp_path, changed(old, new))
    assert problem in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "dut.yaml"))
    assert "\n" not in str(refused.value)


def test_a_deviation_is_listed_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"deviations\[1\]\.id: .* is listed twice"):
        load(tmp_path, changed("collect:", "  - {id: rfc3261-8.2.6.2-02, because: again}\ncollect:"))


def row(requirement_id: str, specification: str = "RFC 3261", *subject: Subject) -> Requirement:
    return Requirement(
        requirement_id, specification, "", "must", subject or ("any",), Condition.parse(""), "text", "text", "read"
    )


def test_deviations_name_rows_and_are_not_over() -> None:
    catalogue = Catalogue([row("rfc3261-8.2.6.2-02")])
    day = datetime.date(2027, 6, 30)
    where = Path("dut.yaml")
    good = Deviation(id="rfc3261-8.2.6.2-02", because="reason", until=day)
    check_deviations(where, [good], catalogue, day)
    with pytest.raises(InputError, match=r"dut\.yaml: deviations\[0\]\.until: it expired on 2027-06-30"):
        check_deviations(where, [good], catalogue, day + datetime.timedelta(days=1))
    typo = Deviation(id="rfc3261-8.2.6.2-20", because="reason")
    with pytest.raises(InputError, match=r"deviations\[1\]\.id.*did you mean rfc3261-8\.2\.6\.2-02\?"):
        check_deviations(where, [good, typo], catalogue, day)


@pytest.mark.parametrize(("name", "agrees"), [("embedded-core", True), ("embedded-core-plain", False)])
def test_the_embedded_profiles(name: str, agrees: bool) -> None:
    profile = load_profile(PROFILES / f"{name}.yaml")
    assert profile.dut.embedded == "reference-core"
    assert profile.ics()["families"] == ("ipv4", "ipv6")
    assert Condition.parse("security>=headers").holds(profile.ics()) == agrees


@pytest.mark.parametrize(("name", "agrees"), [("embedded-ue", True), ("embedded-ue-plain", False)])
def test_the_embedded_profiles_of_a_ue(name: str, agrees: bool) -> None:
    profile = load_profile(PROFILES / f"{name}.yaml")
    assert (profile.dut.role, profile.dut.embedded, profile.control) == ("ue", "reference-ue", None)
    assert profile.families == ("ipv4", "ipv6")
    assert profile.tester.port is None
    assert Condition.parse("security>=headers").holds(profile.ics()) == agrees
    assert Condition.parse("reg-event").holds(profile.ics())


def test_a_reference_is_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dut\.role: the reference-core is no ue; write role: core"):
        load(tmp_path, changed("role: core", "role: ue\n  embedded: reference-core"))
    with pytest.raises(InputError, match=r"dut\.role: the reference-ue is no core; write role: ue"):
        load(tmp_path, changed("role: core", "role: core\n  embedded: reference-ue"))
    with pytest.raises(InputError, match=r"dut\.role: the reference-core is no p-cscf; write role: core"):
        load(tmp_path, changed("role: core", "role: p-cscf\n  embedded: reference-core"))


@pytest.mark.parametrize("name", ["sipp-ue", "baresip-ue", "linphone-ue"])
def test_the_profiles_of_real_ues(name: str) -> None:
    profile = load_profile(PROFILES / f"{name}.yaml")
    assert profile.dut.role == "ue"
    assert profile.control is not None
    assert set(profile.control.steps) == set(ACTIONS)
    for step in profile.control.steps.values():
        assert (profile.path.parent / step[1]).is_file()


UE = """\
dut: {name: Acme phone, role: ue, transports: [udp], subscriber: alice}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: none
subscribers: ../subscribers/lab.yaml
allow: [192.0.2.0/24, "::1"]
tester: {address: [192.0.2.10, "::1"]}
control: {kind: command, register: ./phone on --fast, reset: [./phone, kill]}
"""


def test_a_ue_comes_to_the_tester(tmp_path: Path) -> None:
    profile = load(tmp_path, UE)
    assert (profile.dut.addresses, profile.dut.subscriber) == ((), "alice")
    assert (profile.tester.addresses, profile.tester.port) == (("192.0.2.10", "::1"), 5060)
    assert profile.ics()["families"] == ("ipv4", "ipv6")
    assert profile.control == Control(
        "command", {"register": ("./phone", "on", "--fast"), "reset": ("./phone", "kill")}, 30.0
    )


def test_the_families_of_a_ue_are_those_in_which_the_tester_listens(tmp_path: Path) -> None:
    profile = load(
        tmp_path, UE.replace(', "::1"]}', "], port: 5061}").replace("role: ue,", "role: ue, address: '::1',")
    )
    assert (profile.ics()["families"], profile.dut.addresses) == (("ipv4",), ("::1",))
    assert profile.tester.port == 5061


def test_a_person_takes_a_step_as_it_is_written(tmp_path: Path) -> None:
    steps = '{kind: manual, limit: 120, register: " Switch flight mode off, don\'t wait "}'
    profile = load(tmp_path, UE.partition("control:")[0] + f"control: {steps}")
    assert profile.control == Control("manual", {"register": ("Switch flight mode off, don't wait",)}, 120.0)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("control: {kind: command,", "collect: {kind: command,", "collect"),
        (UE.rpartition("control:")[2], " {kind: command}", "control.register: is missing"),
        ("register: ./phone on --fast", "register: '  '", "control.register: is missing"),
        ("./phone on --fast", "./phone 'on", "control.register: a quotation in it does not end"),
        (
            "kind: command, register: ./phone on --fast",
            "kind: manual, register: x",
            "control.reset: a step for a person",
        ),
        ("kind: command", "kind: adb", "control.kind"),
        ("kind: command", "kind: command, limit: 0.5", "control.limit: 0.5 is out of range; write a number from 1 to"),
        ("kind: command", "kind: command, refresh: ./phone", "control.refresh"),
        (
            "role: ue, transports: [udp], subscriber: alice",
            "role: ue, transports: [udp], embedded: reference-ue",
            "control: the reference-ue needs none",
        ),
        (
            "role: ue, transports: [udp], subscriber: alice",
            "role: core, transports: [udp], address: '::1'",
            "control: it is for UEs",
        ),
        ("role: ue,", "role: registrar, address: '::1',", "dut.subscriber: a DUT in the role registrar has no SIM"),
        (
            "role: ue,",
            "role: ue, address: 192.0.3.1,",
            "dut.address: 192.0.3.1 is outside the list of allowed networks",
        ),
        ('tester: {address: [192.0.2.10, "::1"]}\n', "", "tester.address: is missing"),
        (
            '[192.0.2.0/24, "::1"]',
            '[127.0.0.0/8, "2001:db8::/32"]',
            "allow: no network in it holds a UE that comes to 192.0.2.10",
        ),
    ],
)
def test_a_wrong_field_of_a_ue_is_one_line_that_names_it(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert UE.count(old) == 1
    with pytest.raises(InputError) as refused:
        load(tmp_path, UE.replace(old, new))
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_ue_that_is_not_embedded_needs_a_control(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"control: is missing; say how the UE is made to register"):
        load(tmp_path, UE.partition("control:")[0])


@pytest.mark.parametrize(
    ("role", "specification", "subject", "expected"),
    [
        ("ue", "TS 24.229", "ue", True),
        ("ue", "TS 24.229", "s-cscf", False),
        ("ue", "RFC 3261", "any", True),
        ("core", "TS 24.229", "hss", True),
        ("core", "TS 24.229", "ue", False),
        ("p-cscf", "TS 24.229", "s-cscf", False),
        ("s-cscf", "TS 24.229", "s-cscf", True),
        ("registrar", "TS 24.229", "s-cscf", False),
        ("registrar", "RFC 3261", "s-cscf", True),
    ],
)
def test_roles_and_subjects(role: Role, specification: str, subject: Subject, expected: bool) -> None:
    assert judges(role, row("x-01", specification, subject)) is expected
    assert judges(role, row("x-01", specification, subject, "any"))


def test_the_schema_forbids_unknown_fields_everywhere() -> None:
    for struct in (ProfileFields, DutFields, Features, ControlFields, Deviation):
        assert struct.__struct_config__.forbid_unknown_fields
