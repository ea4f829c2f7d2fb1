"""What a back end has put into the kernel, written down so that it can be taken out after the owner was killed.

One file for each owner, who holds a lock on it: the kernel gives the lock back when the owner ends, however that ends.
Every association and policy carries the owner's tag in the kernel, too, and only what has it is ever taken out.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.xfrm import Xfrm
from imsreg.net.ipsec.xfrm_policy import Policy, Way
from imsreg.secagree.associations import Association, Name
from imsreg.sip.flow import Address

Owned = Association | Policy

_SUFFIX = ".xfrm"


def usual_directory() -> Path:
    """Where owners write: XDG_RUNTIME_DIR, or the directory of temporary files, in one of this user's own."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime, "imsreg") if runtime else Path(tempfile.gettempdir(), f"imsreg-{os.geteuid()}")


class Ledger:
    """An owner's file. Nothing secret is in it: SPIs, addresses, ports, and the tag.

    It is made in `directory`, for the namespace of the calling thread. Raises BackendError for a directory that others
    could write to, OSError.
    """

    def __init__(self, directory: Path) -> None:
        self.tag = secrets.randbelow((1 << 32) - 1) + 1
        """What tells this owner's associations and policies from all others."""
        _require_own(directory)
        self._path = directory / f"{os.getpid()}-{self.tag:08x}{_SUFFIX}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._write([_boot(), _namespace(), self.tag])

    def note(self, owned: Owned) -> None:
        """Write down what is about to be put into the kernel. Raises OSError."""
        self._write(_as_list(owned))

    def close(self) -> None:
        """Nothing of it is left in the kernel, and nothing of the file."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._file)

    def _write(self, entry: Sequence[Any]) -> None:
        os.write(self._file, json.dumps(entry).encode() + b"\n")


def take_out(xfrm: Xfrm, owned: Owned, tag: int) -> None:
    """Take out an association or a policy if it has the tag; one that is somebody else's stays. Raises OSError."""
    if isinstance(owned, Association):
        if xfrm.tag(owned) == tag:
            with suppress(ProcessLookupError):
                xfrm.delete(owned)
    elif owned.tag(xfrm.kernel) == tag:
        with suppress(FileNotFoundError):
            owned.delete(xfrm.kernel)


def sweep(xfrm: Xfrm, directory: Path) -> int:
    """Take out what owners that are dead have left in the namespace of the calling thread; how many owners that were.

    What an owner has left in another namespace waits for a sweep there, or for the next boot. Raises OSError,
    BackendError for a directory that others could write to.
    """
    _require_own(directory)
    return sum(_swept(xfrm, each) for each in sorted(directory.glob(f"*{_SUFFIX}")))


def _swept(xfrm: Xfrm, path: Path) -> bool:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held: its owner lives
        if not os.fstat(opened.fileno()).st_nlink:
            return False
        entries = [*_entries(opened.read())]
        if not entries:  # its owner is about to begin
            return False
        (boot, namespace, tag), *rest = entries
        if boot == _boot() and namespace != _namespace():
            return False
        # Policies go before what they ask for, and what blocks goes last: the other way round than it came.
        for each in reversed(rest if boot == _boot() else []):
            take_out(xfrm, _from_list(each), tag)
        path.unlink()
        return True
    return False


def _entries(octets: bytes) -> Iterator[Any]:
    """The complete lines: a killed owner's last one may be cut, and was not followed by what it announced."""
    for line in octets.split(b"\n")[:-1]:
        yield json.loads(line)


def _require_own(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise BackendError(f"{directory} is not this user's alone: remove it, or set XDG_RUNTIME_DIR")


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _namespace() -> list[int]:
    found = Path("/proc/thread-self/ns/net").stat()
    return [found.st_dev, found.st_ino]


def _as_list(owned: Owned) -> list[Any]:
    ends = owned.source, owned.destination
    if isinstance(owned, Association):
        return ["association", *ends, owned.name.value, owned.spi]
    return ["policy", *ends, owned.way.name, owned.spi, owned.mark, owned.family]


def _from_list(entry: Sequence[Any]) -> Owned:
    kind, source, destination, *rest = entry
    here, there = (None if end is None else Address(*end) for end in (source, destination))
    if kind == "association":
        assert here is not None
        assert there is not None
        return Association(Name(rest[0]), rest[1], here, there)
    return Policy(Way[rest[0]], here, there, *rest[1:])
