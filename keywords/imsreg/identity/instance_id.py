"""Instance ids of devices: an IMEI as a URN (RFC 7254, TS 23.003 13.8), or a UUID (RFC 5626 4.1)."""

from __future__ import annotations

import re

IMEI_DIGITS = (14, 15, 16)
"""Digits of TAC and SNR alone, of an IMEI with its check digit, and of an IMEISV."""

_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)


def imei_urn(imei: str) -> str:
    """The instance id of a device: TAC, SNR and a spare digit, which is zero whatever the check digit is.

    `imei` has 14 digits, 15 with the check digit, or 16 if it is an IMEISV, whose software version stays out (TS
    23.003 13.8; RFC 7254 4.2.3). Raises ValueError, also for a wrong check digit: a digit is mistyped then. Zero in
    its place is the spare digit of an IMEI that was seen on the wire.
    """
    if not (imei.isascii() and imei.isdigit()):
        raise ValueError("an IMEI consists of digits only")
    if len(imei) not in IMEI_DIGITS:
        raise ValueError(f"an IMEI has 14, 15 or 16 digits, this one has {len(imei)}")
    tac, snr = imei[:8], imei[8:14]
    if len(imei) == 15 and imei[14] not in ("0", wanted := check_digit(tac + snr)):
        raise ValueError(f"the check digit of this IMEI is {imei[14]}, its other digits give {wanted}")
    return f"urn:gsma:imei:{tac}-{snr}-0"


def check_digit(digits: str) -> str:
    """The check digit over TAC and SNR, 14 digits (TS 23.003 Annex B, which is the formula of Luhn)."""
    doubled = (2 * int(digit) for digit in digits[1::2])
    total = sum(map(int, digits[0::2])) + sum(number // 10 + number % 10 for number in doubled)
    return str(-total % 10)


def uuid_urn(text: str) -> str:
    """A UUID URN as it is compared and sent, in lower case (RFC 4122 3). Raises ValueError for anything else."""
    if not _UUID.fullmatch(text):
        raise ValueError("is no UUID URN such as urn:uuid:00000000-0000-4000-8000-000000000000")
    return text.lower()
