"""The files of an ISIM as a card reader shows them (TS 31.103 4.2)."""

import json
from random import Random

import pytest

from imsreg.errors import InputError
from imsreg.identity.isim import read_isim
from imsreg.identity.subscribers import load_subscribers
from imsreg.paths import data

CASES = json.loads(data("vectors", "identity.json").read_bytes())["isim"]
GOOD = b"\x80\x03a@b"
KEY = '{k: "00112233445566778899aabbccddeeff", opc: "fedcba98765432100123456789abcdef"}'


def _tlv(text: str) -> str:
    return (bytes((0x80, len(text))) + text.encode()).hex()


def _file(tmp_path, **fields):
    entry = {"name": "alice", "imsi": "001010000000001", "mnc_digits": 2} | fields
    (tmp_path / "keys.yaml").write_text(f"alice: {KEY}")
    path = tmp_path / "subscribers.yaml"
    path.write_text(json.dumps({"keys": "keys.yaml", "subscribers": [entry]}))
    return path


def _isim(impi="alice@ims.example", domain="ims.example", impus=("sip:alice@ims.example", "tel:+15550100001")):
    return {"ef_impi": _tlv(impi), "ef_domain": _tlv(domain), "ef_impu": [_tlv(impu) for impu in impus]}


@pytest.mark.parametrize("row", CASES, ids=[row["name"] for row in CASES])
def test_the_identities_are_those_on_the_card(row):
    found = read_isim(
        bytes.fromhex(row["ef_impi"]), bytes.fromhex(row["ef_domain"]), [bytes.fromhex(r) for r in row["ef_impu"]]
    )
    assert found == (row["impi"], row["home_domain"], tuple(row["impus"]))


@pytest.mark.parametrize("row", CASES, ids=[row["name"] for row in CASES])
def test_a_subscriber_has_them_from_his_card(tmp_path, row):
    isim = {name: row[name] for name in ("ef_impi", "ef_domain", "ef_impu")}
    (alice,) = load_subscribers(_file(tmp_path, isim=isim), {})
    assert (alice.impi, alice.home_domain, alice.impus) == (row["impi"], row["home_domain"], tuple(row["impus"]))
    assert alice.registration_impu == alice.emergency_impu == row["impus"][0]


BAD = [
    (b"", "EF_IMPI is empty"),
    (b"\xff" * 20, "EF_IMPI is empty"),
    (b"\x80\x00", "EF_IMPI is empty"),
    (b"\x81\x03a@b", "does not begin with tag 80 and a length"),
    (b"\x80", "does not begin with tag 80 and a length"),
    (b"\x80\x04a@b", "says 4 octets and has 3"),
    (b"\x80\x03a@b\x00", "has 1 octets behind its value"),
    (b"\x80\x82\x00\x03a@b", "has a length that cannot be read: 82"),
    (b"\x80\x80a@b", "has a length that cannot be read: 80"),
    (b"\x80\x81", "EF_IMPI is empty"),
    (b"\x80\x81\x04a@b", "says 4 octets and has 3"),
    (b"\x80\x02\xc3\x28", "is not UTF-8"),
]


@pytest.mark.parametrize(("octets", "why"), BAD)
def test_what_is_wrong_with_a_file_is_said(octets, why):
    with pytest.raises(ValueError, match=why):
        read_isim(octets, GOOD, [GOOD])


def test_the_file_that_is_wrong_is_named():
    with pytest.raises(ValueError, match=r"^EF_DOMAIN is empty"):
        read_isim(GOOD, b"", [GOOD])
    with pytest.raises(ValueError, match=r"^EF_IMPU is empty"):
        read_isim(GOOD, GOOD, [b"\xff\xff"])
    with pytest.raises(ValueError, match=r"^record 2 of EF_IMPU says"):
        read_isim(GOOD, GOOD, [GOOD, b"\x80\x7fa"])


def test_hostile_octets_never_give_another_error():
    random = Random(31103)
    outcomes = set()
    for _ in range(3000):
        octets = bytes(random.choices(b"\x80\x80\x80\x00\x01\x02\x03a@\xc3\xa9\xff\x81", k=random.randrange(9)))
        try:
            read_isim(GOOD, GOOD, [octets])
            outcomes.add("read")
        except ValueError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


@pytest.mark.parametrize(
    ("isim", "more", "field", "problem"),
    [
        (_isim(), {"impi": "a@b"}, "impi", "stands beside isim"),
        (_isim(), {"home_domain": "b"}, "home_domain", "stands beside isim"),
        (_isim(), {"impus": ["sip:a@b"]}, "impus", "stands beside isim"),
        (_isim(), {"nid": "000007ed9d5"}, "nid", "stands beside isim"),
        (_isim(impi="alice"), {}, "isim.ef_impi", "is not a private identity such as user@domain"),
        (_isim(domain="sip:x"), {}, "isim.ef_domain", "is not a domain name"),
        (_isim(impus=("sip:a@b", "mailto:a")), {}, "isim.ef_impu[1]", "is not a public identity: a sip: or tel: URI"),
        (_isim(impus=("tel:+1",)), {}, "isim.ef_impu", "no SIP URI to register with"),
        (_isim() | {"ef_impi": "8001"}, {}, "isim", "EF_IMPI says 1 octets and has 0"),
        (_isim() | {"ef_impi": "80zz"}, {}, "isim.ef_impi", "is not octets in hexadecimal digits"),
        (_isim() | {"ef_impu": []}, {}, "isim.ef_impu", "length >= 1"),
        (_isim() | {"ef_arr": "00"}, {}, "isim.ef_arr", "is not a known field"),
        (_isim(), {"barred": ["sip:b@x"]}, "barred", "sip:b@x is not one of the impus"),
    ],
)
def test_a_wrong_card_is_named_in_one_line(tmp_path, isim, more, field, problem):
    with pytest.raises(InputError) as caught:
        load_subscribers(_file(tmp_path, isim=isim, **more), {})
    assert caught.value.field == f"subscribers[0].{field}"
    assert problem in caught.value.problem
    assert "\n" not in str(caught.value)


def test_without_an_isim_an_emergency_is_for_the_temporary_identity(tmp_path):
    (alice,) = load_subscribers(_file(tmp_path, impus=["sip:alice@x"]), {})
    assert alice.registration_impu == "sip:alice@x"
    assert alice.emergency_impu == "sip:001010000000001@ims.mnc001.mcc001.3gppnetwork.org"


def test_a_nid_and_a_device_are_taken_from_the_file(tmp_path):
    (alice,) = load_subscribers(_file(tmp_path, nid="000007ed9d5", imei="490154203237518"), {})
    assert alice.home_domain == "ims.nid000007ed9d5.mnc001.mcc001.3gppnetwork.org"
    assert alice.instance_id == "urn:gsma:imei:49015420-323751-0"
    urn = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
    (alice,) = load_subscribers(_file(tmp_path, instance_id=urn), {})
    assert alice.instance_id == urn
    (alice,) = load_subscribers(_file(tmp_path), {})
    assert alice.instance_id is None
