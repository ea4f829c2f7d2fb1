"""The test algorithm of TS 34.108."""

import json

import pytest

from imsreg.aka.nonce import decode, encode
from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Accepted, MacFailure, Usim
from imsreg.aka.vector import build_auts, generate, open_auts
from imsreg.aka.xor import Xor
from imsreg.paths import data
from imsreg.secret import Secret

CASES = json.loads(data("vectors", "xor.json").read_bytes())["cases"]
by_name = pytest.mark.parametrize("row", CASES, ids=[row["name"] for row in CASES])


def _xor(row) -> Xor:
    return Xor(Secret(bytes.fromhex(row["k"])))


def _parameters(row) -> tuple[bytes, int, bytes]:
    return bytes.fromhex(row["rand"]), int(row["sqn"], 16), bytes.fromhex(row["amf"])


@by_name
def test_all_functions_give_the_known_values(row):
    xor, (rand, sqn, amf) = _xor(row), _parameters(row)
    out = xor.f2345(rand)
    assert (out.res.hex(), out.ck.hex(), out.ik.hex(), out.ak.hex()) == (row["res"], row["ck"], row["ik"], row["ak"])
    assert xor.f1(rand, sqn, amf).hex() == xor.f1_star(rand, sqn, amf).hex() == row["mac"]
    assert xor.f5_star(rand) == out.ak


@by_name
@pytest.mark.parametrize("length", [4, 8, 16])
def test_a_vector_is_the_known_one_with_each_res(row, length):
    vector = generate(_xor(row), *_parameters(row), length)
    assert vector.autn.hex() == row["autn"]
    assert encode(vector.rand, vector.autn) == row["nonce"]
    assert decode(row["nonce"]).autn == vector.autn
    assert vector.xres.reveal().hex() == row["res"][: 2 * length]


@by_name
def test_auts_is_the_known_one_and_opens(row):
    rand, sqn_ms = bytes.fromhex(row["rand"]), int(row["sqn_ms"], 16)
    assert build_auts(_xor(row), rand, sqn_ms).hex() == row["auts"]
    assert open_auts(_xor(row), rand, bytes.fromhex(row["auts"])) == sqn_ms


def test_both_ends_agree_and_another_key_does_not():
    vector = generate(Xor(Secret(bytes(range(16)))), bytes(16), 32, bytes(2), 16)
    accepted = Usim(Xor(Secret(bytes(range(16)))), 16, SqnArray()).authenticate(vector.rand, vector.autn)
    assert accepted == Accepted(vector.xres, vector.ck, vector.ik)
    assert Usim(Xor(Secret(bytes(16))), 16, SqnArray()).authenticate(vector.rand, vector.autn) == MacFailure()


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match="K has 32 octets, 16 are wanted"):
        Xor(Secret(bytes(32)))
    with pytest.raises(ValueError, match="RAND has 17 octets"):
        Xor(Secret(bytes(16))).f2345(bytes(17))
    with pytest.raises(ValueError, match="48 bits"):
        Xor(Secret(bytes(16))).f1(bytes(16), -1, bytes(2))
    with pytest.raises(ValueError, match=r"outside 4\.\.16"):
        Usim(Xor(Secret(bytes(16))), 17, SqnArray())
