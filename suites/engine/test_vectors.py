"""Every vector file has the form that its schema says, and the schema is the one of the types below."""

import json
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from imsreg.paths import data

Text = Annotated[str, Meta(min_length=1)]
Octets2 = Annotated[str, Meta(pattern="^[0-9a-f]{4}$")]
Octets4 = Annotated[str, Meta(pattern="^[0-9a-f]{8}$")]
Octets6 = Annotated[str, Meta(pattern="^[0-9a-f]{12}$")]
Octets8 = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Octets14 = Annotated[str, Meta(pattern="^[0-9a-f]{28}$")]
Octets16 = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Octets32 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Octets200 = Annotated[str, Meta(pattern="^[0-9a-f]{400}$")]
Response = Annotated[str, Meta(pattern="^([0-9a-f]{32}){1,2}$")]
Hex = Annotated[str, Meta(pattern="^([0-9a-f]{2})*$")]
Nonce = Annotated[str, Meta(pattern="^[A-Za-z0-9+/]{43}=$")]
Imsi = Annotated[str, Meta(pattern="^[0-9]{6,15}$")]
Provenance = Annotated[list[Text], Meta(min_length=1)]


class Row(msgspec.Struct, forbid_unknown_fields=True):
    pass


class VectorFile(Row):
    provenance: Provenance
    schema: Annotated[str, Meta(pattern="^schema/[a-z]+.json$")] = msgspec.field(name="$schema")


class MilenageSet(Row):
    name: Text
    k: Octets16
    op: Octets16
    opc: Octets16
    rand: Octets16
    sqn: Octets6
    amf: Octets2
    f1: Octets8
    f1_star: Octets8
    f2: Octets8
    f3: Octets16
    f4: Octets16
    f5: Octets6
    f5_star: Octets6


class GsmSet(Row):
    name: Text
    k: Octets16
    opc: Octets16
    rand: Octets16
    sres_1: Octets4
    sres_2: Octets4
    kc: Octets8


class AesSet(Row):
    name: Text
    k: Octets16
    plaintext: Octets16
    ciphertext: Octets16


class Milenage(VectorFile):
    sets: list[MilenageSet]
    gsm: list[GsmSet]
    aes: list[AesSet]


class TuakSet(Row):
    name: Text
    k: Annotated[str, Meta(pattern="^([0-9a-f]{32}){1,2}$")]
    rand: Octets16
    sqn: Octets6
    amf: Octets2
    top: Octets32
    topc: Octets32
    iterations: Annotated[int, Meta(ge=1)]
    mac_length: Literal[8, 16, 32]
    res_length: Literal[4, 8, 16, 32]
    ck_length: Literal[16, 32]
    ik_length: Literal[16, 32]
    f1: Hex
    f1_star: Hex
    f2: Hex
    f3: Hex
    f4: Hex
    f5: Octets6
    f5_star: Octets6


class KeccakSet(Row):
    name: Text
    input: Octets200
    output: Octets200


class Tuak(VectorFile):
    sets: list[TuakSet]
    keccak: list[KeccakSet]


class XorCase(Row):
    name: Text
    k: Octets16
    rand: Octets16
    sqn: Octets6
    amf: Octets2
    res: Octets16
    ck: Octets16
    ik: Octets16
    ak: Octets6
    mac: Octets8
    autn: Octets16
    nonce: Nonce
    sqn_ms: Octets6
    auts: Octets14


class Xor(VectorFile):
    cases: list[XorCase]


class AutnCase(Row):
    name: Text
    k: Octets16
    opc: Octets16
    rand: Octets16
    sqn: Octets6
    amf: Octets2
    ak: Octets6
    ak_star: Octets6
    autn: Octets16
    res: Octets8
    ck: Octets16
    ik: Octets16
    nonce: Nonce
    source: Text


class AutsCase(Row):
    name: Text
    k: Octets16
    opc: Octets16
    rand: Octets16
    sqn_ms: Octets6
    auts: Octets14
    auts_base64: Annotated[str, Meta(pattern="^[A-Za-z0-9+/]{19}=$")]
    source: Text


class SqnStep(Row):
    sqn: Octets6
    accepted: bool
    highest: Octets6


class SqnCase(Row):
    name: Text
    comment: str
    age_limit: Annotated[int, Meta(ge=1)] | None
    steps: Annotated[list[SqnStep], Meta(min_length=1)]


class Aka(VectorFile):
    autn: list[AutnCase]
    auts: list[AutsCase]
    sqn_window: list[SqnCase]


class DigestCase(Row):
    name: Text
    algorithm: Literal["MD5", "SHA-256", "AKAv1-MD5", "AKAv1-SHA-256", "AKAv2-MD5", "AKAv2-SHA-256"]
    username: Text
    realm: Text
    password: Hex
    method: Text
    uri: Text
    nonce: Text
    qop: Literal["auth", "auth-int"] | None
    nc: Annotated[str, Meta(pattern="^[0-9a-f]{8}$")] | None
    cnonce: Text | None
    response: Response
    rspauth: Response | None
    source: Text


class Akav2Case(Row):
    name: Text
    res: Octets8
    ck: Octets16
    ik: Octets16
    md5: Annotated[str, Meta(pattern="^[A-Za-z0-9+/]{22}==$")]
    sha_256: Annotated[str, Meta(pattern="^[A-Za-z0-9+/]{43}=$")]
    ck_prime: Octets16
    ik_prime: Octets16


class UserhashCase(Row):
    name: Text
    username: Text
    realm: Text
    algorithm: Literal["SHA-512-256"]
    userhash: Octets32
    printed: Octets32


class Digest(VectorFile):
    cases: list[DigestCase]
    akav2: list[Akav2Case]
    userhash: list[UserhashCase]


class PublishedCase(Row):
    name: Text
    aka: Literal["milenage", "xor"]
    k: Octets16
    op: Octets16 | None
    opc: Octets16 | None
    rand: Octets16
    sqn: Octets6
    amf: Octets2
    autn: Octets16
    res: Annotated[str, Meta(pattern="^([0-9a-f]{16}){1,2}$")]
    res_length: Annotated[int, Meta(ge=4, le=16)]
    ck: Octets16
    ik: Octets16
    nonce: Nonce
    username: Text
    realm: Text
    uri: Text
    method: Text
    qop: Literal["auth"]
    nc: Text
    cnonce: Text
    response: Octets16
    ha1: Octets16
    rspauth: Octets16
    source: Text


class Published(VectorFile):
    cases: list[PublishedCase]


class IdentityCase(Row):
    imsi: Imsi
    mnc_digits: Literal[2, 3]
    nid: Annotated[str, Meta(pattern="^[0-9a-f]{11}$")] | None
    home_domain: Text
    impi: Text
    temporary_impu: Text
    register_request_uri: Text
    source: Text


class RefusedIdentity(Row):
    imsi: str
    mnc_digits: int
    because: Text


class ImeiCase(Row):
    imei: Annotated[str, Meta(pattern="^[0-9]{14,16}$")]
    urn: Text
    check_digit: Annotated[str, Meta(pattern="^[0-9]$")]
    source: Text


class IsimCase(Row):
    name: Text
    ef_impi: Hex
    ef_domain: Hex
    ef_impu: list[Hex]
    impi: Text
    home_domain: Text
    impus: list[Text]


class Identity(VectorFile):
    cases: list[IdentityCase]
    refused: list[RefusedIdentity]
    imei: list[ImeiCase]
    isim: list[IsimCase]


class SeedMessage(Row):
    file: Annotated[str, Meta(pattern="^seed/S[1-5].sip$")]
    sender: Literal["ue", "another ue", "core"]
    octets: int
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Seed(VectorFile):
    k: Octets16
    opc: Octets16
    rand: Octets16
    sqn: Octets6
    amf: Octets2
    res_length: Annotated[int, Meta(ge=4, le=16)]
    username: Text
    realm: Text
    uri: Text
    method: Text
    qop: Text
    nc: Text
    cnonce: Text
    nonce: Nonce
    response: Octets16
    rspauth: Octets16
    rspauth_sent: Octets16
    messages: Annotated[list[SeedMessage], Meta(min_length=5, max_length=5)]


FILES = {
    "milenage": Milenage,
    "tuak": Tuak,
    "xor": Xor,
    "aka": Aka,
    "digest": Digest,
    "published": Published,
    "identity": Identity,
    "seed": Seed,
}


@pytest.mark.parametrize(("name", "shape"), FILES.items(), ids=FILES)
def test_the_file_has_its_form(name, shape):
    file = msgspec.json.decode(data("vectors", f"{name}.json").read_bytes(), type=shape)
    assert file.schema == f"schema/{name}.json"


@pytest.mark.parametrize(("name", "shape"), FILES.items(), ids=FILES)
def test_the_schema_says_the_same(name, shape):
    assert json.loads(data("vectors", "schema", f"{name}.json").read_bytes()) == msgspec.json.schema(shape)


@pytest.mark.parametrize(
    ("name", "part", "rows"),
    [
        ("milenage", "sets", 26),
        ("milenage", "gsm", 19),
        ("milenage", "aes", 20),
        ("tuak", "sets", 6),
        ("tuak", "keccak", 6),
        ("xor", "cases", 5),
        ("aka", "autn", 42),
        ("aka", "auts", 23),
        ("aka", "sqn_window", 13),
        ("digest", "cases", 180),
        ("digest", "akav2", 19),
        ("published", "cases", 5),
        ("identity", "cases", 8),
        ("identity", "imei", 5),
        ("identity", "isim", 2),
    ],
)
def test_rows_are_many_and_differ_by_name(name, part, rows):
    file = json.loads(data("vectors", f"{name}.json").read_bytes())
    names = [row.get("name") or row.get("imei") or (row["imsi"], row["mnc_digits"], row["nid"]) for row in file[part]]
    assert len(names) >= rows
    assert len(set(names)) == len(names)


def test_no_file_is_without_schema_and_provenance():
    files = list(data("vectors").glob("*.json"))
    assert {file.stem for file in files} >= set(FILES)
    for file in files:
        content = json.loads(file.read_bytes())
        assert data("vectors", content["$schema"]).is_file(), file
        assert content["provenance"], file
