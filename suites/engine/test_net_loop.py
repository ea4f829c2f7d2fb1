"""The loop's thread at its limits, and the addresses of the socket module."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

import pytest

from imsreg.errors import InputError
from imsreg.net import transport
from imsreg.net.egress import EgressGate
from imsreg.net.link import LinkError, Node
from imsreg.net.loop import Loop
from imsreg.net.sockaddr import cannot_bind, failure_kind, from_sockaddr, open_socket, to_sockaddr
from imsreg.net.sockets import SocketLink
from imsreg.sip.flow import Address, Transport


class User:
    """Idles until `crash` is set."""

    def __init__(self) -> None:
        self.crash = False
        self.ended = threading.Event()

    def now(self) -> float:
        return 0.0

    def idle_time(self) -> float | None:
        if self.crash:
            raise MemoryError("the loop itself fails")
        return None

    def tick(self) -> None:
        pass

    def on_end(self) -> None:
        self.ended.set()


def test_a_loop_that_fails_tells_everybody_and_cleans_up() -> None:
    user, errors = User(), list[BaseException]()
    loop = Loop(user, "test")
    loop.start()
    waiting = threading.Event()

    def condition() -> bool:
        waiting.set()
        return False

    def wait() -> None:
        try:
            loop.wait(condition, 60)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(5)
    loop.run(lambda: setattr(user, "crash", True))
    assert user.ended.wait(5)
    thread.join(5)
    assert [str(error) for error in errors] == ["the loop itself fails"]
    with pytest.raises(MemoryError, match="the loop itself fails"):
        loop.stop()
    with pytest.raises(LinkError, match="closed"):
        loop.run(lambda: None)
    loop.stop()


def test_wake_ups_that_find_the_pipe_full_are_not_needed() -> None:
    loop = Loop(User(), "test")
    loop.start()
    entered, released = threading.Event(), threading.Event()

    def busy() -> None:
        entered.set()
        released.wait(30)

    blocker = threading.Thread(target=loop.run, args=(busy,))
    blocker.start()
    assert entered.wait(5)
    with suppress(BlockingIOError):
        while loop._wake.send(bytes(4096)):
            pass
    results: list[int] = []
    caller = threading.Thread(target=lambda: results.append(loop.run(lambda: 7)))
    caller.start()
    released.set()
    caller.join(5)
    blocker.join(5)
    loop.stop()
    assert results == [7]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ECONNREFUSED, "refused"),
        (errno.ECONNRESET, "reset"),
        (errno.EPIPE, "reset"),
        (errno.ETIMEDOUT, "timeout"),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.ENETUNREACH, "unreachable"),
    ],
)
def test_every_errno_has_its_kind(number: int, kind: str) -> None:
    assert failure_kind(number) == kind


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EADDRINUSE, "`ss -lunp` names it"),
        (errno.EADDRNOTAVAIL, "no interface of this host has the address"),
        (errno.EAFNOSUPPORT, "this host has no IPv6"),
        (errno.EACCES, "choose a port above 1023"),
        (errno.ENOBUFS, "choose another local address"),
    ],
)
def test_every_refusal_to_bind_says_what_to_do(number: int, words: str) -> None:
    line = str(cannot_bind(OSError(number, "x"), Address("::1", 5060), "UDP"))
    assert line.startswith("[::1]:5060: UDP: ")
    assert words in line


def test_a_foreign_address_cannot_be_bound() -> None:
    link = SocketLink(EgressGate())
    try:
        with pytest.raises(InputError, match="no interface of this host has the address"):
            link.attach(cast(Node, object()), Address("192.0.2.99", 0), ["TCP"])
    finally:
        link.close()


def test_a_zone_is_an_interface_both_ways() -> None:
    name = socket.if_nameindex()[0][1]
    index = socket.if_nametoindex(name)
    address = Address.of(f"fe80::1%{name}", 5060)
    assert to_sockaddr(address) == ("fe80::1", 5060, 0, index)
    assert to_sockaddr(Address(f"fe80::1%{index}", 5060)) == ("fe80::1", 5060, 0, index)
    assert from_sockaddr(("fe80::1", 5060, 0, index)) == address
    with pytest.raises(OSError, match="interface"):
        to_sockaddr(Address("fe80::1%nowhere", 5060))


def test_ipv6_sockets_leave_ipv4_alone() -> None:
    with open_socket(Address("::1", 0), "TCP") as opened:
        assert opened.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
        assert not opened.getblocking()


def test_a_port_must_be_free_over_both_transports(monkeypatch: pytest.MonkeyPatch) -> None:
    bind, busy = transport._bind, [True] * 5

    def sometimes(
        address: Address, transports: Sequence[Transport], opening: transport.OpenSocket
    ) -> list[socket.socket]:
        if busy:
            busy.pop()
            raise InputError(str(address), "TCP", "the port is in use", "")
        return bind(address, transports, opening)

    monkeypatch.setattr(transport, "_bind", sometimes)
    sockets = transport._bind_free(Address("127.0.0.1", 0), ["UDP", "TCP"], open_socket)
    try:
        assert sockets[0].getsockname() == sockets[1].getsockname()
    finally:
        for each in sockets:
            each.close()
    busy.extend([True] * 100)
    with pytest.raises(InputError, match="in use"):
        transport._bind_free(Address("127.0.0.1", 0), ["UDP", "TCP"], open_socket)


def test_another_thread_may_wake_the_loop_and_one_that_has_ended_does_not_mind() -> None:
    ticked = threading.Event()

    class Ticking(User):
        def tick(self) -> None:
            ticked.set()

    loop = Loop(Ticking(), "test")
    loop.start()
    loop.wake()
    assert ticked.wait(5)
    loop.stop()
    loop.wake()
