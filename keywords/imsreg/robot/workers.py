"""Processes that work for this one and never outlive it, whatever ends it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of fresh processes. An exception in the body, Ctrl-C among them, ends what they are doing at once."""
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)
    with pool:
        try:
            yield pool
        except BaseException:
            # Killed: in the middle of a test Robot Framework takes SIGTERM for a request to finish it.
            for worker in active_children():
                worker.kill()
            raise


def _end_with_parent() -> None:
    """A worker keeps both ends of its queue open: the end of its parent does not show there."""
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
