"""Exchanges that somebody published, from the key to the response and back to the server's proof."""

import hashlib
import json

import pytest

from imsreg.aka import digest
from imsreg.aka.akav2 import aka_password
from imsreg.aka.auc import AuthenticationCentre
from imsreg.aka.milenage import Milenage, opc
from imsreg.aka.nonce import decode, encode
from imsreg.aka.sqn import SLOTS, SqnArray, join, split
from imsreg.aka.usim import Accepted, Usim
from imsreg.aka.xor import Xor
from imsreg.paths import data
from imsreg.secret import Secret

CASES = json.loads(data("vectors", "published.json").read_bytes())["cases"]
by_name = pytest.mark.parametrize("row", CASES, ids=[row["name"] for row in CASES])


def _secret(text: str) -> Secret:
    return Secret(bytes.fromhex(text))


def _algorithm(row) -> Milenage | Xor:
    return Xor(_secret(row["k"])) if row["aka"] == "xor" else Milenage(_secret(row["k"]), _secret(row["opc"]))


def _digest(row) -> dict[str, object]:
    names = ("username", "realm", "uri", "nonce", "qop", "nc", "cnonce")
    return {name: row[name] for name in names} | {"algorithm": "AKAv1-MD5"}


@by_name
def test_the_key_gives_the_challenge(row):
    seq, ind = split(int(row["sqn"], 16))
    before = join((seq - 1) % (1 << 43), ind)
    amf = bytes.fromhex(row["amf"])
    centre = AuthenticationCentre(_algorithm(row), sqn=before, amf=amf, res_length=row["res_length"])
    vector = centre.vector(bytes.fromhex(row["rand"]))
    assert vector.autn.hex() == row["autn"]
    assert encode(vector.rand, vector.autn) == row["nonce"]
    assert (vector.ck, vector.ik) == (_secret(row["ck"]), _secret(row["ik"]))
    assert vector.xres == _secret(row["res"][: 2 * row["res_length"]])


@by_name
def test_the_challenge_gives_the_response_and_the_response_the_proof(row):
    nonce = decode(row["nonce"])
    algorithm = _algorithm(row)
    assert algorithm.f2345(nonce.rand).res.hex() == row["res"]
    outcome = Usim(algorithm, row["res_length"], SqnArray()).authenticate(nonce.rand, nonce.autn)
    if int(row["sqn"], 16) < SLOTS:
        assert not isinstance(outcome, Accepted), "an SQN of zero is fresh to no USIM"
        res = Secret(algorithm.f2345(nonce.rand).res[: row["res_length"]])
    else:
        assert isinstance(outcome, Accepted)
        res = outcome.res
    password = aka_password("AKAv1-MD5", res, _secret(row["ck"]), _secret(row["ik"])).reveal()
    assert digest.response(method=row["method"], password=password, **_digest(row)) == row["response"]
    assert digest.rspauth(password=password, **_digest(row)) == row["rspauth"] != row["response"]


@by_name
def test_h_of_a1_is_on_the_way(row):
    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    a2 = md5(f"{row['method']}:{row['uri']}")
    assert md5(f"{row['ha1']}:{row['nonce']}:{row['nc']}:{row['cnonce']}:{row['qop']}:{a2}") == row["response"]


@by_name
def test_op_is_the_operators_where_it_is_known(row):
    if row["op"] is not None:
        assert opc(_secret(row["k"]), _secret(row["op"])) == _secret(row["opc"])
    assert (row["opc"] is None) is (row["aka"] == "xor")


def test_a_res_that_is_not_cut_gives_another_response():
    row = CASES[0]
    assert row["res_length"] == 4
    whole = digest.response(method="REGISTER", password=bytes.fromhex(row["res"]), **_digest(row))
    assert whole == "a84af79836409490bc6b7c06cad267a9"
