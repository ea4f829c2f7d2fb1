"""Identities of a UE without an ISIM, derived from the IMSI (TS 23.003 clause 13)."""

from __future__ import annotations

import re
from typing import NamedTuple

IMSI_DIGITS = range(6, 16)
"""Digits that an IMSI may have (TS 23.003 2.2: at most 15; MCC, MNC and one digit more at least)."""

_NID = re.compile(r"[0-9A-Fa-f]{11}")


class Identities(NamedTuple):
    """Home network domain name, private identity, and the public identity for the first registration."""

    home_domain: str
    impi: str
    temporary_impu: str


def derive(imsi: str, mnc_digits: int, nid: str | None = None) -> Identities:
    """The identities of an IMSI (TS 23.003 13.2, 13.3, 13.4B).

    `mnc_digits` is 2 or 3: the USIM says so (EF_AD), the IMSI does not show it. `nid` is the network identifier of a
    stand-alone non-public network, 11 hexadecimal digits. Raises ValueError.
    """
    if not (imsi.isascii() and imsi.isdigit()):
        raise ValueError("an IMSI consists of digits only")
    if len(imsi) not in IMSI_DIGITS:
        raise ValueError(f"an IMSI has 6 to 15 digits, this one has {len(imsi)}")
    if mnc_digits not in (2, 3):
        raise ValueError("an MNC has 2 or 3 digits")
    if nid is not None and not _NID.fullmatch(nid):
        raise ValueError("a NID has 11 hexadecimal digits")
    mcc, mnc = imsi[:3], imsi[3 : 3 + mnc_digits]
    label = "" if nid is None else f"nid{nid.lower()}."
    home_domain = f"ims.{label}mnc{mnc:0>3}.mcc{mcc}.3gppnetwork.org"
    impi = f"{imsi}@{home_domain}"
    return Identities(home_domain, impi, f"sip:{impi}")
