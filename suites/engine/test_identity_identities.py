"""Identities out of an IMSI (TS 23.003 clause 13)."""

import json

import pytest

from imsreg.identity.identities import derive
from imsreg.paths import data

VECTORS = json.loads(data("vectors", "identity.json").read_bytes())


@pytest.mark.parametrize("row", VECTORS["cases"], ids=lambda row: f"{row['imsi']}-{row['mnc_digits']}")
def test_identities_are_the_known_ones(row):
    expected = (row["home_domain"], row["impi"], row["temporary_impu"])
    assert derive(row["imsi"], row["mnc_digits"]) == expected


@pytest.mark.parametrize("row", VECTORS["refused"], ids=lambda row: f"{row['imsi']}-{row['mnc_digits']}")
def test_what_is_no_imsi_is_refused(row):
    with pytest.raises(ValueError, match=row["because"]):
        derive(row["imsi"], row["mnc_digits"])


@pytest.mark.parametrize("mnc_digits", [2, 3])
def test_the_shortest_imsi_has_an_mnc(mnc_digits):
    assert (
        derive("001019", mnc_digits).home_domain
        == f"ims.mnc{'001' if mnc_digits == 2 else '019'}.mcc001.3gppnetwork.org"
    )


def test_the_imsi_domain_in_the_seed_is_not_derivable():
    assert "mnc246.mcc081" not in derive("001010123456789", 2).home_domain + derive("001010123456789", 3).home_domain
