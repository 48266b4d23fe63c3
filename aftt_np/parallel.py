"""All of the processor's cores at work: jobs side by side in threads. NumPy lets other threads run while it computes.

There are two ways to keep the cores busy. The BLAS library can split every matrix product over them; what lies between
the products then runs on one core. Or a larger piece of work is split here, and every product stays in the thread
it is called in. Never both at once: threads that wait for each other at every product are slower than one alone.
"""

import contextvars
import ctypes
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from .backend import array_module


def usable_processors() -> int:
    """How many processors this process may use (not how many there are)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -3, -1  # of glibc's malloc.h
_threads = usable_processors()
_here = threading.local()  # .busy: this thread has its share of the work already


@contextmanager
def use(threads: int):
    """Within, BLAS and `side_by_side` use so many threads."""
    global _threads
    before, _threads = _threads, threads
    try:
        with _blas().limit(limits=threads):
            yield
    finally:
        _threads = before


def side_by_side(work, jobs) -> list:
    """[work(job) for job in jobs], on all threads at once; whoever is done takes the next job.

    Each product then keeps to one thread. Within a job of another `side_by_side` nothing more is split. The results are
    in the order of the jobs. After an error no other job is begun, and it is raised when all threads have stopped. For
    one calling thread at a time: how many threads BLAS may use is a setting of the whole process.
    """
    jobs = list(jobs)
    helpers = min(_threads, len(jobs)) - 1
    if helpers < 1 or getattr(_here, "busy", False):
        return [work(job) for job in jobs]
    results, waiting = [None] * len(jobs), iter(enumerate(jobs))  # next() of a list's iterator is one step to threads

    def take_jobs():
        _here.busy = True
        try:
            for place, job in waiting:
                results[place] = work(job)
        except BaseException:
            for _ in waiting:  # nobody begins another job
                pass
            raise
        finally:
            _here.busy = False

    with _blas().limit(limits=1):
        pool = _pool(_threads, os.getpid())  # a forked process has none of its parent's threads
        # in the caller's context, which holds np.errstate
        helping = [pool.submit(contextvars.copy_context().run, take_jobs) for _ in range(helpers)]
        try:
            take_jobs()
        finally:
            errors = [helper.exception() for helper in helping if not helper.cancel()]  # waits for those under way
    for error in filter(None, errors):
        raise error
    return results


def keep_memory():
    """Let freed memory stay with the process, where the C library is the GNU one; elsewhere this does nothing.

    Otherwise every large array goes back to the system when it is freed, and the next one comes as fresh pages, each
    cleared and mapped anew. For the commands: it holds for the whole process.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt and (mallopt(M_MMAP_THRESHOLD, 2**30) or mallopt(M_MMAP_THRESHOLD, 2**25)):  # the most older ones take
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)  # arrays smaller than that come from the heap, and it is not given back


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """Threads that are started once and stay; the thread that calls is one of the workers, too."""
    return ThreadPoolExecutor(max(threads - 1, 1), thread_name_prefix="aftt_np")


@cache
def _blas() -> ThreadpoolController:
    """The BLAS libraries in this process; looking for them takes a millisecond."""
    return ThreadpoolController().select(user_api="blas")


def pieces(N: int, size: int) -> list[slice]:
    """Slices of `size` that cover 0 to N; the last may be shorter."""
    return [slice(start, min(start + size, N)) for start in range(0, N, size)]


def cached_pieces(x, size: int) -> list[slice]:
    """Slices of x (N, ...) that stay in a processor's cache; on a GPU, where every piece costs a launch, all of it."""
    return pieces(len(x), size if array_module(x) is np else max(len(x), 1))
