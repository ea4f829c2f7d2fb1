"""Key expansion and ESP packets against vectors/esp.json, and that file against its schema (TS 33.203 Annex I)."""

import json
from random import Random
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from imsreg.paths import data
from imsreg.secagree.esp import Inbound, Outbound, Outcome, Received
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret

Text = Annotated[str, Meta(min_length=1)]
Octets4 = Annotated[str, Meta(pattern="^[0-9a-f]{8}$")]
Octets16 = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Octets20 = Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]
Octets24 = Annotated[str, Meta(pattern="^[0-9a-f]{48}$")]
Hex = Annotated[str, Meta(pattern="^([0-9a-f]{2})*$")]


class Row(msgspec.Struct, forbid_unknown_fields=True):
    name: Text


class KeyRow(Row):
    ck: Octets16
    ik: Octets16
    hmac_md5_96: Octets16
    hmac_sha_1_96: Octets20
    des_ede3_cbc: Octets24
    des_ede3_cbc_odd_parity: Octets24
    aes_cbc: Octets16
    aes_gmac: Octets16
    aes_gmac_salt: Octets4
    aes_gcm: Octets16
    aes_gcm_salt: Octets4


class PacketRow(Row):
    alg: Literal["hmac-md5-96", "hmac-sha-1-96", "aes-gmac", "null"]
    ealg: Literal["aes-cbc", "aes-gcm", "null"]
    ck: Octets16
    ik: Octets16
    spi: Annotated[int, Meta(ge=256, le=4294967295)]
    sequence: Annotated[int, Meta(ge=1, le=4294967295)]
    iv: Hex
    next_header: Annotated[int, Meta(ge=0, le=255)]
    payload: Hex
    packet: Hex


class Esp(msgspec.Struct, forbid_unknown_fields=True):
    provenance: Annotated[list[Text], Meta(min_length=1)]
    keys: list[KeyRow]
    packets: list[PacketRow]
    schema: Annotated[str, Meta(pattern="^schema/[a-z]+.json$")] = msgspec.field(name="$schema")


VECTORS = msgspec.json.decode(data("vectors", "esp.json").read_bytes(), type=Esp)
each_key = pytest.mark.parametrize("row", VECTORS.keys, ids=lambda row: row.name)
each_packet = pytest.mark.parametrize("row", VECTORS.packets, ids=lambda row: row.name)


def _secret(text: str) -> Secret:
    return Secret(bytes.fromhex(text))


def _keys(row: KeyRow | PacketRow, alg: str, ealg: str):
    return expand(Transform(alg, ealg), _secret(row.ck), _secret(row.ik))


def test_the_schema_says_the_same() -> None:
    assert VECTORS.schema == "schema/esp.json"
    assert json.loads(data("vectors", "schema", "esp.json").read_bytes()) == msgspec.json.schema(Esp)


@pytest.mark.parametrize(("rows", "least"), [(VECTORS.keys, 21), (VECTORS.packets, 5)], ids=["keys", "packets"])
def test_rows_are_many_and_differ_by_name(rows: list[Row], least: int) -> None:
    assert len({row.name for row in rows}) == len(rows) >= least


@each_key
def test_the_integrity_keys(row: KeyRow) -> None:
    assert _keys(row, "hmac-md5-96", "null").integrity == _secret(row.hmac_md5_96)
    assert _keys(row, "hmac-sha-1-96", "null").integrity == _secret(row.hmac_sha_1_96)
    gmac = _keys(row, "aes-gmac", "null")
    assert (gmac.integrity, gmac.salt) == (_secret(row.aes_gmac), _secret(row.aes_gmac_salt))
    assert len(gmac.encryption) == 0


@each_key
def test_the_encryption_keys(row: KeyRow) -> None:
    assert _keys(row, "hmac-sha-1-96", "aes-cbc").encryption == _secret(row.aes_cbc)
    assert _keys(row, "hmac-md5-96", "des-ede3-cbc").encryption == _secret(row.des_ede3_cbc)
    assert len(_keys(row, "hmac-sha-1-96", "null").encryption) == 0
    gcm = _keys(row, "null", "aes-gcm")
    assert (gcm.encryption, gcm.salt) == (_secret(row.aes_gcm), _secret(row.aes_gcm_salt))
    assert len(gcm.integrity) == 0


@each_key
def test_parity_bits_of_the_des_key_do_not_count(row: KeyRow) -> None:
    keys = _keys(row, "hmac-md5-96", "des-ede3-cbc")
    odd = msgspec.structs.replace(row, ck=row.des_ede3_cbc_odd_parity[:32])
    assert _keys(odd, "hmac-md5-96", "des-ede3-cbc").encryption == _secret(row.des_ede3_cbc_odd_parity)
    packet = Outbound(256, _keys(odd, "hmac-md5-96", "des-ede3-cbc"), Random(1)).encapsulate(b"payload", 17)
    assert Inbound(256, keys).decapsulate(packet).payload == b"payload"


@each_packet
def test_the_packet_comes_out(row: PacketRow) -> None:
    end = Outbound(row.spi, _keys(row, row.alg, row.ealg), Random(1), sent=row.sequence - 1)
    made = end.encapsulate(bytes.fromhex(row.payload), row.next_header, iv=bytes.fromhex(row.iv))
    assert made.hex() == row.packet


@each_packet
def test_the_packet_goes_in(row: PacketRow) -> None:
    end = Inbound(row.spi, _keys(row, row.alg, row.ealg))
    expected = Received(Outcome.OK, row.spi, row.sequence, row.next_header, bytes.fromhex(row.payload))
    assert end.decapsulate(bytes.fromhex(row.packet)) == expected
