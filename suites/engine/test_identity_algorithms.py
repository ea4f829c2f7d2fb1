"""The algorithm of a subscriber: its name in the subscriber file, its keys in the key file or the environment."""

import pytest

from imsreg.aka.sqn import SqnArray
from imsreg.aka.tuak import Tuak, TuakLengths
from imsreg.aka.xor import Xor
from imsreg.errors import InputError
from imsreg.identity.absent import KeysMissing
from imsreg.identity.keys import KeyEntry, KeyFile
from imsreg.identity.subscribers import load_subscribers
from imsreg.secret import Secret

K16, K32 = "00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff" * 2
TOP = "fedcba9876543210" * 4


def _file(tmp_path, more, keys):
    path = tmp_path / "subscribers.yaml"
    (tmp_path / "keys.yaml").write_text(keys)
    path.write_text(
        f'keys: keys.yaml\nsubscribers:\n- {{name: alice, imsi: "001010000000001", mnc_digits: 2, {more}}}\n'
    )
    return path


def _same(one, other) -> bool:
    rand, parameters = bytes(range(16)), (bytes(range(16)), 33, b"\x80\x00")
    return (one.f1(*parameters), one.f1_star(*parameters), one.f2345(rand), one.f5_star(rand)) == (
        other.f1(*parameters),
        other.f1_star(*parameters),
        other.f2345(rand),
        other.f5_star(rand),
    )


@pytest.mark.parametrize("k", [K16, K32])
@pytest.mark.parametrize("res_length", [4, 8, 16])
@pytest.mark.parametrize("iterations", [1, 2])
@pytest.mark.parametrize("field", ["top", "topc"])
def test_tuak_has_all_that_the_file_says(tmp_path, k, res_length, iterations, field):
    more = f"algorithm: tuak, res_length: {res_length}, keccak_iterations: {iterations}"
    path = _file(tmp_path, more, f'alice: {{k: "{k}", {field}: "{TOP}"}}')
    (alice,) = load_subscribers(path, {})
    make = Tuak if field == "topc" else Tuak.from_top
    keys = Secret(bytes.fromhex(k)), Secret(bytes.fromhex(TOP))
    assert _same(alice.algorithm, make(*keys, TuakLengths(res=res_length), iterations))
    assert len(alice.algorithm.f2345(bytes(16)).res) == alice.res_length == res_length


def test_tuak_runs_keccak_once_unless_told_otherwise(tmp_path):
    (alice,) = load_subscribers(_file(tmp_path, "algorithm: tuak", f'alice: {{k: "{K16}", topc: "{TOP}"}}'), {})
    assert _same(alice.algorithm, Tuak(Secret(bytes.fromhex(K16)), Secret(bytes.fromhex(TOP))))


def test_the_test_algorithm_has_k_alone(tmp_path):
    path = _file(tmp_path, "algorithm: xor, res_length: 16", f'alice: {{k: "{K16}"}}')
    (alice,) = load_subscribers(path, {})
    assert _same(alice.algorithm, Xor(Secret(bytes.fromhex(K16))))
    assert alice.res_length == 16


@pytest.mark.parametrize("ending", ["TOP", "TOPC"])
def test_keys_of_tuak_come_from_the_environment(tmp_path, ending):
    path = _file(tmp_path, "algorithm: tuak, keys: {env: IMSREG_ALICE}", "{}")
    (alice,) = load_subscribers(path, {"IMSREG_ALICE_K": K32, f"IMSREG_ALICE_{ending}": TOP})
    make = Tuak if ending == "TOPC" else Tuak.from_top
    assert _same(alice.algorithm, make(Secret(bytes.fromhex(K32)), Secret(bytes.fromhex(TOP))))


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ("algorithm: tuak, res_length: 4", f'k: "{K16}", top: "{TOP}"'),
        ("algorithm: tuak, res_length: 16, keccak_iterations: 2", f'k: "{K32}", topc: "{TOP}"'),
        ("algorithm: xor, res_length: 16", f'k: "{K16}"'),
        ("algorithm: milenage", f'k: "{K16}", opc: "{K16}"'),
        ("algorithm: xor, res_length: 4", f'k: "{K16}"'),
    ],
)
def test_a_subscriber_with_another_algorithm_registers(tmp_path, new_ue, new_gm, more, keys):
    path = _file(tmp_path, f'{more}, impi: "other@x.example"', f"alice: {{{keys}}}")
    (alice,) = load_subscribers(path, {})
    gm = new_gm(extra=(alice,))
    ue = new_ue(subscriber=alice)
    assert gm.register(ue).status == 200
    assert len(gm.packets) == 2, "one challenge, one answer"
    stale = new_ue(subscriber=alice, seed=2, sqn=SqnArray((1000,) * 32))
    assert gm.register(stale).status == 200
    assert len(gm.packets) == 5, "a challenge, one after auts, and the answer to it"


WRONG = [
    ("tuak", f'k: "{K16}"', "alice.topc, alice.top", "are both missing"),
    ("tuak", f'k: "{K16}", top: "{TOP}", topc: "{TOP}"', "alice.topc, alice.top", "are both set"),
    ("tuak", f'top: "{TOP}"', "alice.k", "is missing"),
    ("tuak", f'k: "{K16[:-2]}", top: "{TOP}"', "alice.k", "is not a key of 16 or 32 octets (30 characters)"),
    ("tuak", f'k: "{K16}{K16[:16]}", top: "{TOP}"', "alice.k", "is not a key of 16 or 32 octets (48 characters)"),
    ("tuak", f'k: "{K16}", top: "{K16}"', "alice.top", "is not a key of 32 octets (32 characters)"),
    ("tuak", f'k: "{K16}", topc: "{TOP[:-1]}x"', "alice.topc", "is not a key of 32 octets (64 characters)"),
    ("tuak", f'k: "{K16}", topc: "{TOP}", opc: "{K16}"', "alice.opc", "is not for the algorithm"),
    ("milenage", f'k: "{K16}", opc: "{K16}", top: "{TOP}"', "alice.top", "is not for the algorithm"),
    ("milenage", f'k: "{K32}", opc: "{K16}"', "alice.k", "is not a key of 16 octets (64 characters)"),
    ("xor", f'k: "{K32}"', "alice.k", "is not a key of 16 octets (64 characters)"),
    ("xor", "{}", "alice.k", "is missing"),
    ("xor", f'k: "{K16}", opc: "{K16}"', "alice.opc", "is not for the algorithm"),
    ("sip-digest", f'password: x, topc: "{TOP}"', "alice.topc", "is not for the algorithm"),
]


@pytest.mark.parametrize(("algorithm", "keys", "field", "problem"), WRONG)
def test_wrong_keys_are_named_and_never_shown(tmp_path, algorithm, keys, field, problem):
    keys = keys if keys == "{}" else f"{{{keys}}}"
    with pytest.raises(InputError) as caught:
        load_subscribers(_file(tmp_path, f"algorithm: {algorithm}", f"alice: {keys}"), {})
    error = caught.value
    assert (error.field, error.where) == (field, str(tmp_path / "keys.yaml"))
    assert problem in error.problem
    assert not any(shown in str(error) for shown in (K16[:8], TOP[:8]))
    assert "\n" not in str(error)


@pytest.mark.parametrize("algorithm", ["tuak", "xor"])
def test_without_keys_the_rest_is_known_and_a_wrong_res_length_is_still_refused(tmp_path, algorithm):
    path = _file(tmp_path, f"algorithm: {algorithm}", "{}")
    (alice,) = load_subscribers(path, {}, keyless=True)
    assert alice.impi.startswith("001010000000001@")
    with pytest.raises(KeysMissing):
        alice.algorithm.f2345(bytes(16))
    with pytest.raises(InputError, match="res_length"):
        load_subscribers(_file(tmp_path, f"algorithm: {algorithm}, res_length: 3", "{}"), {}, keyless=True)


def test_the_repr_of_a_key_entry_has_names_alone(tmp_path):
    _file(tmp_path, "algorithm: tuak", f'alice: {{k: "{K16}", topc: "{TOP}"}}')
    assert repr(KeyEntry(k=K16, topc=TOP)) == "KeyEntry(k, topc)"
    keys = KeyFile(tmp_path / "keys.yaml").keys("alice")
    assert keys.values["topc"] == TOP
    assert not any(shown in repr(keys) for shown in (K16, TOP))
