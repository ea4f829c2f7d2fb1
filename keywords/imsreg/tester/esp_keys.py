"""The keys of a test's associations for Wireshark, if the user asks for them: its table "esp_sa".

Eight columns, which Wireshark 4.0 has and later versions take: protocol, source, destination, SPI, encryption and its
key, authentication and its key. Wireshark reads the file in its configuration directory, or there as a profile's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from imsreg.errors import InputError

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.associations import Association, SaSet

MAX_SETS = 1000
"""Sets that one file names; later ones are left out."""

_HEAD = "# Keys of the security associations of one test. Whoever has them can read and forge its packets.\n"
_INTEGRITY = {"hmac-sha-1-96": "HMAC-SHA-1-96 [RFC2404]", "hmac-md5-96": "HMAC-MD5-96 [RFC2403]", "null": "NULL"}
_ENCRYPTION = {
    "null": "NULL",
    "aes-cbc": "AES-CBC [RFC3602]",
    "des-ede3-cbc": "TripleDES-CBC [RFC2451]",
    "aes-gcm": "AES-GCM with 16 octet ICV [RFC4106]",
}


class EspKeyFile:
    """Collects the sets that the tester installs. Nothing of them shows but in the file that `write` makes."""

    def __init__(self) -> None:
        self._sets: list[SaSet] = []

    def add(self, sas: SaSet) -> None:
        """Take note of a set. A set that is known already changes nothing."""
        if sas not in self._sets and len(self._sets) < MAX_SETS:
            self._sets.append(sas)

    def __len__(self) -> int:
        return len(self._sets)

    def write(self, path: Path) -> None:
        """Make the file, which only its owner can read, in place of an older one. Raises InputError if it cannot be.

        aes-gmac gets a comment in place of its keys: Wireshark's table has no name for it.
        """
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            try:
                with open(part, "x", encoding="ascii", opener=_private) as file:
                    file.writelines((_HEAD, *(line for sas in self._sets for line in _lines(sas))))
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            remedy = "choose another output directory"
            raise InputError(path, "", f"cannot be written: {error.strerror}", remedy) from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _lines(sas: SaSet) -> Iterator[str]:
    keys = sas.keys
    alg, ealg = keys.transform
    for each in sas.associations:
        if alg == "aes-gmac":
            yield f"# {each}: aes-gmac, which this table cannot say\n"
            continue
        encryption = _ENCRYPTION[ealg], _hex(keys.encryption.reveal() + keys.salt.reveal())
        yield _row(each, *encryption, _INTEGRITY[alg], _hex(keys.integrity.reveal()))


def _row(association: Association, *algorithms: str) -> str:
    source, destination = association.source, association.destination
    columns = source.family, source.host, destination.host, f"0x{association.spi:08x}", *algorithms
    return ",".join(f'"{column}"' for column in columns) + "\n"


def _hex(octets: bytes) -> str:
    return f"0x{octets.hex()}" if octets else ""
