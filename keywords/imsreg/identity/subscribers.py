"""The subscriber file: who the tester registers as, and whom the simulated HSS knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imsreg.aka.algorithm import Algorithm
from imsreg.errors import InputError
from imsreg.identity.absent import AbsentAlgorithm, AbsentPassword, KeysMissing
from imsreg.identity.authentication import aka_algorithm, check_res
from imsreg.identity.entries import AKA_ONLY, SubscriberEntry, SubscriberFile
from imsreg.identity.keys import KeyFile, SubscriberKeys
from imsreg.identity.stated import instance_id_of, stated_identities
from imsreg.secret import Secret
from imsreg.strictyaml import load

RES_LENGTH = 8
"""Octets of RES where a subscriber does not say."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One subscription: identities, and either the AKA algorithm with the keys inside or a password for SIP digest.

    `impus` is the implicit registration set in HSS order and `barred` a part of it. `sqn` is the SQN that the AuC used
    last, a number below 2**48; `amf` has 2 octets; `res_length` counts octets. With a password they mean nothing.
    `instance_id` is the URN of his device and `emergency_impu` what an emergency registration is for; None: unknown.
    """

    name: str
    imsi: str
    mnc_digits: int
    impi: str
    home_domain: str
    impus: tuple[str, ...]
    barred: tuple[str, ...]
    res_length: int
    amf: bytes
    sqn: int
    algorithm: Algorithm | None = field(repr=False)
    password: Secret | None = field(default=None, repr=False)
    instance_id: str | None = None
    emergency_impu: str | None = None

    @property
    def default_impu(self) -> str:
        """The default public identity: the first of the set that is not barred (TS 29.228 6.5.1.1)."""
        return next(impu for impu in self.impus if impu not in self.barred)

    @property
    def registration_impu(self) -> str:
        """The identity in From and To of a REGISTER: the first SIP URI of the set (TS 24.229 5.1.1.2.1)."""
        return next(impu for impu in self.impus if not impu.startswith("tel:"))


def load_subscribers(path: Path, environ: Mapping[str, str], *, keyless: bool = False) -> tuple[Subscriber, ...]:
    """The subscribers of a file, with their keys from its key file or from `environ`.

    Raises InputError with file, field and remedy; a key never stands in it. `keyless` takes subscribers without keys
    as well: KeysMissing comes when something is to be computed with them.
    """
    file = load(path, SubscriberFile)
    key_file = KeyFile(path.parent / file.keys) if file.keys is not None else None
    subscribers = tuple(
        _subscriber(path, f"subscribers[{index}]", entry, key_file, environ, keyless)
        for index, entry in enumerate(file.subscribers)
    )
    _refuse_repeats(path, subscribers)
    return subscribers


def _subscriber(
    path: Path,
    place: str,
    entry: SubscriberEntry,
    key_file: KeyFile | None,
    environ: Mapping[str, str],
    keyless: bool,
) -> Subscriber:
    stated = stated_identities(path, place, entry)
    instance_id = instance_id_of(path, place, entry)
    res_length = _res_length(path, place, entry)
    by_password = entry.algorithm == "sip-digest"
    try:
        algorithm, password = _secrets(_keys(path, place, entry, key_file, environ), entry, res_length)
    except KeysMissing as missing:
        if not keyless:
            raise
        algorithm = None if by_password else AbsentAlgorithm(missing)
        password = AbsentPassword(missing) if by_password else None
    return Subscriber(
        name=entry.name,
        imsi=entry.imsi,
        mnc_digits=entry.mnc_digits,
        impi=stated.impi,
        home_domain=stated.home_domain,
        impus=stated.impus,
        barred=entry.barred,
        res_length=res_length,
        amf=bytes.fromhex(entry.amf or "8000"),
        sqn=int(entry.sqn or "0", 16),
        algorithm=algorithm,
        password=password,
        instance_id=instance_id,
        emergency_impu=stated.emergency_impu,
    )


def _res_length(path: Path, place: str, entry: SubscriberEntry) -> int:
    """The octets of RES, with everything refused that does not go with the algorithm."""
    by_password = entry.algorithm == "sip-digest"
    if by_password and (given := [name for name in AKA_ONLY if getattr(entry, name) is not None]):
        raise InputError(path, f"{place}.{given[0]}", "goes with AKA keys, not with a password", "leave it out")
    if entry.keccak_iterations is not None and entry.algorithm != "tuak":
        raise InputError(path, f"{place}.keccak_iterations", "goes with algorithm tuak only", "leave it out")
    res_length = RES_LENGTH if entry.res_length is None else entry.res_length
    try:
        if not by_password:
            check_res(entry.algorithm, res_length)
    except ValueError as error:
        raise InputError(path, f"{place}.res_length", str(error), "write a length that the algorithm has") from None
    return res_length


def _secrets(keys: SubscriberKeys, entry: SubscriberEntry, res_length: int) -> tuple[Algorithm | None, Secret | None]:
    if entry.algorithm == "sip-digest":
        keys.only("password")
        return None, keys.password()
    return aka_algorithm(entry.algorithm, keys, res_length, entry.keccak_iterations or 1), None


def _keys(
    path: Path, place: str, entry: SubscriberEntry, key_file: KeyFile | None, environ: Mapping[str, str]
) -> SubscriberKeys:
    if entry.keys is not None:
        return SubscriberKeys.from_environment(entry.keys.env, environ)
    if key_file is not None:
        return key_file.keys(entry.name)
    remedy = "name a key file in `keys` at the top, or give the subscriber `keys: {env: NAME}`"
    raise KeysMissing(path, f"{place}.keys", "there are no keys", remedy)


def _refuse_repeats(path: Path, subscribers: tuple[Subscriber, ...]) -> None:
    """Name and IMPI each tell subscribers apart, in the tester and in the HSS."""
    names: set[str] = set()
    impis: set[str] = set()
    for index, subscriber in enumerate(subscribers):
        if subscriber.name in names:
            raise InputError(path, f"subscribers[{index}].name", f"{subscriber.name} is there twice", "rename one")
        if subscriber.impi in impis:
            raise InputError(path, f"subscribers[{index}].impi", f"{subscriber.impi} is there twice", "change one")
        names.add(subscriber.name)
        impis.add(subscriber.impi)
