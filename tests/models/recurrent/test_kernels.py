import numpy as np
import pytest
from numba import njit

from seqcompare.models.recurrent.kernels import (
    ACTIVATIONS,
    activate,
    add_rows,
    deactivate,
    gathered,
    product,
    sigmoid,
    tanh,
    tiled,
)


@njit
def apply_both(x, squashed, shares):
    for i in range(len(x)):
        squashed[i] = tanh(x[i])
        shares[i] = sigmoid(x[i])


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 4e-7), ("float64", 1e-15)])
def test_tanh_and_sigmoid_are_right_everywhere(dtype, tolerance):
    x = np.concatenate([np.linspace(-12, 12, 1_000_001), [0.0, 1e-6, -1e30, 1e30]]).astype(dtype)
    squashed, shares = np.empty_like(x), np.empty_like(x)
    apply_both(x, squashed, shares)
    exact = np.tanh(x.astype(np.float64))
    np.testing.assert_allclose(squashed, exact, rtol=tolerance, atol=1e-12)
    np.testing.assert_allclose(shares, 1 / (1 + np.exp(-np.clip(x.astype(float), -700, 700))), atol=tolerance)
    assert np.abs(squashed).max() <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_stays_nan(dtype):
    x = np.array([np.nan], dtype)
    squashed, shares = np.empty_like(x), np.empty_like(x)
    apply_both(x, squashed, shares)
    assert np.isnan(squashed).all()
    assert np.isnan(shares).all()


@pytest.mark.parametrize("depth", [1, 3, 4, 9])
@pytest.mark.parametrize("n", [1, 2, 3, 8])
@pytest.mark.parametrize("order", ["C", "F"])
def test_product_is_the_matrix_product(n, depth, order):
    rng = np.random.default_rng(0)
    a, b, out = rng.normal(size=(n, depth)), rng.normal(size=(depth, 5)), np.full((n, 5), np.nan)
    product(a, tiled(np.asarray(b, order=order), n), out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 11, 12, 13, 30])
@pytest.mark.parametrize(("shape", "n_blocks"), [((128, 512), 1), ((250, 1001), 16)])
def test_large_products_come_in_blocks(n, shape, n_blocks):
    rng = np.random.default_rng(0)
    a, b, out = rng.normal(size=(n, shape[0])), rng.normal(size=shape), np.full((n, shape[1]), np.nan)
    blocks = tiled(b, 30)  # fewer rows may come when short sequences have ended
    assert len(blocks) == n_blocks
    product(a, blocks, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-10, atol=1e-12)


def test_few_rows_leave_a_large_matrix_whole():
    b = np.zeros((250, 1001))
    assert np.shares_memory(tiled(b, 2), b)
    assert np.shares_memory(tiled(b.T, 2), b)


@pytest.mark.parametrize("shape", [(1, 4), (700, 4), (700, 20), (300, 150)])
def test_gathered_is_the_product_over_rows(shape):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=shape), rng.normal(size=(shape[0], 4 * shape[1]))
    np.testing.assert_allclose(gathered(a, b), a.T @ b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_agree_with_central_differences(activation):
    z, zero = np.array([-2.0, -0.3, 0.4, 1.5]), np.zeros(4)
    above, below, here, slope = np.empty((4, 4))
    activate(z + 1e-6, zero, zero, ACTIVATIONS[activation], above)
    activate(z, zero, -1e-6 * np.ones(4), ACTIVATIONS[activation], below)
    activate(z, zero, zero, ACTIVATIONS[activation], here)
    deactivate(here, np.ones(4), ACTIVATIONS[activation], slope)
    np.testing.assert_allclose(slope, (above - below) / 2e-6, rtol=1e-8, atol=1e-10)


def test_add_rows_sums_repeated_targets():
    out = np.zeros((3, 2))
    add_rows(np.array([[1.0, 2.0], [10.0, 20.0], [5.0, 5.0]]), np.array([2, 2, 0]), out)
    np.testing.assert_array_equal(out, [[5, 5], [0, 0], [11, 22]])
