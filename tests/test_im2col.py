"""im2col and col2im: against plain loops, and exactly each other's adjoint."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import SEED, SIZE

from aftt_np.im2col import col2im, im2col, out_size

GEOMETRY = st.tuples(SIZE, st.integers(1, 7), st.integers(1, 7), SIZE, st.integers(1, 4), st.integers(1, 3),
                     st.integers(0, 2))  # fmt: skip  (N, H, W, C, K, S, P)


def slow_im2col(x, K, S, P):
    """The definition, number by number."""
    N, H, W, C = x.shape
    rows = []
    for n in range(N):
        for top in range(-P, H + P - K + 1, S):
            for left in range(-P, W + P - K + 1, S):
                row = []
                for i in range(K):
                    for j in range(K):
                        for c in range(C):
                            inside = 0 <= top + i < H and 0 <= left + j < W
                            row.append(x[n, top + i, left + j, c] if inside else 0.0)
                rows.append(row)
    return np.array(rows)


@given(GEOMETRY, SEED)
def test_im2col_is_its_definition(geometry, seed):
    N, H, W, C, K, S, P = geometry
    assume(min(out_size(H, K, S, P), out_size(W, K, S, P)) > 0)
    x = np.random.default_rng(seed).standard_normal((N, H, W, C))
    np.testing.assert_array_equal(im2col(x, K, S, P), slow_im2col(x, K, S, P))


@settings(max_examples=150)  # enough to meet windows that overlap in every way
@given(GEOMETRY, SEED)
def test_col2im_is_the_exact_adjoint_of_im2col(geometry, seed):
    """<im2col(x), c> = <x, col2im(c)>, in whole numbers, so that the equality is exact."""
    N, H, W, C, K, S, P = geometry
    assume(min(out_size(H, K, S, P), out_size(W, K, S, P)) > 0)
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 10, (N, H, W, C)).astype(float)
    cols = im2col(x, K, S, P)
    c = rng.integers(-9, 10, cols.shape).astype(float)
    back = col2im(c, x.shape, K, S, P)
    assert back.shape == x.shape
    assert (cols * c).sum() == (x * back).sum(), "col2im is not the adjoint of im2col"
    fine = c + rng.standard_normal(c.shape)  # numbers that float32 would round
    np.testing.assert_allclose(
        (x * col2im(fine, x.shape, K, S, P)).sum(), (cols * fine).sum(), 1e-11, 1e-11, err_msg="digits are lost"
    )


def test_by_hand():
    """The drawing in the module's docstring, with a..i = 1..9."""
    x = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    cols = im2col(x, K=2)
    np.testing.assert_array_equal(cols, [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]])
    counts = col2im(np.ones_like(cols), x.shape, K=2)  # in how many windows each number lies
    np.testing.assert_array_equal(counts[0, :, :, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def test_arguments_stay_as_they_are_and_an_odd_layout_does_not_matter():
    x = np.random.default_rng(0).standard_normal((2, 5, 4, 3))
    before = x.copy()
    odd = np.asfortranarray(x)  # the same numbers, other strides
    np.testing.assert_array_equal(im2col(odd, 2), im2col(x, 2))
    col2im(im2col(x, 3, 1, 1), x.shape, 3, 1, 1)
    np.testing.assert_array_equal(x, before)


def test_strides_along_an_axis_of_length_1_may_be_anything():
    """NumPy calls such arrays contiguous; one channel picked out of several, for one."""
    x = np.random.default_rng(0).standard_normal((8, 5, 5, 1))
    odd = np.lib.stride_tricks.as_strided(x, (2, 5, 5, 1), (200, 40, 8, 16))
    assert odd.flags.c_contiguous
    np.testing.assert_array_equal(im2col(odd, 3), im2col(x[:2], 3))
