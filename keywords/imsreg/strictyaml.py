"""YAML files into typed values: nothing guessed, nothing dropped, every problem one line that says what to write.

Plain YAML 1.1 reads an unquoted `imsi: 001010000000001` as an octal number, keeps the last of two equal keys in
silence and takes unknown keys without a word. Here each of these is an InputError.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from imsreg._yaml_problems import explain
from imsreg._yaml_values import read_values
from imsreg.errors import InputError

T = TypeVar("T")

MAX_OCTETS = 1 << 20
"""The longest file that is read."""


def load(path: Path, shape: type[T], *, secret: bool = False) -> T:
    """The file at `path` as a value of `shape`; `secret`: no value of it ever shows in an error.

    Raises InputError naming the file, the field (`subscribers[2].imsi`), the problem and the remedy.
    """
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        raise InputError(path, "", "there is no such file", "check the path") from None
    except OSError as error:
        raise InputError(path, "", f"cannot be read: {error.strerror}", "name a file that can be read") from None
    return loads(octets, path, shape, secret=secret)


def loads(text: str | bytes, where: str | Path, shape: type[T], *, secret: bool = False) -> T:
    """YAML text as a value of `shape`; `where` names its origin in errors. Otherwise like `load`.

    `shape` is what msgspec converts to: Structs (with forbid_unknown_fields), tuples, dicts, Literals, dates. A YAML
    date stays the text it was written as, so it suits a date field and a text field alike. Where a constraint has a
    `Meta(description="an IMSI: 6 to 15 digits")`, an error says "... is not an IMSI: 6 to 15 digits".
    """
    value, places = read_values(_decode(text, where), where, secret=secret)
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        raise explain(error, value, places, where, shape, secret=secret) from None


def _decode(text: str | bytes, where: str | Path) -> str:
    """`text` as a str without a byte order mark, bounded."""
    try:
        octets = text.encode() if isinstance(text, str) else text
        if len(octets) > MAX_OCTETS:
            raise InputError(where, "", f"is longer than {MAX_OCTETS} octets", "split it")
        return octets.decode("utf-8-sig")
    except (UnicodeEncodeError, UnicodeDecodeError) as error:
        raise InputError(where, "", f"is not UTF-8 text ({error.reason})", "save it as UTF-8") from None
