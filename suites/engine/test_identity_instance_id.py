"""IMEI and UUID as instance ids (RFC 7254, TS 23.003 13.8 and Annex B, RFC 5626 4.1)."""

import json
import uuid
from random import Random

import pytest

from imsreg.identity.instance_id import check_digit, imei_urn, uuid_urn
from imsreg.paths import data

CASES = json.loads(data("vectors", "identity.json").read_bytes())["imei"]
by_imei = pytest.mark.parametrize("row", CASES, ids=[row["imei"] for row in CASES])


@by_imei
def test_the_urn_and_the_check_digit_are_the_known_ones(row):
    assert imei_urn(row["imei"]) == row["urn"]
    assert check_digit(row["imei"][:14]) == row["check_digit"]


@by_imei
def test_only_the_right_check_digit_and_the_spare_zero_are_taken(row):
    taken = {digit for digit in "0123456789" if _is_taken(row["imei"][:14] + digit)}
    assert taken == {"0", row["check_digit"]}


def _is_taken(imei: str) -> bool:
    try:
        return imei_urn(imei).endswith("-0")
    except ValueError:
        return False


def test_every_mistyped_digit_changes_the_check_digit():
    digits = "49015420323751"
    for place in range(14):
        for digit in set("0123456789") - {digits[place]}:
            mistyped = digits[:place] + digit + digits[place + 1 :]
            assert check_digit(mistyped) != check_digit(digits)


@pytest.mark.parametrize(
    ("imei", "why"),
    [
        ("", "digits only"),
        ("35425006-000655-0", "digits only"),
        ("٣٥٤٢٥٠٠٦٠٠٠٦٥٥", "digits only"),
        ("3542500600065", "14, 15 or 16 digits, this one has 13"),
        ("35425006000655000", "this one has 17"),
        ("490154203237511", "check digit of this IMEI is 1, its other digits give 8"),
    ],
)
def test_what_is_no_imei_is_refused(imei, why):
    with pytest.raises(ValueError, match=why):
        imei_urn(imei)


@pytest.mark.parametrize("version", [1, 3, 4, 5])
def test_a_uuid_of_any_version_is_an_instance_id(version):
    urn = uuid.UUID(bytes=Random(version).randbytes(16), version=version).urn
    assert uuid_urn(urn) == urn
    assert uuid_urn(urn.upper().replace("URN:UUID", "urn:uuid")) == urn


@pytest.mark.parametrize(
    "text",
    [
        "",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf",
        "urn:uuid:f81d4fae7dec11d0a76500a0c91e6bf6",
        "urn:uuid:f81d4fae-7dec-01d0-a765-00a0c91e6bf6",
        "urn:uuid:f81d4fae-7dec-11d0-7765-00a0c91e6bf6",
        "<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>",
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6\n",
        "urn:gsma:imei:35425006-000655-0",
    ],
)
def test_what_is_no_uuid_urn_is_refused(text):
    with pytest.raises(ValueError, match="is no UUID URN"):
        uuid_urn(text)
