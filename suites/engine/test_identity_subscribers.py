"""The subscriber file: defaults, derivations, and the refusal of everything else."""

import re

import pytest

from imsreg.aka.milenage import Milenage, opc
from imsreg.aka.tuak import Tuak
from imsreg.errors import InputError
from imsreg.identity.absent import KeysMissing
from imsreg.identity.subscribers import load_subscribers
from imsreg.paths import data
from imsreg.secret import Secret

K, OP = "00112233445566778899aabbccddeeff", "fedcba98765432100123456789abcdef"
ALICE = '{name: alice, imsi: "001010000000001", mnc_digits: 2'


def _file(tmp_path, *entries, keys=f'alice: {{k: "{K}", opc: "{OP}"}}'):
    (tmp_path / "keys.yaml").write_text(keys)
    text = "keys: keys.yaml\nsubscribers:\n" + "".join(f"- {entry}\n" for entry in entries)
    (tmp_path / "subscribers.yaml").write_text(text)
    return tmp_path / "subscribers.yaml"


def _refusal(path, environ=None) -> InputError:
    with pytest.raises(InputError) as caught:
        load_subscribers(path, environ or {})
    line = str(caught.value)
    assert "\n" not in line
    assert K not in line
    assert OP not in line
    return caught.value


def test_what_is_left_out_is_derived(tmp_path):
    (alice,) = load_subscribers(_file(tmp_path, ALICE + "}"), {})
    assert alice.impi == "001010000000001@ims.mnc001.mcc001.3gppnetwork.org"
    assert alice.home_domain == "ims.mnc001.mcc001.3gppnetwork.org"
    assert alice.impus == (f"sip:{alice.impi}",)
    assert alice.registration_impu == alice.default_impu == f"sip:{alice.impi}"
    assert (alice.barred, alice.res_length, alice.amf, alice.sqn) == ((), 8, b"\x80\x00", 0)
    expected = Milenage(Secret(bytes.fromhex(K)), Secret(bytes.fromhex(OP)))
    assert alice.algorithm.f2345(bytes(16)).ck == expected.f2345(bytes(16)).ck


def test_what_is_written_counts(tmp_path):
    entry = ALICE + (
        ', impi: a@b.example, home_domain: b.example, impus: ["tel:+1", "sip:x@b.example", "sip:y@b.example"],'
        ' barred: ["tel:+1"], algorithm: milenage, res_length: 4, amf: "b9B9", sqn: "0000000011aF"}'
    )
    (alice,) = load_subscribers(_file(tmp_path, entry), {})
    assert (alice.impi, alice.home_domain) == ("a@b.example", "b.example")
    assert (alice.default_impu, alice.registration_impu) == ("sip:x@b.example", "sip:x@b.example")
    assert (alice.barred, alice.res_length, alice.amf, alice.sqn) == (("tel:+1",), 4, b"\xb9\xb9", 0x11AF)


def test_the_identity_to_register_may_be_barred_the_default_may_not(tmp_path):
    entry = ALICE + ', impus: ["sip:temporary@x", "tel:+1"], barred: ["sip:temporary@x"]}'
    (alice,) = load_subscribers(_file(tmp_path, entry), {})
    assert (alice.registration_impu, alice.default_impu) == ("sip:temporary@x", "tel:+1")


def test_op_gives_the_same_algorithm_as_its_opc(tmp_path):
    (by_op,) = load_subscribers(_file(tmp_path, ALICE + "}", keys=f'alice: {{k: "{K}", op: "{OP}"}}'), {})
    derived = opc(Secret(bytes.fromhex(K)), Secret(bytes.fromhex(OP))).reveal().hex()
    (by_opc,) = load_subscribers(_file(tmp_path, ALICE + "}", keys=f'alice: {{k: "{K}", opc: "{derived}"}}'), {})
    assert by_op.algorithm.f1(bytes(16), 1, bytes(2)) == by_opc.algorithm.f1(bytes(16), 1, bytes(2))


@pytest.mark.parametrize(("ending", "from_op"), [("OPC", False), ("OP", True)])
def test_keys_come_from_the_environment(tmp_path, ending, from_op):
    path = _file(tmp_path, ALICE + ", keys: {env: IMSREG_ALICE}}", keys="{}")
    (alice,) = load_subscribers(path, {"IMSREG_ALICE_K": K, f"IMSREG_ALICE_{ending}": OP})
    make = Milenage.from_op if from_op else Milenage
    expected = make(Secret(bytes.fromhex(K)), Secret(bytes.fromhex(OP)))
    assert alice.algorithm.f2345(bytes(16)).ik == expected.f2345(bytes(16)).ik


ENTRIES = [
    ("{imsi: '001010000000001', mnc_digits: 2}", "subscribers[0].name", "is missing"),
    ("{name: alice, imsi: 001010000000001, mnc_digits: 2}", "subscribers[0].imsi", "octal"),
    ("{name: alice, imsi: '00101', mnc_digits: 2}", "subscribers[0].imsi", "is not an IMSI: 6 to 15 digits"),
    ('{name: alice, imsi: "001010000000001\\n", mnc_digits: 2}', "subscribers[0].imsi", "is not an IMSI"),
    ("{name: alice, imsi: '001010000000001', mnc_digits: 4}", "subscribers[0].mnc_digits", "known values: 2, 3"),
    ("{name: Al ice, imsi: '001010000000001', mnc_digits: 2}", "subscribers[0].name", "is not a name of"),
    (ALICE + ", impi: alice}", "subscribers[0].impi", "is not a private identity"),
    (ALICE + ", impi: 'a\"b@c'}", "subscribers[0].impi", "is not a private identity"),
    (ALICE + ", home_domain: 'sip:x'}", "subscribers[0].home_domain", "is not a domain name"),
    (ALICE + ", impus: []}", "subscribers[0].impus", "length >= 1"),
    (ALICE + ", impus: ['alice@x']}", "subscribers[0].impus[0]", "is not a public identity"),
    (ALICE + ", impus: ['sip:a>b@x']}", "subscribers[0].impus[0]", "is not a public identity"),
    (ALICE + ", impus: ['tel:+1']}", "subscribers[0].impus", "no SIP URI to register with"),
    (ALICE + ", impus: ['sip:a@x'], barred: ['sip:b@x']}", "subscribers[0].barred", "sip:b@x is not one of the impus"),
    (ALICE + ", impus: ['sip:a@x'], barred: ['sip:a@x']}", "subscribers[0].barred", "every identity is barred"),
    (ALICE + ", algorithm: comp128}", "subscribers[0].algorithm", "known values: milenage, sip-digest, tuak, xor"),
    (ALICE + ", res_length: 3}", "subscribers[0].res_length", "milenage has a RES of 4 to 8 octets, 3 are not"),
    (ALICE + ", res_length: 16}", "subscribers[0].res_length", "milenage has a RES of 4 to 8 octets, 16 are not"),
    (ALICE + ", algorithm: tuak, res_length: 6}", "subscribers[0].res_length", "tuak has a RES of 4, 8, 16 octets"),
    (ALICE + ", algorithm: xor, res_length: 17}", "subscribers[0].res_length", "xor has a RES of 4 to 16 octets"),
    (ALICE + ", keccak_iterations: 2}", "subscribers[0].keccak_iterations", "goes with algorithm tuak only"),
    (ALICE + ", algorithm: tuak, keccak_iterations: 0}", "subscribers[0].keccak_iterations", ">= 1"),
    (ALICE + ", nid: '12'}", "subscribers[0].nid", "is not a NID: 11 hexadecimal digits"),
    (ALICE + ", imei: '123'}", "subscribers[0].imei", "is not an IMEI: 14 to 16 digits"),
    (ALICE + ", imei: '490154203237519'}", "subscribers[0].imei", "is 9, its other digits give 8"),
    (ALICE + ", instance_id: 'urn:gsma:imei:1-2-0'}", "subscribers[0].instance_id", "is no UUID URN"),
    (ALICE + ", imei: '49015420323751', instance_id: 'urn:uuid:x'}", "subscribers[0].instance_id", "beside imei"),
    (ALICE + ", amf: 8000}", "subscribers[0].amf", "text is wanted"),
    (ALICE + ", amf: '800'}", "subscribers[0].amf", "is not an AMF: 4 hexadecimal digits"),
    (ALICE + ", sqn: '1169'}", "subscribers[0].sqn", "is not an SQN: 12 hexadecimal digits"),
    (ALICE + ", opc: x}", "subscribers[0].opc", "is not a known field"),
    (ALICE + ", keys: {env: 'A B'}}", "subscribers[0].keys.env", "environment variable"),
    (ALICE + f", keys: {{k: '{K}'}}}}", "subscribers[0].keys.k", "is not a known field"),
]


@pytest.mark.parametrize(("entry", "field", "problem"), ENTRIES)
def test_a_wrong_entry_is_named(tmp_path, entry, field, problem):
    error = _refusal(_file(tmp_path, entry))
    assert error.field == field
    assert problem in error.problem


KEY_FILES = [
    ("alice: {}", "alice.opc, alice.op", "are both missing"),
    (f'bob: {{k: "{K}", opc: "{OP}"}}', "alice", "has no keys here"),
    (f'alice: {{opc: "{OP}"}}', "alice.k", "is missing"),
    (f'alice: {{k: "{K}"}}', "alice.opc, alice.op", "are both missing"),
    (f'alice: {{k: "{K}", opc: "{OP}", op: "{OP}"}}', "alice.opc, alice.op", "are both set"),
    (f'alice: {{k: "{K[:-1]}", opc: "{OP}"}}', "alice.k", "is not a key of 16 octets (31 characters)"),
    (f'alice: {{k: "{K}", opc: "{OP[:-1]}g"}}', "alice.opc", "is not a key of 16 octets"),
    (f'alice: {{k: "{K}", op: " {OP}"}}', "alice.op", "is not a key of 16 octets"),
    (f'alice: {{k: "{K}", opc: "{OP}"}}\nalice: {{}}', "alice", "stands twice"),
    (f"alice: {{k {K}}}", "alice.k ...", "is not a known field"),
    ("alice: {k: 00112233001122330011223300112233, opc: x}", "alice.k", "octal"),
    ("alice: {k: 11112222333344445555666677778888, opc: x}", "alice.k", "text is wanted"),
    ("alice: {k: 12345678, opc: x}", "alice.k", "text is wanted"),
    (f"alice: '{K}'", "alice", "a mapping is wanted"),
    (f'alice: {{k: "{K}", opc: "{OP}", password: "x"}}', "alice.password", "not for the algorithm of this subscriber"),
]


@pytest.mark.parametrize(("keys", "field", "problem"), KEY_FILES)
def test_a_wrong_key_file_is_named_and_no_key_shows(tmp_path, keys, field, problem):
    error = _refusal(_file(tmp_path, ALICE + "}", keys=keys))
    assert error.where.endswith("keys.yaml")
    assert error.field == field
    assert problem in error.problem
    for shown in (K[:8], OP[:8], "00112233", "11112222", "12345678"):
        assert shown not in str(error)


BY_PASSWORD = ALICE + ", algorithm: sip-digest"


def test_a_subscriber_for_sip_digest_has_a_password_instead_of_keys(tmp_path):
    (alice,) = load_subscribers(_file(tmp_path, BY_PASSWORD + "}", keys='alice: {password: "grüß: dich"}'), {})
    assert alice.password == Secret("grüß: dich".encode())
    assert alice.algorithm is None
    assert "dich" not in repr(alice)
    (by_keys,) = load_subscribers(_file(tmp_path, ALICE + "}"), {})
    assert by_keys.password is None


def test_a_password_comes_from_the_environment(tmp_path):
    path = _file(tmp_path, BY_PASSWORD + ", keys: {env: IMSREG_ALICE}}", keys="{}")
    (alice,) = load_subscribers(path, {"IMSREG_ALICE_PASSWORD": "open sesame"})
    assert alice.password == Secret(b"open sesame")
    error = _refusal(path)
    assert (error.where, error.field, error.problem) == ("environment", "IMSREG_ALICE_PASSWORD", "is missing")


@pytest.mark.parametrize(
    ("more", "keys", "field", "problem"),
    [
        ("", "alice: {}", "alice.password", "is missing"),
        ("", "alice: {password: ''}", "alice.password", "is empty"),
        ("", "alice: {password: 12345678}", "alice.password", "text is wanted"),
        ("", f'alice: {{k: "{K}", opc: "{OP}"}}', "alice.k", "is not for the algorithm of this subscriber"),
        (", res_length: 8", "alice: {password: x}", "subscribers[0].res_length", "goes with AKA keys"),
        (", amf: '8000'", "alice: {password: x}", "subscribers[0].amf", "goes with AKA keys"),
        (", sqn: '000000000001'", "alice: {password: x}", "subscribers[0].sqn", "goes with AKA keys"),
    ],
)
def test_what_does_not_go_with_sip_digest_is_named(tmp_path, more, keys, field, problem):
    error = _refusal(_file(tmp_path, BY_PASSWORD + more + "}", keys=keys))
    assert error.field == field
    assert problem in error.problem
    assert "12345678" not in str(error)


ENVIRONMENTS = [
    ({}, "IMSREG_ALICE_OPC, IMSREG_ALICE_OP", "are both missing"),
    (
        {"IMSREG_ALICE_OPC": OP, "IMSREG_ALICE_OP": OP, "IMSREG_ALICE_K": K},
        "IMSREG_ALICE_OPC, IMSREG_ALICE_OP",
        "both set",
    ),
    ({"IMSREG_ALICE_OPC": OP}, "IMSREG_ALICE_K", "is missing"),
    ({"IMSREG_ALICE_OPC": OP, "IMSREG_ALICE_K": ""}, "IMSREG_ALICE_K", "(0 characters)"),
    ({"IMSREG_ALICE_OPC": OP + "0", "IMSREG_ALICE_K": K}, "IMSREG_ALICE_OPC", "(33 characters)"),
]


@pytest.mark.parametrize(("environ", "field", "problem"), ENVIRONMENTS)
def test_a_wrong_environment_is_named(tmp_path, environ, field, problem):
    error = _refusal(_file(tmp_path, ALICE + ", keys: {env: IMSREG_ALICE}}"), environ)
    assert (error.where, error.field) == ("environment", field)
    assert problem in error.problem


def test_no_keys_anywhere_is_said(tmp_path):
    path = tmp_path / "subscribers.yaml"
    path.write_text(f"subscribers: [{ALICE}}}]")
    error = _refusal(path)
    assert (error.field, error.problem) == ("subscribers[0].keys", "there are no keys")
    assert "env" in error.remedy


def test_a_missing_key_file_is_said(tmp_path):
    path = tmp_path / "subscribers.yaml"
    path.write_text(f"keys: absent.yaml\nsubscribers: [{ALICE}}}]")
    error = _refusal(path)
    assert error.where == str(tmp_path / "absent.yaml")
    assert error.problem == "there is no such file"


def test_a_key_file_that_cannot_be_looked_at_is_said(tmp_path):
    path = tmp_path / "subscribers.yaml"
    path.write_text(f"keys: {'x' * 300}.yaml\nsubscribers: [{ALICE}}}]")
    error = _refusal(path)
    assert error.where.endswith("x.yaml")
    assert error.problem.startswith("cannot be read")


@pytest.mark.parametrize(
    ("second", "field"),
    [
        ("{name: alice, imsi: '001010000000002', mnc_digits: 2}", "subscribers[1].name"),
        ("{name: bob, imsi: '001010000000001', mnc_digits: 2}", "subscribers[1].impi"),
    ],
)
def test_two_subscribers_differ_in_name_and_private_identity(tmp_path, second, field):
    keys = "".join(f'{name}: {{k: "{K}", opc: "{OP}"}}\n' for name in ("alice", "bob"))
    error = _refusal(_file(tmp_path, ALICE + "}", second, keys=keys))
    assert error.field == field
    assert "twice" in error.problem


def test_a_subscriber_shows_no_keys(tmp_path):
    (alice,) = load_subscribers(_file(tmp_path, ALICE + "}"), {})
    for octets in (bytes.fromhex(K), bytes.fromhex(OP)):
        assert octets.hex() not in repr(alice)
        assert repr(octets) not in repr(alice)


def test_an_unused_entry_of_the_key_file_is_no_fault(tmp_path):
    keys = "".join(f'{name}: {{k: "{K}", opc: "{OP}"}}\n' for name in ("alice", "zoe"))
    assert len(load_subscribers(_file(tmp_path, ALICE + "}", keys=keys), {})) == 1


def test_the_embedded_subscribers_are_what_suites_rely_on():
    subscribers = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
    numbered = [subscribers.pop(f"sub{n:02d}") for n in range(1, 17)]
    assert {"seed", "printable", "tuak"} <= set(subscribers)
    assert (type(subscribers["tuak"].algorithm), subscribers["tuak"].res_length) == (Tuak, 16)
    for number, subscriber in enumerate(numbered, 1):
        assert subscriber.imsi == f"0010100000000{number:02d}"
        assert subscriber.home_domain == "ims.mnc001.mcc001.3gppnetwork.org"
        assert subscriber.registration_impu == f"sip:+155501000{number:02d}@{subscriber.home_domain}"
        assert subscriber.impus[1:] == (f"tel:+155501000{number:02d}", f"sip:{subscriber.impi}")
        assert subscriber.barred == (f"sip:{subscriber.impi}",)
    assert sorted(s.res_length for s in numbered) == [4] + [8] * 15
    assert len({s.algorithm.f2345(bytes(16)).ck for s in numbered}) == 16


WITHOUT_KEYS = [
    (ALICE + "}", None, "subscribers[0].keys: there are no keys"),
    (ALICE + "}", "bob: {}", "keys.yaml: alice: has no keys here"),
    (ALICE + "}", "alice: {}", "alice.opc, alice.op: are both missing"),
    (ALICE + ", keys: {env: NOBODY_SETS}}", None, "environment: NOBODY_SETS_OPC, NOBODY_SETS_OP: are both missing"),
]


@pytest.mark.parametrize(("entry", "keys", "problem"), WITHOUT_KEYS)
def test_without_keys_everything_else_is_known(tmp_path, entry, keys, problem):
    path = _file(tmp_path, entry, keys=keys or "{}")
    if keys is None:
        path.write_text(path.read_text().replace("keys: keys.yaml\n", ""))
    (alice,) = load_subscribers(path, {}, keyless=True)
    assert alice.impus == ("sip:001010000000001@ims.mnc001.mcc001.3gppnetwork.org",)
    for compute in (
        lambda a: a.f2345(bytes(16)),
        lambda a: a.f1(bytes(16), 1, bytes(2)),
        lambda a: a.f1_star(bytes(16), 1, bytes(2)),
        lambda a: a.f5_star(bytes(16)),
    ):
        with pytest.raises(KeysMissing, match=re.escape(problem)):
            compute(alice.algorithm)
    with pytest.raises(KeysMissing):
        load_subscribers(path, {})


def test_a_key_file_may_be_missing_too(tmp_path):
    path = _file(tmp_path, ALICE + "}")
    (tmp_path / "keys.yaml").unlink()
    (alice,) = load_subscribers(path, {}, keyless=True)
    with pytest.raises(KeysMissing, match="there is no such file"):
        alice.algorithm.f2345(bytes(16))


def test_without_a_password_too(tmp_path):
    (alice,) = load_subscribers(_file(tmp_path, BY_PASSWORD + "}", keys="alice: {}"), {}, keyless=True)
    with pytest.raises(KeysMissing, match=r"alice\.password: is missing"):
        alice.password.reveal()


def test_wrong_keys_are_refused_all_the_same(tmp_path):
    path = _file(tmp_path, ALICE + "}", keys='alice: {k: "00", opc: "00"}')
    with pytest.raises(InputError, match="is not a key of 16 octets"):
        load_subscribers(path, {}, keyless=True)
