"""The subscriber file: who the tester registers as, and whom the simulated HSS knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from imsreg.aka.algorithm import Algorithm, check_res_length
from imsreg.errors import InputError
from imsreg.identity.absent import AbsentAlgorithm, AbsentPassword, KeysMissing
from imsreg.identity.identities import derive
from imsreg.identity.keys import KeyFile, SubscriberKeys
from imsreg.secret import Secret
from imsreg.strictyaml import load

Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,64}\Z", description="a name of a-z, 0-9 and -")]
Imsi = Annotated[str, Meta(pattern=r"^[0-9]{6,15}\Z", description="an IMSI: 6 to 15 digits")]
Domain = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,253}\Z", description="a domain name")]
# What a quoted-string or the angle brackets around a URI cannot hold as it stands is kept out of identities.
Impi = Annotated[
    str, Meta(pattern=r"^[!#-?A-\[\]-~]+@[A-Za-z0-9.-]+\Z", description="a private identity such as user@domain")
]
Impu = Annotated[
    str, Meta(pattern=r"^(sips?|tel):[!#-;=?-\[\]-~]+\Z", description="a public identity: a sip: or tel: URI")
]
Amf = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{4}\Z", description="an AMF: 4 hexadecimal digits")]
Sqn = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{12}\Z", description="an SQN: 12 hexadecimal digits")]
Variable = Annotated[
    str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z", description="the beginning of an environment variable's name")
]

RES_LENGTH = 8
"""Octets of RES where a subscriber does not say."""

AKA_ONLY = ("res_length", "amf", "sqn")
"""Fields of a subscriber that say nothing about one with a password."""


class KeysFromEnvironment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys by the names of environment variables: `env` and one of the endings _K, _OPC, _OP, _PASSWORD."""

    env: Variable


class SubscriberEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One subscriber as the file writes it; what is left out is derived from the IMSI.

    `algorithm` says what is known of him: AKA keys, or a password.
    """

    name: Name
    imsi: Imsi
    mnc_digits: Literal[2, 3]
    impi: Impi | None = None
    home_domain: Domain | None = None
    impus: Annotated[tuple[Impu, ...], Meta(min_length=1)] | None = None
    barred: tuple[Impu, ...] = ()
    algorithm: Literal["milenage", "sip-digest"] = "milenage"
    res_length: int | None = None
    amf: Amf | None = None
    sqn: Sqn | None = None
    keys: KeysFromEnvironment | None = None


class SubscriberFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subscriber file; `keys` is the path of its key file, relative to itself."""

    subscribers: Annotated[tuple[SubscriberEntry, ...], Meta(min_length=1)]
    keys: str | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One subscription: identities, and either the AKA algorithm with the keys inside or a password for SIP digest.

    `impus` is the implicit registration set in HSS order and `barred` a part of it. `sqn` is the SQN that the AuC used
    last, a number below 2**48; `amf` has 2 octets; `res_length` counts octets. With a password they mean nothing.
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
    derived = derive(entry.imsi, entry.mnc_digits)
    impus = entry.impus or (derived.temporary_impu,)
    if strangers := [impu for impu in entry.barred if impu not in impus]:
        raise InputError(path, f"{place}.barred", f"{strangers[0]} is not one of the impus", "list it there as well")
    if set(impus) <= set(entry.barred):
        raise InputError(path, f"{place}.barred", "every identity is barred", "leave one of the impus out")
    if all(impu.startswith("tel:") for impu in impus):
        raise InputError(path, f"{place}.impus", "there is no SIP URI to register with", "add one")
    by_password = entry.algorithm == "sip-digest"
    if by_password and (given := [name for name in AKA_ONLY if getattr(entry, name) is not None]):
        raise InputError(path, f"{place}.{given[0]}", "goes with AKA keys, not with a password", "leave it out")
    try:
        algorithm, password = _secrets(_keys(path, place, entry, key_file, environ), by_password)
    except KeysMissing as missing:
        if not keyless:
            raise
        algorithm = None if by_password else AbsentAlgorithm(missing)
        password = AbsentPassword(missing) if by_password else None
    res_length = RES_LENGTH if entry.res_length is None else entry.res_length
    try:
        if algorithm is not None:
            check_res_length(algorithm, res_length)
    except ValueError as error:
        raise InputError(path, f"{place}.res_length", str(error), "write a length that the algorithm has") from None
    return Subscriber(
        name=entry.name,
        imsi=entry.imsi,
        mnc_digits=entry.mnc_digits,
        impi=entry.impi or derived.impi,
        home_domain=entry.home_domain or derived.home_domain,
        impus=impus,
        barred=entry.barred,
        res_length=res_length,
        amf=bytes.fromhex(entry.amf or "8000"),
        sqn=int(entry.sqn or "0", 16),
        algorithm=algorithm,
        password=password,
    )


def _secrets(keys: SubscriberKeys, by_password: bool) -> tuple[Algorithm | None, Secret | None]:
    return (None, keys.password()) if by_password else (keys.milenage(), None)


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
