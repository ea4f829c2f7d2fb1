"""The identities of one entry of a subscriber file: stated, read from an ISIM, or derived (TS 24.229 5.1.1.1A)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import msgspec

from imsreg.errors import InputError
from imsreg.identity.entries import DERIVED, Domain, Impi, Impu, SubscriberEntry
from imsreg.identity.identities import derive
from imsreg.identity.instance_id import imei_urn, uuid_urn
from imsreg.identity.isim import read_isim
from imsreg.strictyaml import loads

_CARD = "write what the card reader shows"


class StatedIdentities(NamedTuple):
    """Private identity, home domain, public identities in HSS order, and the one for an emergency registration.

    That one is the first of an ISIM, or else the temporary one (TS 24.229 5.1.1.1A).
    """

    impi: str
    home_domain: str
    impus: tuple[str, ...]
    emergency_impu: str


class _OnCard(msgspec.Struct, frozen=True):
    ef_impi: Impi
    ef_domain: Domain
    ef_impu: tuple[Impu, ...]


def stated_identities(path: Path, place: str, entry: SubscriberEntry) -> StatedIdentities:
    """The identities of a subscriber. An ISIM comes before the IMSI. Raises InputError for a contradiction."""
    identities = _from_isim(path, place, entry) if entry.isim is not None else _from_imsi(entry)
    impus = identities.impus
    if strangers := [impu for impu in entry.barred if impu not in impus]:
        raise InputError(path, f"{place}.barred", f"{strangers[0]} is not one of the impus", "list it there as well")
    if set(impus) <= set(entry.barred):
        raise InputError(path, f"{place}.barred", "every identity is barred", "leave one of the impus out")
    if all(impu.startswith("tel:") for impu in impus):
        field = "impus" if entry.isim is None else "isim.ef_impu"
        raise InputError(path, f"{place}.{field}", "there is no SIP URI to register with", "add one")
    return identities


def instance_id_of(path: Path, place: str, entry: SubscriberEntry) -> str | None:
    """The URN of the device: from its IMEI, or as it is stated; None if neither is there. Raises InputError."""
    if entry.imei is not None and entry.instance_id is not None:
        raise InputError(path, f"{place}.instance_id", "stands beside imei, which gives one", "leave one of them out")
    try:
        if entry.imei is not None:
            return imei_urn(entry.imei)
        return uuid_urn(entry.instance_id) if entry.instance_id is not None else None
    except ValueError as error:
        field = "imei" if entry.imei is not None else "instance_id"
        raise InputError(path, f"{place}.{field}", str(error), "correct it") from None


def _from_imsi(entry: SubscriberEntry) -> StatedIdentities:
    derived = derive(entry.imsi, entry.mnc_digits, entry.nid)
    return StatedIdentities(
        impi=entry.impi or derived.impi,
        home_domain=entry.home_domain or derived.home_domain,
        impus=entry.impus or (derived.temporary_impu,),
        emergency_impu=derived.temporary_impu,
    )


def _from_isim(path: Path, place: str, entry: SubscriberEntry) -> StatedIdentities:
    assert entry.isim is not None
    if given := [name for name in (*DERIVED, "nid") if getattr(entry, name) is not None]:
        raise InputError(path, f"{place}.{given[0]}", "stands beside isim, which says it", "leave one of them out")
    isim = entry.isim
    try:
        on_card = read_isim(
            bytes.fromhex(isim.ef_impi), bytes.fromhex(isim.ef_domain), [bytes.fromhex(r) for r in isim.ef_impu]
        )
    except ValueError as error:
        raise InputError(path, f"{place}.isim", str(error), _CARD) from None
    values = {"ef_impi": on_card.impi, "ef_domain": on_card.home_domain, "ef_impu": on_card.impus}
    try:
        loads(json.dumps(values), path, _OnCard)  # JSON is YAML, and the loader says what is wrong with a value
    except InputError as error:
        raise InputError(path, f"{place}.isim.{error.field}", error.problem, _CARD) from None
    return StatedIdentities(*on_card, emergency_impu=on_card.impus[0])
