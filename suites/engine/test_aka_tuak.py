"""TUAK against every set of TS 35.233, and against a Keccak-f of the tests' own, itself against TS 35.232."""

import json
from dataclasses import FrozenInstanceError
from random import Random

import pytest

from imsreg.aka.algorithm import check_res_length
from imsreg.aka.sqn import SqnArray
from imsreg.aka.tuak import Tuak, TuakLengths, topc
from imsreg.aka.usim import Accepted, Usim
from imsreg.aka.vector import build_auts, generate, open_autn, open_auts
from imsreg.paths import data
from imsreg.secret import Secret

VECTORS = json.loads(data("vectors", "tuak.json").read_bytes())
SETS = VECTORS["sets"]
ids = [row["name"] for row in SETS]
MASK = (1 << 64) - 1


def _secret(text: str) -> Secret:
    return Secret(bytes.fromhex(text))


def _lengths(row) -> TuakLengths:
    return TuakLengths(res=row["res_length"], mac=row["mac_length"], ck=row["ck_length"], ik=row["ik_length"])


def _left(lane: int, bits: int) -> int:
    return (lane << bits | lane >> 64 - bits) & MASK if bits else lane


def keccak_f(state: bytes) -> bytes:
    """Keccak-f[1600] of FIPS 202 3.2 to 3.4, step by step, on 200 octets."""
    a = {(i % 5, i // 5): int.from_bytes(state[8 * i : 8 * i + 8], "little") for i in range(25)}
    register = 1
    for _ in range(24):
        parity = [a[x, 0] ^ a[x, 1] ^ a[x, 2] ^ a[x, 3] ^ a[x, 4] for x in range(5)]
        for x, y in a:
            a[x, y] ^= parity[(x - 1) % 5] ^ _left(parity[(x + 1) % 5], 1)
        x, y, moved = 1, 0, {(0, 0): a[0, 0]}
        for t in range(24):
            moved[y, (2 * x + 3 * y) % 5] = _left(a[x, y], (t + 1) * (t + 2) // 2 % 64)
            x, y = y, (2 * x + 3 * y) % 5
        for x, y in a:
            a[x, y] = moved[x, y] ^ (~moved[(x + 1) % 5, y] & moved[(x + 2) % 5, y])
        for j in range(7):
            a[0, 0] ^= (register & 1) << (1 << j) - 1
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
    return b"".join((a[i % 5, i // 5] & MASK).to_bytes(8, "little") for i in range(25))


@pytest.mark.parametrize("row", VECTORS["keccak"], ids=lambda row: row["name"])
def test_the_keccak_of_these_tests_is_the_published_one(row):
    # The sets of TS 35.232 write the whole state with its first octet first.
    assert keccak_f(bytes.fromhex(row["input"])).hex() == row["output"]


def _by_hand(top: bytes, instance: int, rand: bytes, amf_sqn: bytes, key: bytes, iterations: int) -> bytes:
    """The state that TS 35.231 6 describes, put together and permuted as it says."""
    fields = (top, bytes((instance,)), b"TUAK1.0", rand, amf_sqn[:2], amf_sqn[2:], key)
    state = b"".join(field[::-1] for field in fields).ljust(96, b"\0") + b"\x1f" + bytes(38) + b"\x80" + bytes(64)
    for _ in range(iterations):
        state = keccak_f(state)
    return state


@pytest.mark.parametrize("key_octets", [16, 32])
@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_shake256_is_what_tuak_describes(key_octets, iterations):
    random = Random(35231)
    for res, code in ((4, 0), (8, 8), (16, 16), (32, 32)):
        for long_ck, long_ik in ((False, False), (True, False), (True, True)):
            k, top, rand, amf = (random.randbytes(n) for n in (key_octets, 32, 16, 2))
            sqn = random.randbytes(6)
            lengths = TuakLengths(res=res, ck=16 << long_ck, ik=16 << long_ik)
            tuak = Tuak(Secret(k), Secret(top), lengths, iterations)
            long_key = key_octets == 32
            instance = 0x40 | code | long_ck << 2 | long_ik << 1 | long_key
            state, out = _by_hand(top, instance, rand, bytes(8), k, iterations), tuak.f2345(rand)
            assert out.res == state[:res][::-1]
            assert (out.ck, out.ik) == (state[32:][: lengths.ck][::-1], state[64:][: lengths.ik][::-1])
            assert out.ak == state[96:102][::-1]
            state = _by_hand(top, 0x88 | long_key, rand, amf + sqn, k, iterations)
            assert tuak.f1_star(rand, int.from_bytes(sqn), amf) == state[:8][::-1]
            state = _by_hand(top, long_key, bytes(16), bytes(8), k, iterations)
            assert topc(Secret(k), Secret(top), iterations) == Secret(state[:32][::-1])


@pytest.mark.parametrize("row", SETS, ids=ids)
@pytest.mark.parametrize("form", ["top", "topc"])
def test_all_functions_give_the_published_values(row, form):
    make = Tuak if form == "topc" else Tuak.from_top
    tuak = make(_secret(row["k"]), _secret(row[form]), _lengths(row), row["iterations"])
    rand, sqn, amf = bytes.fromhex(row["rand"]), int(row["sqn"], 16), bytes.fromhex(row["amf"])
    out = tuak.f2345(rand)
    assert tuak.f1(rand, sqn, amf).hex() == row["f1"]
    assert tuak.f1_star(rand, sqn, amf).hex() == row["f1_star"]
    assert (out.res.hex(), out.ck.hex(), out.ik.hex(), out.ak.hex()) == (row["f2"], row["f3"], row["f4"], row["f5"])
    assert tuak.f5_star(rand).hex() == row["f5_star"]


@pytest.mark.parametrize("row", SETS, ids=ids)
def test_topc_comes_out_of_top(row):
    assert topc(_secret(row["k"]), _secret(row["top"]), row["iterations"]) == _secret(row["topc"])


@pytest.mark.parametrize("octets", [4, 8, 16])
def test_both_ends_agree_with_each_length_of_res(octets):
    random = Random(octets)
    tuak = Tuak(Secret(random.randbytes(32)), Secret(random.randbytes(32)), TuakLengths(res=octets))
    vector = generate(tuak, random.randbytes(16), 32, b"\x80\x00", octets)
    outcome = Usim(tuak, octets, SqnArray()).authenticate(vector.rand, vector.autn)
    assert outcome == Accepted(vector.xres, vector.ck, vector.ik)
    assert open_autn(tuak, vector.rand, vector.autn) == 32
    assert open_auts(tuak, vector.rand, build_auts(tuak, vector.rand, 77)) == 77


def test_a_short_res_is_no_part_of_a_longer_one():
    k, top = Secret(bytes(16)), Secret(bytes(32))
    short, long = (Tuak(k, top, TuakLengths(res=n)).f2345(bytes(16)).res for n in (4, 8))
    assert not long.startswith(short)
    assert not long.endswith(short)
    for wrong in (4, 16):
        with pytest.raises(ValueError, match=f"Tuak gives a RES of 8 octets, {wrong} are not possible"):
            check_res_length(Tuak(k, top), wrong)


def test_a_mac_that_autn_has_no_room_for_makes_no_vector():
    tuak = Tuak(Secret(bytes(16)), Secret(bytes(32)), TuakLengths(mac=16))
    with pytest.raises(ValueError, match="MAC-A has 16 octets, 8 are wanted"):
        generate(tuak, bytes(16), 0, bytes(2), 8)


@pytest.mark.parametrize(
    ("lengths", "why"),
    [
        ({"res": 6}, "RES has 6 octets, TUAK has 4, 8, 16 or 32"),
        ({"mac": 4}, "MAC has 4 octets, TUAK has 8, 16 or 32"),
        ({"ck": 8}, "CK has 8 octets, TUAK has 16 or 32"),
        ({"ik": 64}, "IK has 64 octets, TUAK has 16 or 32"),
    ],
)
def test_lengths_that_tuak_does_not_have_are_refused(lengths, why):
    with pytest.raises(ValueError, match=why):
        TuakLengths(**lengths)


def test_keys_and_parameters_of_other_lengths_are_refused():
    good, top = Secret(bytes(16)), Secret(bytes(32))
    for make, name in ((Tuak, "TOPc"), (Tuak.from_top, "TOP")):
        with pytest.raises(ValueError, match="K has 24 octets, TUAK has 16 or 32"):
            make(Secret(bytes(24)), top)
        with pytest.raises(ValueError, match=f"^{name} has 16 octets, 32 are wanted"):
            make(good, good)
        for iterations in (0, 256):
            with pytest.raises(ValueError, match=rf"{iterations} iterations of Keccak are outside 1\.\.255"):
                make(good, top, None, iterations)
    with pytest.raises(ValueError, match="RAND has 15 octets"):
        Tuak(good, top).f2345(bytes(15))
    with pytest.raises(ValueError, match="48 bits"):
        Tuak(good, top).f1(bytes(16), 1 << 48, bytes(2))
    with pytest.raises(ValueError, match="AMF has 1 octets"):
        Tuak(good, top).f1_star(bytes(16), 1, bytes(1))


def test_no_key_shows_in_a_repr():
    tuak = Tuak(_secret(SETS[0]["k"]), _secret(SETS[0]["topc"]))
    for name in ("k", "topc"):
        octets = bytes.fromhex(SETS[0][name])
        assert octets.hex() not in repr(tuak)
        assert repr(octets) not in repr(tuak)


def test_one_iteration_is_the_usual_number():
    k, top, rand = Secret(bytes(16)), Secret(bytes(range(32))), bytes(range(16))
    assert topc(k, top) == topc(k, top, 1)
    expected = Tuak(k, topc(k, top, 1), None, 1).f2345(rand)
    assert Tuak(k, topc(k, top, 1)).f2345(rand) == Tuak.from_top(k, top).f2345(rand) == expected


def test_lengths_stay_as_they_were_made():
    lengths = TuakLengths()
    with pytest.raises(FrozenInstanceError):
        lengths.res = 16
