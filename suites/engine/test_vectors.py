"""Every vector file has the form that its schema says, and the schema is the one of the types below."""

import json
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from imsreg.paths import data

Text = Annotated[str, Meta(min_length=1)]
Octets2 = Annotated[str, Meta(pattern="^[0-9a-f]{4}$")]
Octets6 = Annotated[str, Meta(pattern="^[0-9a-f]{12}$")]
Octets8 = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Octets14 = Annotated[str, Meta(pattern="^[0-9a-f]{28}$")]
Octets16 = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
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


class Milenage(VectorFile):
    sets: list[MilenageSet]


class AutnCase(Row):
    name: Text
    k: Octets16
    opc: Octets16
    rand: Octets16
    sqn: Octets6
    amf: Octets2
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
    source: Text


class SqnStep(Row):
    sqn: Octets6
    accepted: bool
    highest: Octets6


class SqnCase(Row):
    name: Text
    comment: str
    steps: Annotated[list[SqnStep], Meta(min_length=1)]


class Aka(VectorFile):
    autn: list[AutnCase]
    auts: list[AutsCase]
    sqn_window: list[SqnCase]


class DigestCase(Row):
    name: Text
    algorithm: Literal["MD5", "AKAv1-MD5"]
    username: Text
    realm: Text
    password: Hex
    method: Text
    uri: Text
    nonce: Text
    qop: Literal["auth", "auth-int"] | None
    nc: Annotated[str, Meta(pattern="^[0-9a-f]{8}$")] | None
    cnonce: Text | None
    response: Octets16
    rspauth: Octets16 | None
    source: Text


class Digest(VectorFile):
    cases: list[DigestCase]


class IdentityCase(Row):
    imsi: Imsi
    mnc_digits: Literal[2, 3]
    home_domain: Text
    impi: Text
    temporary_impu: Text
    source: Text


class RefusedIdentity(Row):
    imsi: str
    mnc_digits: int
    because: Text


class Identity(VectorFile):
    cases: list[IdentityCase]
    refused: list[RefusedIdentity]


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


FILES = {"milenage": Milenage, "aka": Aka, "digest": Digest, "identity": Identity, "seed": Seed}


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
        ("aka", "autn", 20),
        ("aka", "auts", 5),
        ("aka", "sqn_window", 10),
        ("digest", "cases", 80),
        ("identity", "cases", 7),
    ],
)
def test_rows_are_many_and_differ_by_name(name, part, rows):
    file = json.loads(data("vectors", f"{name}.json").read_bytes())
    names = [row.get("name") or (row["imsi"], row["mnc_digits"]) for row in file[part]]
    assert len(names) >= rows
    assert len(set(names)) == len(names)


def test_no_file_is_without_schema_and_provenance():
    files = list(data("vectors").glob("*.json"))
    assert {file.stem for file in files} >= set(FILES)
    for file in files:
        content = json.loads(file.read_bytes())
        assert data("vectors", content["$schema"]).is_file(), file
        assert content["provenance"], file
