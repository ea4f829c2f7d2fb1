"""Where a subscriber's keys come from: a key file beside the subscriber file, or environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from imsreg.aka.milenage import Milenage
from imsreg.errors import InputError
from imsreg.secret import Secret
from imsreg.strictyaml import load

_KEY = re.compile(r"[0-9A-Fa-f]{32}")
_HOW = "write 32 hexadecimal digits"


class KeyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One subscriber in a key file. Its repr names the fields that are there, never their values."""

    k: str
    opc: str | None = None
    op: str | None = None

    def __repr__(self) -> str:
        return f"KeyEntry({', '.join(name for name in self.__struct_fields__ if getattr(self, name) is not None)})"


class KeyFile:
    """A key file: a mapping of subscriber names to `k` and either `opc` or `op`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = load(path, dict[str, KeyEntry], secret=True)

    def milenage(self, name: str) -> Milenage:
        """The algorithm of a subscriber. Raises InputError naming file and field, never a value."""
        entry = self._entries.get(name)
        if entry is None:
            raise InputError(self._path, name, "has no keys here", "add an entry with k, and opc or op")
        fields = {
            f"{name}.{field}": value for field in ("k", "opc", "op") if (value := getattr(entry, field)) is not None
        }
        return _milenage(str(self._path), fields, f"{name}.k", f"{name}.opc", f"{name}.op")


def milenage_from_environment(prefix: str, environ: Mapping[str, str]) -> Milenage:
    """The algorithm with the keys in PREFIX_K and PREFIX_OPC (or PREFIX_OP). Raises InputError as a key file does."""
    return _milenage("environment", environ, f"{prefix}_K", f"{prefix}_OPC", f"{prefix}_OP")


def _milenage(where: str, values: Mapping[str, str], k: str, opc: str, op: str) -> Milenage:
    if (opc in values) == (op in values):
        problem = "are both set" if opc in values else "are both missing"
        raise InputError(where, f"{opc}, {op}", problem, "give one of the two")
    if opc in values:
        return Milenage(_key(where, values, k), _key(where, values, opc))
    return Milenage.from_op(_key(where, values, k), _key(where, values, op))


def _key(where: str, values: Mapping[str, str], field: str) -> Secret:
    text = values.get(field)
    if text is None:
        raise InputError(where, field, "is missing", _HOW)
    if not _KEY.fullmatch(text):
        raise InputError(where, field, f"is not a key of 16 octets ({len(text)} characters)", _HOW)
    return Secret(bytes.fromhex(text))
