"""Identities out of an IMSI (TS 23.003 clause 13)."""

import json

import pytest

from imsreg.identity.identities import derive
from imsreg.paths import data
from imsreg.registration.ue_request import UeIdentity

VECTORS = json.loads(data("vectors", "identity.json").read_bytes())


@pytest.mark.parametrize("row", VECTORS["cases"], ids=lambda row: f"{row['imsi']}-{row['mnc_digits']}-{row['nid']}")
def test_identities_are_the_known_ones(row):
    derived = derive(row["imsi"], row["mnc_digits"], row["nid"])
    assert derived == (row["home_domain"], row["impi"], row["temporary_impu"])
    ue = UeIdentity(derived.impi, derived.temporary_impu, derived.home_domain, row["imsi"])
    assert ue.home_uri == row["register_request_uri"]


@pytest.mark.parametrize("nid", ["", "000007ed9d", "000007ed9d55", "000007ed9dg", "000007ed9d5\n"])
def test_what_is_no_nid_is_refused(nid):
    with pytest.raises(ValueError, match="11 hexadecimal digits"):
        derive("234150999999999", 2, nid)


def test_a_nid_stands_in_lower_case():
    assert derive("234150999999999", 2, "000007ED9D5") == derive("234150999999999", 2, "000007ed9d5")


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
