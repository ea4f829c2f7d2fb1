"""The thread that owns sockets and nodes, and the ways in which other threads may talk to it."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from imsreg.net.link import LinkError

T = TypeVar("T")
READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

LONGEST_CALLBACK = 5.0
"""Real seconds that `stop` grants a callback which does not return."""
_LONGEST_SLEEP = 3600.0  # epoll takes its timeout as 32-bit milliseconds


class LoopUser(Protocol):
    """What runs on the loop. All of it on the loop's thread, but for `now`."""

    def now(self) -> float:
        """The time in which `Loop.wait` counts."""

    def idle_time(self) -> float | None:
        """Seconds until `tick` has something to do, None if only an event can bring it."""

    def tick(self) -> None:
        """Do what is due. Called after every round of events."""

    def on_end(self) -> None:
        """Give everything back: the loop is about to end."""


class _Errand(Generic[T]):
    """Something another thread wants done here. `attempt` runs on the loop's thread until it has a result."""

    def __init__(self, attempt: Callable[[], tuple[T] | None], end: float | None = None) -> None:
        self.end = end
        self.abandoned = False
        self._attempt = attempt
        self._finished = threading.Event()
        self._result: tuple[T] | None = None
        self._error: BaseException | None = None

    def attempt(self) -> bool:
        """Try once. Returns whether it is finished, with a result or an error."""
        if not self.abandoned:
            try:
                self._result = self._attempt()
            except BaseException as error:  # it belongs to the thread that asked
                self._error = error
            if self._result is None and self._error is None:
                return False
        self._finished.set()
        return True

    def fail(self, error: BaseException) -> None:
        self._error = error
        self._finished.set()

    def wait(self) -> T:
        try:
            self._finished.wait()
        finally:
            self.abandoned = True  # Ctrl-C while waiting: nobody wants the result any more
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result[0]


class Loop:
    """One thread around a selector.

    Other threads use `run`, `call`, `wait`, `wake` and `stop`; everything else is for callbacks on the loop's own
    thread. An exception in a callback does not end the loop: the first one is kept and raised in the thread that waits,
    or in the next `call`, `wait` or `stop`.
    """

    def __init__(self, user: LoopUser, name: str) -> None:
        self._user = user
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._selector.register(self._woken, READ, self._on_wake)
        self._lock = threading.Lock()  # guards _errands, _stopping and _ended between threads
        self._errands: deque[_Errand[object]] = deque()
        self._stopping = False
        self._ended = False
        self._waiting: list[_Errand[object]] = []
        self._kept: BaseException | None = None
        self._kept_more = 0
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread, once the user is ready for its calls."""
        self._thread.start()

    # For any thread.

    def run(self, function: Callable[[], T]) -> T:
        """Run `function` on the loop's thread; its result or exception. Raises LinkError if the loop has ended."""
        if self._is_own_thread():
            return function()
        return self._send_on(_Errand(lambda: (function(),)))

    def call(self, function: Callable[[], T]) -> T:
        """`run`, but for another thread a kept exception is raised first, and `function` then not run."""

        def checked() -> T:
            self.raise_kept()
            return function()

        return self.run(function if self._is_own_thread() else checked)

    def wait(self, condition: Callable[[], bool], end: float) -> bool:
        """Until `condition()` is true, or the user's time is `end`. Returns whether it became true.

        Raises what the condition raises, an exception kept before or during the wait, or LinkError if the loop ends.
        """
        if self._is_own_thread():
            raise RuntimeError("a node must not wait: the thread it would wait for is its own")

        def attempt() -> tuple[bool] | None:
            self.raise_kept()
            if condition():
                return (True,)
            return (False,) if self._user.now() >= end else None

        return self._send_on(_Errand(attempt, end))

    def wake(self) -> None:
        """Have the user's `tick` called soon; nothing if the loop has ended."""
        with self._lock:
            if not self._ended:
                self._wake_up()

    def stop(self) -> None:
        """End the thread and wait for it. Safe to call twice. Raises a kept exception that nobody has seen."""
        if self._is_own_thread():
            raise RuntimeError("a node must not close its link: the thread it would wait for is its own")
        with self._lock:
            self._stopping = True
            if not self._ended:
                self._wake_up()
        self._thread.join(LONGEST_CALLBACK)
        if self._thread.is_alive():
            raise LinkError(f"the link does not end: a node has been busy for {LONGEST_CALLBACK:g} s")
        self.raise_kept()

    # For the loop's own thread.

    def watch(self, watched: socket.socket, events: int, callback: Callable[[int], None]) -> None:
        """Call `callback(events)` when the socket is ready for any of `events`; with 0 watch it no longer."""
        known = watched in self._selector.get_map()
        if not events:
            if known:
                self._selector.unregister(watched)
        elif known:
            self._selector.modify(watched, events, callback)
        else:
            self._selector.register(watched, events, callback)

    def poll(self, timeout: float | None) -> bool:
        """Serve the sockets that are ready, waiting for the first at most `timeout` seconds. Returns if any was."""
        ready = self._selector.select(timeout)
        for key, events in ready:
            self.guard(key.data, events)
        return bool(ready)

    def guard(self, function: Callable[..., None], *arguments: object) -> None:
        """Call `function`; an exception is kept."""
        try:
            function(*arguments)
        except Exception as error:
            self.keep(error)

    def look(self) -> None:
        """Look whether those who wait may go on. Due after everything that may have changed a condition."""
        if self._waiting:
            self._waiting = [errand for errand in self._waiting if not errand.attempt()]

    def keep(self, error: Exception) -> None:
        """Keep an exception for a thread that can be told: the one that waits, else the next that comes."""
        if self._kept is None:
            self._kept = error
        else:
            self._kept_more += 1

    def raise_kept(self) -> None:
        """Raise the exception that is kept, once."""
        if self._kept is not None:
            error, more = self._kept, self._kept_more
            self._kept, self._kept_more = None, 0
            if more:
                error.add_note(f"{more} more after it were dropped")
            raise error

    def _is_own_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def _send_on(self, errand: _Errand[T]) -> T:
        with self._lock:
            if self._stopping or self._ended:
                raise LinkError("the link is closed")
            self._errands.append(errand)  # type: ignore[arg-type]
            self._wake_up()
        return errand.wait()

    def _wake_up(self) -> None:
        with suppress(BlockingIOError):  # so many wake-ups are pending that one more changes nothing
            self._wake.send(b"\0")

    def _on_wake(self, events: int) -> None:
        self._woken.recv(4096)

    def _main(self) -> None:
        reason: BaseException = LinkError("the link is closed")
        try:
            while not self._stopping:
                self.poll(self._idle_time())
                self._run_errands()
                self.guard(self._user.tick)
                self.look()
        except BaseException as error:
            reason = self._kept = error
        finally:
            self._leave(reason)

    def _idle_time(self) -> float:
        if self._errands:  # their wake-up may have been read by a poll inside another errand
            return 0.0
        ends = [errand.end for errand in self._waiting if errand.end is not None]
        until_end = min(ends) - self._user.now() if ends else _LONGEST_SLEEP
        idle = self._user.idle_time()
        return max(0.0, min(_LONGEST_SLEEP, until_end, _LONGEST_SLEEP if idle is None else idle))

    def _run_errands(self) -> None:
        # Not those that arrive meanwhile: a thread that keeps calling must not keep the timers waiting.
        for _ in range(len(self._errands)):
            errand = self._errands.popleft()
            if not errand.attempt():
                self._waiting.append(errand)
            self.look()

    def _leave(self, reason: BaseException) -> None:
        self.guard(self._user.on_end)
        with self._lock:
            self._ended = True
            self._wake.close()
            self._woken.close()
            self._selector.close()
            left = [*self._errands, *self._waiting]
            self._errands.clear()
            self._waiting.clear()
        for errand in left:
            errand.fail(reason)
