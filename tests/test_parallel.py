"""Work side by side: everything once, in order, and errors are not lost."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from aftt_np import parallel


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@given(jobs=st.lists(st.integers()), threads=st.integers(1, 4))
def test_every_job_once_and_in_order(jobs, threads):
    with parallel.use(threads):
        assert parallel.side_by_side(lambda job: 2 * job, jobs) == [2 * job for job in jobs]


def test_all_threads_work_and_each_product_stays_in_its_own():
    met = threading.Barrier(3, timeout=10)  # passes only if three jobs are under way at once

    def work(job):
        met.wait()
        return blas_threads()

    with parallel.use(3):
        assert parallel.side_by_side(work, range(3)) == [{1}] * 3
        assert blas_threads() == {min(3, parallel.usable_processors())} or blas_threads() == {3}


def test_a_job_does_not_split_its_work_again():
    def inner(job):
        return threading.get_ident()

    def outer(job):
        time.sleep(0.01)
        return set(parallel.side_by_side(inner, range(4))) == {threading.get_ident()}

    with parallel.use(3):
        assert all(parallel.side_by_side(outer, range(6)))


@pytest.mark.parametrize("bad", [0, 1, 5])
def test_an_error_is_raised_once_everyone_has_stopped(bad):
    running = []

    def work(job):
        running.append(job)
        try:
            time.sleep(0.01)
            if job == bad:
                raise ZeroDivisionError(f"job {job}")
        finally:
            running.remove(job)

    begun = []
    with parallel.use(2):
        with pytest.raises(ZeroDivisionError, match=f"job {bad}"):
            parallel.side_by_side(lambda job: begun.append(job) or work(job), range(60))
        assert not running
        assert len(begun) <= bad + 3, "others were begun after the error"
        assert parallel.side_by_side(abs, [-1, -2]) == [1, 2], "and the threads still work"


def test_threads_see_how_the_caller_treats_floating_point_errors():
    met = threading.Barrier(2, timeout=10)  # one job in each thread

    def work(job):
        met.wait()
        return np.geterr()["over"]

    for how in ("raise", "ignore"):
        with parallel.use(2), np.errstate(over=how):
            assert parallel.side_by_side(work, range(2)) == [how, how]


def test_use_is_undone():
    before = blas_threads()
    with parallel.use(1):
        assert blas_threads() == {1}
    assert blas_threads() == before


@given(N=st.integers(0, 50), size=st.integers(1, 20))
def test_pieces_cover_everything_once(N, size):
    rows = np.arange(N)
    parts = [rows[part] for part in parallel.pieces(N, size)]
    assert all(1 <= len(part) <= size for part in parts)
    np.testing.assert_array_equal(np.concatenate([rows[:0], *parts]), rows)
    assert parallel.cached_pieces(rows, size) == parallel.pieces(N, size)


def test_a_job_may_wait_for_another_thread_that_splits_its_work():
    def outer(job):
        thread = threading.Thread(target=lambda: done.append(parallel.side_by_side(abs, [-1, -2])))
        thread.start()
        thread.join(timeout=10)
        return thread.is_alive()

    done = []
    with parallel.use(2):
        assert parallel.side_by_side(outer, range(2)) == [False, False], "they wait for each other"
    assert done == [[1, 2], [1, 2]]
