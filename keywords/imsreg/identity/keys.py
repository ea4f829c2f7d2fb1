"""Where a subscriber's secrets come from: a key file beside the subscriber file, or environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from imsreg.errors import InputError
from imsreg.identity.absent import KeysMissing
from imsreg.secret import Secret
from imsreg.strictyaml import load

FIELDS = ("k", "opc", "op", "topc", "top", "password")
"""What there may be of a subscriber: the names in a key file, and in capitals the endings of environment variables."""

_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})*")


class KeyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One subscriber in a key file. Its repr names the fields that are there, never their values."""

    k: str | None = None
    opc: str | None = None
    op: str | None = None
    topc: str | None = None
    top: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"KeyEntry({', '.join(name for name in FIELDS if getattr(self, name) is not None)})"


class KeyFile:
    """A key file: a mapping of subscriber names to `k` and what else the algorithm takes, or to `password`.

    It is read when the first keys are asked for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _entries(self) -> dict[str, KeyEntry]:
        try:
            self._path.stat()
        except FileNotFoundError:
            raise KeysMissing(self._path, "", "there is no such file", "check the path") from None
        except OSError:
            pass  # the loader says what is wrong
        return load(self._path, dict[str, KeyEntry], secret=True)

    def keys(self, name: str) -> SubscriberKeys:
        """What the file has of a subscriber. Raises KeysMissing if that is nothing, InputError for a wrong file."""
        entry = self._entries.get(name)
        if entry is None:
            remedy = "add an entry with k, and opc or op (topc or top for tuak); with password for sip-digest"
            raise KeysMissing(self._path, name, "has no keys here", remedy)
        values = {f: value for f in FIELDS if (value := getattr(entry, f)) is not None}
        return SubscriberKeys(str(self._path), {f: f"{name}.{f}" for f in FIELDS}, values)


@dataclass(frozen=True, slots=True)
class SubscriberKeys:
    """What one place has of one subscriber. `names`: how each field is called there.

    Its methods raise InputError naming place and field, never a value; KeysMissing if there is none.
    """

    where: str
    names: Mapping[str, str]
    values: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_environment(cls, prefix: str, environ: Mapping[str, str]) -> SubscriberKeys:
        """Those in PREFIX_K and PREFIX_OPC (or PREFIX_OP and so on), or in PREFIX_PASSWORD."""
        names = {f: f"{prefix}_{f.upper()}" for f in FIELDS}
        return cls("environment", names, {f: environ[name] for f, name in names.items() if name in environ})

    def only(self, *fields: str) -> None:
        """Refuse every field that is not one of these."""
        if found := [self.names[f] for f in FIELDS if f in self.values and f not in fields]:
            remedy = "leave it out, or change `algorithm` in the subscriber file"
            raise InputError(self.where, found[0], "is not for the algorithm of this subscriber", remedy)

    def either(self, first: str, second: str) -> str:
        """Which of the two fields is there: not both may be, nor neither."""
        both = f"{self.names[first]}, {self.names[second]}"
        if first not in self.values and second not in self.values:
            raise KeysMissing(self.where, both, "are both missing", "give one of the two")
        if first in self.values and second in self.values:
            raise InputError(self.where, both, "are both set", "give one of the two")
        return first if first in self.values else second

    def key(self, name: str, *octets: int) -> Secret:
        """The key in a field. `octets` are the lengths that it may have."""
        how = f"write {' or '.join(str(2 * n) for n in octets)} hexadecimal digits"
        text = self.values.get(name)
        if text is None:
            raise KeysMissing(self.where, self.names[name], "is missing", how)
        if len(text) not in [2 * n for n in octets] or not _HEXADECIMAL.fullmatch(text):
            wanted = " or ".join(map(str, octets))
            problem = f"is not a key of {wanted} octets ({len(text)} characters)"
            raise InputError(self.where, self.names[name], problem, how)
        return Secret(bytes.fromhex(text))

    def password(self) -> Secret:
        """The password for SIP digest, in UTF-8."""
        text = self.values.get("password")
        if not text:
            problem = "is missing" if text is None else "is empty"
            raise KeysMissing(self.where, self.names["password"], problem, "write the password")
        return Secret(text.encode("utf-8", "surrogateescape"))
