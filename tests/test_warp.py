import numpy as np
import pytest
from scipy.ndimage import shift as spline_shift

from mestore.warp import warp


def turn(degrees, factor, shift=(0.0, 0.0)):
    cos, sin = factor * np.cos(np.deg2rad(degrees)), factor * np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])


def texture(size, *, blur, seed=0, shift=(0.0, 0.0)):
    """A periodic random texture with a pixel's blur, moved exactly, through its Fourier transform."""
    frequency = np.fft.fftfreq(size)
    x, y = np.meshgrid(frequency, frequency)
    radius2 = x**2 + y**2
    spectrum = np.fft.fft2(np.random.default_rng(seed).standard_normal((size, size)))
    spectrum = spectrum * np.exp(-2 * np.pi**2 * blur**2 * radius2) / np.sqrt(radius2 + 1e-4)
    plane = np.fft.ifft2(spectrum * np.exp(-2j * np.pi * (x * shift[0] + y * shift[1]))).real
    still_plane = np.fft.ifft2(spectrum).real
    level = 128 + 30 * (plane - still_plane.mean()) / still_plane.std()
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)


def test_the_identity_copies_the_image():
    image = texture(64, blur=0.3)
    np.testing.assert_array_equal(warp(image, turn(0, 1), 64), image)


def test_a_crop_does_not_depend_on_what_lies_far_from_it():
    image = texture(160, blur=0.5)
    changed = image.copy()
    changed[100:] = 0
    transform = turn(3, 0.5, (-5, -8))
    np.testing.assert_array_equal(warp(image, transform, 24), warp(changed, transform, 24))


def test_detail_finer_than_the_crop_becomes_grey():
    """Stripes of one pixel, shrunk to 0.45: without the blur they come back as coarse stripes."""
    stripes = np.tile(np.array([0, 255], np.uint8), (120, 60))
    crop = warp(stripes, turn(0, 0.45), 50)[4:-4, 4:-4]
    assert np.ptp(crop.astype(int)) <= 12
    assert crop.mean() == pytest.approx(127.5, abs=1)


@pytest.mark.parametrize("factor", [0.45, 0.75, 1.1])
def test_a_shift_by_parts_of_a_pixel_arrives_everywhere(factor):
    """Sharp texture (blur 0.5 px, no noise): rms over windows of 21 px within 0.008 px of the crop."""
    size = int(270 * factor)
    transform = turn(3, factor)
    transform[:, 2] = size / 2 - transform[:, :2] @ [150, 150] + 0.3
    for shift in ((0.1, 0.0), (0.5, 0.3)):
        still_crop = warp(texture(300, blur=0.5), transform, size)
        moved_crop = warp(texture(300, blur=0.5, shift=shift), transform, size)
        true = transform[:, :2] @ shift
        back = spline_shift(moved_crop.astype(float), -true[::-1], order=5, mode="mirror")
        assert local_shift(still_crop.astype(float), back) < 0.008


def local_shift(first, second):
    """Root mean square of the shifts of windows of 21 px, by least squares on the gradients."""
    margin, window = 16, 21
    gy, gx = np.gradient((first + second) / 2)
    dt = second - first
    shifts = []
    for y in range(margin, first.shape[0] - margin - window, window):
        for x in range(margin, first.shape[1] - margin - window, window):
            where = np.s_[y : y + window, x : x + window]
            gradients = np.stack([gx[where].ravel(), gy[where].ravel()], axis=1)
            shifts.append(np.linalg.lstsq(gradients, -dt[where].ravel(), rcond=None)[0])
    return np.sqrt((np.array(shifts) ** 2).sum(axis=1).mean())


def test_outside_the_image_is_black():
    crop = warp(np.full((10, 10, 3), 200, np.uint8), turn(0, 1, (20, 20)), 40)
    assert crop[:12].max() == 0
    assert (crop[22:28, 22:28] == 200).all()


@pytest.mark.parametrize(
    ("image", "transform", "size", "message"),
    [
        (np.zeros((9, 9), np.float32), turn(0, 1), 4, "image is float32"),
        (np.zeros(9, np.uint8), turn(0, 1), 4, "expected uint8"),
        (np.zeros((9, 9), np.uint8), turn(0, 0), 4, "expected a finite"),
        (np.zeros((9, 9), np.uint8), np.eye(3), 4, "expected a finite"),
        (np.zeros((9, 9), np.uint8), turn(0, 1), 0, "size is 0"),
        (np.zeros((9, 9), np.uint8), turn(0, 1, (500, 0)), 4, "outside the image of 9 x 9 px"),
    ],
)
def test_bad_warps_are_refused(image, transform, size, message):
    with pytest.raises(ValueError, match=message):
        warp(image, transform, size)
