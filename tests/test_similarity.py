import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.transform import SimilarityTransform

from mestore.similarity import apply, compose, fit_whole, inverse, scale, similarity

POINTS = np.random.default_rng(1).normal(scale=50, size=(11, 2))


def turn(degrees, factor, shift=(0.0, 0.0)):
    cos, sin = factor * np.cos(np.deg2rad(degrees)), factor * np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])


@given(st.floats(-180, 180), st.floats(0.05, 20), st.floats(-500, 500))
def test_a_similarity_is_found_exactly(degrees, factor, shift):
    expected = turn(degrees, factor, (shift, -shift))
    np.testing.assert_allclose(similarity(POINTS, apply(expected, POINTS)), expected, atol=1e-8)


@given(st.integers(0, 2**32 - 1))
def test_least_squares_is_that_of_scikit_image(seed):
    rng = np.random.default_rng(seed)
    target = apply(turn(rng.uniform(-180, 180), rng.uniform(0.3, 3)), POINTS) + rng.normal(size=POINTS.shape)
    other = SimilarityTransform.from_estimate(POINTS, target).params[:2]
    np.testing.assert_allclose(similarity(POINTS, target), other, atol=1e-7)


def test_a_mirror_image_is_never_fitted_by_a_reflection():
    found = similarity(POINTS, POINTS * [-1, 1])
    assert np.linalg.det(found[:, :2]) > 0


def test_the_inverse_undoes():
    transform = turn(30, 0.7, (3, -4))
    np.testing.assert_allclose(apply(inverse(transform), apply(transform, POINTS)), POINTS, atol=1e-10)
    assert scale(inverse(transform)) == pytest.approx(1 / 0.7)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (POINTS, POINTS[:5], "source has 11 points and target 5"),
        (POINTS[:, :1], POINTS[:, :1], r"source has shape \(11, 1\)"),
        (np.ones((4, 2)), POINTS[:4], "points of source coincide"),
        (POINTS[:4], np.ones((4, 2)), "points of target coincide"),
        (POINTS, np.where(POINTS > 0, np.nan, POINTS), "target holds values that are not finite"),
    ],
)
def test_points_that_fix_no_similarity_are_refused(source, target, message):
    with pytest.raises(ValueError, match=message):
        similarity(source, target)


def test_one_transform_after_the_other():
    first, second = turn(30, 0.7, (3, -4)), turn(-50, 1.3, (1, 2))
    np.testing.assert_allclose(
        apply(compose(second, first), POINTS), apply(second, apply(first, POINTS)), atol=1e-10
    )


def test_fitting_the_whole_keeps_the_middle_in_the_middle():
    np.testing.assert_allclose(apply(fit_whole((480, 640, 3), 224), np.array([319.5, 239.5])), [111.5, 111.5])
