"""AUTN, AUTS and whole vectors against published ones."""

import json
from dataclasses import FrozenInstanceError
from random import Random

import pytest

from imsreg.aka.milenage import Milenage
from imsreg.aka.nonce import decode, decode_auts, encode
from imsreg.aka.vector import Autn, build_auts, generate, open_autn, open_auts
from imsreg.paths import data
from imsreg.secret import Secret

AKA = json.loads(data("vectors", "aka.json").read_bytes())


def _milenage(row) -> Milenage:
    return Milenage(Secret(bytes.fromhex(row["k"])), Secret(bytes.fromhex(row["opc"])))


def _by_name(rows):
    return pytest.mark.parametrize("row", rows, ids=[row["name"] for row in rows])


@_by_name(AKA["autn"])
def test_a_vector_is_the_published_one(row):
    vector = generate(_milenage(row), bytes.fromhex(row["rand"]), int(row["sqn"], 16), bytes.fromhex(row["amf"]), 8)
    assert vector.autn.hex() == row["autn"]
    assert [s.reveal().hex() for s in (vector.xres, vector.ck, vector.ik)] == [row["res"], row["ck"], row["ik"]]
    assert encode(vector.rand, vector.autn) == row["nonce"]
    assert decode(row["nonce"]).autn == vector.autn


@_by_name(AKA["autn"])
def test_autn_falls_into_its_parts(row):
    token = Autn.parse(bytes.fromhex(row["autn"]))
    assert token.amf.hex() == row["amf"]
    assert token.sqn(_milenage(row).f2345(bytes.fromhex(row["rand"])).ak) == int(row["sqn"], 16)
    assert bytes(token).hex() == row["autn"]


@_by_name(AKA["autn"])
def test_ak_and_ak_star_are_the_known_ones(row):
    milenage, rand = _milenage(row), bytes.fromhex(row["rand"])
    assert milenage.f2345(rand).ak.hex() == row["ak"]
    assert milenage.f5_star(rand).hex() == row["ak_star"]


@_by_name(AKA["autn"])
def test_autn_opens_with_the_key_alone(row):
    rand, autn = bytes.fromhex(row["rand"]), bytearray.fromhex(row["autn"])
    assert open_autn(_milenage(row), rand, bytes(autn)) == int(row["sqn"], 16)
    assert open_autn(Milenage(Secret(bytes(16)), Secret(bytes(16))), rand, bytes(autn)) is None
    for octet in range(16):
        changed = bytearray(autn)
        changed[octet] ^= 0x10
        assert open_autn(_milenage(row), rand, bytes(changed)) is None


@_by_name(AKA["auts"])
def test_auts_is_the_published_one_and_opens(row):
    rand, sqn_ms = bytes.fromhex(row["rand"]), int(row["sqn_ms"], 16)
    assert build_auts(_milenage(row), rand, sqn_ms).hex() == row["auts"]
    assert decode_auts(row["auts_base64"]).hex() == row["auts"]
    assert open_auts(_milenage(row), rand, bytes.fromhex(row["auts"])) == sqn_ms


@pytest.mark.parametrize("octet", range(14))
def test_auts_with_any_octet_changed_does_not_open(octet):
    row = AKA["auts"][0]
    auts = bytearray.fromhex(row["auts"])
    auts[octet] ^= 0x10
    assert open_auts(_milenage(row), bytes.fromhex(row["rand"]), bytes(auts)) is None


@pytest.mark.parametrize("octets", [0, 13, 15, 30])
def test_auts_of_another_length_does_not_open(octets):
    assert open_auts(_milenage(AKA["auts"][0]), bytes(16), bytes(octets)) is None


def test_auts_does_not_open_for_another_rand():
    row = AKA["auts"][0]
    assert open_auts(_milenage(row), bytes([1]) + bytes(15), bytes.fromhex(row["auts"])) is None


def test_auts_opens_for_any_sqn():
    random = Random(33102)
    for _ in range(200):
        milenage = Milenage(Secret(random.randbytes(16)), Secret(random.randbytes(16)))
        rand, sqn_ms = random.randbytes(16), random.getrandbits(48)
        assert open_auts(milenage, rand, build_auts(milenage, rand, sqn_ms)) == sqn_ms


@pytest.mark.parametrize("length", [4, 5, 8])
def test_xres_is_the_beginning_of_res(length):
    row = AKA["autn"][0]
    vector = generate(_milenage(row), bytes.fromhex(row["rand"]), 0, bytes(2), length)
    assert vector.xres.reveal().hex() == row["res"][: 2 * length]


def test_an_xres_longer_than_the_algorithm_gives_is_refused():
    with pytest.raises(ValueError, match="Milenage gives a RES of 8 octets, 16 are not possible"):
        generate(_milenage(AKA["autn"][0]), bytes(16), 0, bytes(2), 16)


def test_autn_of_another_length_is_refused():
    with pytest.raises(ValueError, match="AUTN has 15 octets"):
        Autn.parse(bytes(15))


def test_a_vector_shows_rand_and_autn_only():
    row = AKA["autn"][0]
    vector = generate(_milenage(row), bytes.fromhex(row["rand"]), 0, bytes(2), 8)
    assert repr(vector).count("<secret>") == 3


def test_a_vector_and_its_tokens_stay_as_they_were_made():
    row = AKA["autn"][0]
    vector = generate(_milenage(row), bytes.fromhex(row["rand"]), 0, bytes(2), 8)
    for made, name in ((vector, "rand"), (Autn.parse(vector.autn), "mac")):
        with pytest.raises(FrozenInstanceError):
            setattr(made, name, b"")


def test_a_mac_that_autn_has_no_room_for_is_refused():
    class LongMac(Milenage):
        def f1(self, rand, sqn, amf):
            return super().f1(rand, sqn, amf) * 2

    with pytest.raises(ValueError, match="MAC-A has 16 octets, 8 are wanted"):
        generate(LongMac(Secret(bytes(16)), Secret(bytes(16))), bytes(16), 0, bytes(2), 8)
