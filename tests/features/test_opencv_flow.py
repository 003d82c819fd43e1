"""The two kinds of flow that OpenCV computes."""

import cv2
import numpy as np
import pytest

from mestore.features.dis import dis
from mestore.features.farneback import farneback


def texture(*, right=0.0, down=0.0, side=64):
    y, x = np.mgrid[:side, :side].astype(np.float64)
    x, y = x - right, y - down
    waves = np.sin(x / 3) + np.sin(y / 4 + x / 9) + np.cos((x - y) / 5)
    return np.rint(127.5 + 40 * waves).astype(np.uint8)


@pytest.mark.parametrize("method", [dis, farneback])
def test_finds_a_known_shift_whatever_the_threads(method):
    flows = []
    threads = cv2.getNumThreads()
    try:
        for count in (1, 2):
            cv2.setNumThreads(count)
            flows.append(method(texture(), texture(right=0.7, down=-0.4)))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(flows[0], flows[1])
    assert flows[0].dtype == np.float32 and flows[0].shape == (64, 64, 2)
    np.testing.assert_allclose(flows[0][12:-12, 12:-12].mean(axis=(0, 1)), [0.7, -0.4], atol=0.08)


def test_dis_is_opencvs_in_its_three_presets():
    prev, following = texture(), texture(right=1)
    flows = [dis(prev, following, preset=preset) for preset in ("ultrafast", "fast", "medium")]
    for number, flow in enumerate(flows):
        np.testing.assert_array_equal(flow, cv2.DISOpticalFlow_create(number).calc(prev, following, None))


def test_a_wider_window_is_smoother():
    rng = np.random.default_rng(0)
    prev, following = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    narrow, wide = (farneback(prev, following, window=window) for window in (7, 31))
    assert wide.std() < narrow.std()


@pytest.mark.parametrize(("method", "side"), [(dis, 31), (farneback, 3)])
def test_refuses_images_that_are_too_small(method, side):
    """Under 32 px OpenCV's DIS may crash the interpreter."""
    image = np.zeros((side, 100), np.uint8)
    with pytest.raises(ValueError, match="sides of at least"):
        method(image, image)


@pytest.mark.parametrize("method", [dis, farneback])
def test_refuses_what_is_no_pair(method):
    image = np.zeros((40, 40), np.uint8)
    for other in (np.zeros((40, 41), np.uint8), np.zeros((40, 40)), np.zeros((40, 40, 3), np.uint8)):
        with pytest.raises(ValueError, match="found"):
            method(image, other)


def test_refuses_options_that_are_none():
    image = np.zeros((40, 40), np.uint8)
    with pytest.raises(ValueError, match="preset 'slow'"):
        dis(image, image, preset="slow")
    with pytest.raises(ValueError, match="window of 1 px"):
        farneback(image, image, window=1)
