"""Milenage against every set of TS 35.207 and TS 35.208."""

import json

import pytest

from imsreg.aka.algorithm import check_res_length
from imsreg.aka.milenage import Milenage, block_cipher, opc
from imsreg.paths import data
from imsreg.secret import Secret

VECTORS = json.loads(data("vectors", "milenage.json").read_bytes())
SETS = VECTORS["sets"]
ids = [row["name"] for row in SETS]


def _secret(text: str) -> Secret:
    return Secret(bytes.fromhex(text))


@pytest.mark.parametrize("row", SETS, ids=ids)
@pytest.mark.parametrize("form", ["op", "opc"])
def test_all_functions_give_the_published_values(row, form):
    k = _secret(row["k"])
    milenage = Milenage(k, _secret(row["opc"])) if form == "opc" else Milenage.from_op(k, _secret(row["op"]))
    rand, sqn, amf = bytes.fromhex(row["rand"]), int(row["sqn"], 16), bytes.fromhex(row["amf"])
    out = milenage.f2345(rand)
    assert milenage.f1(rand, sqn, amf).hex() == row["f1"]
    assert milenage.f1_star(rand, sqn, amf).hex() == row["f1_star"]
    assert (out.res.hex(), out.ck.hex(), out.ik.hex(), out.ak.hex()) == (row["f2"], row["f3"], row["f4"], row["f5"])
    assert milenage.f5_star(rand).hex() == row["f5_star"]


@pytest.mark.parametrize("row", SETS, ids=ids)
def test_opc_comes_out_of_op(row):
    assert opc(_secret(row["k"]), _secret(row["op"])) == _secret(row["opc"])


@pytest.mark.parametrize("row", SETS, ids=ids)
def test_the_whole_vector_at_once_is_the_same(row):
    milenage = Milenage(_secret(row["k"]), _secret(row["opc"]))
    parameters = bytes.fromhex(row["rand"]), int(row["sqn"], 16), bytes.fromhex(row["amf"])
    vector = milenage.full_vector(*parameters)
    names = {"mac_a": "f1", "mac_s": "f1_star", "ak": "f5", "res": "f2", "ck": "f3", "ik": "f4", "ak_star": "f5_star"}
    assert vector._fields == tuple(names)
    assert [octets.hex() for octets in vector] == [row[name] for name in names.values()]
    outputs = milenage.outputs(*parameters)
    assert outputs[:16] == vector.mac_a + vector.mac_s
    assert outputs[32:64] == vector.ck + vector.ik
    assert len(outputs) == 80


def _folded(octets: bytes, width: int) -> str:
    """XOR of the parts, as the conversion functions c2 and c3 of TS 33.102 6.8.1.2 fold RES, and CK with IK."""
    folded = 0
    for start in range(0, len(octets), width):
        folded ^= int.from_bytes(octets[start : start + width])
    return folded.to_bytes(width).hex()


@pytest.mark.parametrize("row", VECTORS["gsm"], ids=[row["name"] for row in VECTORS["gsm"]])
def test_what_gsm_makes_of_res_ck_and_ik_is_published_too(row):
    out = Milenage(_secret(row["k"]), _secret(row["opc"])).f2345(bytes.fromhex(row["rand"]))
    assert _folded(out.res, 4) == row["sres_1"]
    assert out.res[:4].hex() == row["sres_2"]
    assert _folded(out.ck + out.ik, 8) == row["kc"]


@pytest.mark.parametrize("row", VECTORS["aes"], ids=[row["name"] for row in VECTORS["aes"]])
def test_the_cipher_alone_gives_the_published_values(row):
    encrypt = block_cipher(_secret(row["k"]))
    plaintext = bytes.fromhex(row["plaintext"])
    assert encrypt(plaintext).hex() == row["ciphertext"]
    assert encrypt(plaintext * 2).hex() == 2 * row["ciphertext"], "blocks do not depend on each other"


def test_one_object_serves_many_challenges_in_any_order():
    one = Milenage(_secret(SETS[0]["k"]), _secret(SETS[0]["opc"]))
    rands = [bytes([n]) * 16 for n in range(8)]
    forward = [one.f2345(rand).ck for rand in rands]
    assert [one.f2345(rand).ck for rand in reversed(rands)] == forward[::-1]
    assert len(set(forward)) == len(rands)


@pytest.mark.parametrize("octets", [0, 15, 17, 32])
def test_keys_and_rand_of_other_lengths_are_refused(octets):
    good, bad = Secret(bytes(16)), Secret(bytes(octets))
    with pytest.raises(ValueError, match=f"^K has {octets} octets, 16 are wanted"):
        Milenage(bad, good)
    with pytest.raises(ValueError, match=f"^OPc has {octets} octets"):
        Milenage(good, bad)
    with pytest.raises(ValueError, match=f"^OP has {octets} octets"):
        Milenage.from_op(good, bad)
    with pytest.raises(ValueError, match=f"^RAND has {octets} octets"):
        Milenage(good, good).f2345(bytes(octets))
    with pytest.raises(ValueError, match=f"^RAND has {octets} octets"):
        Milenage(good, good).f5_star(bytes(octets))


def test_sqn_and_amf_outside_their_field_are_refused():
    milenage = Milenage(Secret(bytes(16)), Secret(bytes(16)))
    with pytest.raises(ValueError, match="AMF has 3 octets, 2 are wanted"):
        milenage.f1(bytes(16), 0, bytes(3))
    for sqn in (-1, -48, 1 << 48, 48 << 48):
        for function in (milenage.f1_star, milenage.full_vector):
            with pytest.raises(ValueError, match="48 bits"):
                function(bytes(16), sqn, bytes(2))
    for octets in (0, 1, 3):
        with pytest.raises(ValueError, match=f"AMF has {octets} octets"):
            milenage.full_vector(bytes(16), 0, bytes(octets))
    for octets in (0, 15, 17):
        with pytest.raises(ValueError, match=f"RAND has {octets} octets"):
            milenage.outputs(bytes(octets), 0, bytes(2))


@pytest.mark.parametrize(("octets", "why"), [(3, "4..16"), (17, "4..16"), (9, "8 octets"), (16, "8 octets")])
def test_a_res_longer_than_f2_gives_is_not_possible(octets, why):
    with pytest.raises(ValueError, match=why):
        check_res_length(Milenage(Secret(bytes(16)), Secret(bytes(16))), octets)


def test_res_may_be_cut_to_4_to_8_octets():
    milenage = Milenage(Secret(bytes(16)), Secret(bytes(16)))
    assert list(milenage.res_lengths) == [4, 5, 6, 7, 8]
    for octets in milenage.res_lengths:
        check_res_length(milenage, octets)


def test_no_key_shows_in_a_repr():
    milenage = Milenage(_secret(SETS[0]["k"]), _secret(SETS[0]["opc"]))
    out = milenage.f2345(bytes.fromhex(SETS[0]["rand"]))
    hidden = [bytes.fromhex(SETS[0][name]) for name in ("k", "opc", "f2", "f3", "f4", "f5")]
    whole = milenage.full_vector(bytes.fromhex(SETS[0]["rand"]), 0, bytes(2))
    for shown in (repr(milenage), str(milenage), repr(out), str(out), repr(whole), str(whole)):
        assert not any(octets.hex() in shown or repr(octets) in shown for octets in hidden)
