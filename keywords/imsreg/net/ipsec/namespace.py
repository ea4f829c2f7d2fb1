"""Network namespaces without names: an open file holds one, and it ends with the last that holds it."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x4000_0000  # <linux/sched.h>
_OWN = "/proc/thread-self/ns/net"

_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network namespace, held open. Nothing of it has a name, so that a killed run leaves nothing behind.

    It lives as long as this object is open, or a socket or a thread is in it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def current(cls) -> Namespace:
        """The namespace that the calling thread is in."""
        return cls(os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC))

    @classmethod
    def duplicate(cls, other: Namespace) -> Namespace:
        """The same, held a second time."""
        return cls(os.dup(other.fileno()))

    @classmethod
    def create(cls) -> Namespace:
        """A new one with nothing but a loopback interface that is down. Raises OSError without the right to it.

        It is made on a thread of its own, which cannot leave the caller in the wrong namespace.
        """
        made: list[Namespace] = []

        def unshare() -> None:
            _check(_libc.unshare(_CLONE_NEWNET))
            made.append(cls.current())

        _on_a_thread(unshare)
        return made[0]

    @property
    def identity(self) -> str:
        """The name that /proc gives it, such as net:[4026531840]; equal for the same namespace."""
        return str(Path(f"/proc/self/fd/{self._descriptor}").readlink())

    def fileno(self) -> int:
        """The open file, for calls that take a namespace as a descriptor."""
        return self._descriptor

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is in the namespace; sockets opened here belong to it for good. Raises OSError."""
        with Namespace.current() as before:
            _check(_libc.setns(self._descriptor, _CLONE_NEWNET))
            try:
                yield
            finally:
                _check(_libc.setns(before._descriptor, _CLONE_NEWNET))

    def close(self) -> None:
        """Let go of it. Safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Namespace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _on_a_thread(function: Callable[[], None]) -> None:
    """Run it on a thread that ends with it; raises the OSError that it raises."""
    raised: list[OSError] = []

    def run() -> None:
        try:
            function()
        except OSError as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="imsreg-namespace")
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
