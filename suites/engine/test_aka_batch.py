"""Many vectors at once are the same vectors. How much less time they take is measured in the benchmarks."""

import json
from dataclasses import FrozenInstanceError
from pathlib import Path
from random import Random

import pytest

import imsreg
from imsreg.aka.milenage import FullVector, Milenage
from imsreg.paths import data
from imsreg.secret import Secret

pytest.importorskip("numpy")
from imsreg.aka.batch import MilenageBatch

SETS = json.loads(data("vectors", "milenage.json").read_bytes())["sets"]


def _pair(random: Random) -> tuple[Milenage, MilenageBatch]:
    k, opc = Secret(random.randbytes(16)), Secret(random.randbytes(16))
    return Milenage(k, opc), MilenageBatch(k, opc)


@pytest.mark.parametrize("row", SETS, ids=[row["name"] for row in SETS])
def test_a_batch_of_one_is_the_published_set(row):
    batch = MilenageBatch(Secret(bytes.fromhex(row["k"])), Secret(bytes.fromhex(row["opc"])))
    vectors = batch.full_vectors(bytes.fromhex(row["rand"]), [int(row["sqn"], 16)], bytes.fromhex(row["amf"]))
    names = {"mac_a": "f1", "mac_s": "f1_star", "ak": "f5", "res": "f2", "ck": "f3", "ik": "f4", "ak_star": "f5_star"}
    for name, function in names.items():
        assert getattr(vectors, name).tobytes().hex() == row[function]


@pytest.mark.parametrize("count", [0, 1, 2, 1023, 1024, 1025, 2500])
def test_every_row_is_what_one_challenge_gives(count):
    random = Random(count)
    one, batch = _pair(random)
    rands, sqns = random.randbytes(16 * count), [random.getrandbits(48) for _ in range(count)]
    vectors = batch.full_vectors(rands, sqns, b"\x80\x01")
    for n, sqn in enumerate(sqns):
        single = one.full_vector(rands[16 * n : 16 * n + 16], sqn, b"\x80\x01")
        assert tuple(getattr(vectors, name)[n].tobytes() for name in FullVector._fields) == tuple(single)
    assert len(vectors.res) == count


def test_what_does_not_fit_is_refused():
    _, batch = _pair(Random(1))
    with pytest.raises(ValueError, match="the RANDs together has 17 octets, 16 are wanted"):
        batch.full_vectors(bytes(17), [0], bytes(2))
    with pytest.raises(ValueError, match="AMF has 3 octets"):
        batch.full_vectors(bytes(16), [0], bytes(3))
    for sqn in (1 << 48, 1 << 49):
        with pytest.raises(ValueError, match="48 bits"):
            batch.full_vectors(bytes(16), [sqn], bytes(2))
    with pytest.raises(ValueError, match="K has 15 octets"):
        MilenageBatch(Secret(bytes(15)), Secret(bytes(16)))
    with pytest.raises(ValueError, match="OPc has 17 octets"):
        MilenageBatch(Secret(bytes(16)), Secret(bytes(17)))


def test_nothing_else_needs_numpy():
    package = Path(imsreg.__file__).parent
    users = {path.name for path in package.rglob("*.py") if "numpy" in path.read_text(encoding="utf-8")}
    assert users == {"batch.py"}


def test_vectors_do_not_show_themselves():
    _, batch = _pair(Random(3))
    assert "array" not in repr(batch.full_vectors(bytes(16), [0], bytes(2)))


def test_vectors_stay_as_they_were_made():
    vectors = _pair(Random(4))[1].full_vectors(bytes(16), [0], bytes(2))
    with pytest.raises(FrozenInstanceError):
        vectors.res = vectors.ck
