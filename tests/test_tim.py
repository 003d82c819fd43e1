import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layouts import LAYOUTS, laid_out
from mestore.errors import ClipFault
from mestore.sample import Sample
from mestore.tim import TimParams, fill, interpolate, tim_sample, weights


def course(positions, *, start=0, end=39):
    """A raised cosine from one frame position to another."""
    phase = np.clip((np.asarray(positions, dtype=float) - start) / (end - start), 0, 1)
    return (1 - np.cos(2 * np.pi * phase)) / 2


def moving_clip(count=40, side=6):
    image = np.random.default_rng(0).normal(size=(side, side))
    return 10 + course(np.arange(count))[:, None, None] * image, image


def sample_of(data, numbers, *, onset=None, apex=None, offset=None):
    numbers = np.asarray(numbers, dtype=np.float64)
    return Sample(
        data=data,
        frames=numbers,
        onset=int(numbers[0]) if onset is None else onset,
        apex=int(numbers[len(numbers) // 2]) if apex is None else apex,
        offset=int(numbers[-1]) if offset is None else offset,
        landmarks=np.zeros((68, 2), dtype=np.float32),
    )


def tim_by_svd(frames, n):
    """TIM as published (Zhou, Zhao, Pietikainen 2011), through the SVD of the clip."""
    count = len(frames)
    images = frames.reshape(count, -1).T.astype(np.float64)
    mean = images.mean(axis=1, keepdims=True)
    left, singular, right = np.linalg.svd(images - mean, full_matrices=False)
    kept = singular > 1e-10 * singular[0]
    left, reduced = left[:, kept], singular[kept, None] * right[kept]
    path = np.diag(np.full(count, 2.0)) - np.eye(count, k=1) - np.eye(count, k=-1)
    path[0, 0] = path[-1, -1] = 1
    eigenvectors = np.linalg.eigh(path)[1][:, 1:]
    k = np.arange(1, count)

    def sines(t):
        return np.sin(np.pi * k * t + np.pi * (count - k) / (2 * count))

    unmixing = np.linalg.pinv(reduced @ reduced.T) @ reduced @ eigenvectors
    scales = (reduced[:, 0] @ unmixing) / sines(1 / count)
    curves = np.stack([scales * sines(t) for t in np.linspace(1 / count, 1, n)], axis=1)
    found = left @ np.linalg.pinv(unmixing.T) @ curves + mean
    return np.clip(np.rint(found), 0, 255).astype(np.uint8).T.reshape(n, *frames.shape[1:])


@pytest.mark.parametrize(
    ("count", "n", "side"),
    [(100, 50, 150), (100, 50, 12), (20, 10, 12), (40, 50, 12), (11, 10, 12), (9, 33, 12)],
)
def test_equals_the_published_svd_form(count, n, side):
    frames = np.random.default_rng(count).integers(0, 256, (count, side, side), dtype=np.uint8)
    np.testing.assert_array_equal(interpolate(frames, n), tim_by_svd(frames, n))


def test_equals_the_svd_form_when_frames_repeat():
    frames = np.random.default_rng(1).integers(0, 256, (20, 12, 12), dtype=np.uint8)
    frames[7] = frames[6]
    np.testing.assert_array_equal(interpolate(frames, 33), tim_by_svd(frames, 33))


@given(st.integers(2, 40), st.integers(2, 60), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_equals_the_svd_form_at_any_length(count, n, seed):
    frames = np.random.default_rng(seed).integers(0, 256, (count, 90), dtype=np.uint8)
    found, published = interpolate(frames, n), tim_by_svd(frames, n)
    # Halfway between two frames, a half of an odd sum is a tie, and either rounding is right.
    ties = np.abs((weights(count, n) @ frames) % 1 - 0.5) < 1e-9
    np.testing.assert_array_equal(found[~ties], published[~ties])


@given(st.integers(2, 60), st.integers(2, 60))
@settings(max_examples=40, deadline=None)
def test_weights_keep_even_clips_and_both_ends(count, n):
    matrix = weights(count, n)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(matrix[[0, -1]], np.eye(count)[[0, -1]], atol=1e-9)
    np.testing.assert_array_equal(matrix, matrix[::-1, ::-1])


@pytest.mark.parametrize("n", [10, 33, 50, 100])
def test_reproduces_a_time_course(n):
    clip, image = moving_clip()
    expected = 10 + course(np.linspace(0, 39, n))[:, None, None] * image
    assert np.abs(interpolate(clip, n) - expected).max() < 0.01 * np.abs(image).max()


def test_reproduces_a_time_course_with_missing_frames():
    clip, image = moving_clip()
    numbers = np.delete(np.arange(40), [3, 9, 14, 19, 24, 26, 31, 36])
    out = tim_sample(sample_of(clip[numbers], numbers + 120), TimParams(n=50))
    expected = 10 + course(out.frames - 120)[:, None, None] * image
    assert np.abs(out.data - expected).max() < 0.01 * np.abs(image).max()
    assert out.measures["filled"].shape == () and out.measures["filled"] == 8


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_keeps_the_dtype_and_its_range(dtype):
    frames = np.zeros((12, 3), dtype=dtype)
    frames[6:] = 255 if dtype == np.uint8 else 1000
    out = interpolate(frames, 40)
    assert out.dtype == dtype
    exact = interpolate(frames.astype(np.float64), 40)
    assert exact.min() < 0 and exact.max() > frames.max()  # it overshoots
    if dtype in (np.uint8, np.uint16):
        exact = np.clip(exact, 0, np.iinfo(dtype).max)
    np.testing.assert_allclose(out, exact, atol=0.5 if np.dtype(dtype).kind in "iu" else 1e-3)


def test_a_large_clip_equals_its_parts():
    frames = np.random.default_rng(2).integers(0, 256, (7, 200, 200, 3), dtype=np.uint8)
    whole = interpolate(frames, 5)
    np.testing.assert_array_equal(whole[:, 40:50], interpolate(frames[:, 40:50], 5))


@pytest.mark.parametrize(
    ("frames", "n", "message"),
    [
        (np.zeros((1, 4)), 10, "time >= 2"),
        (np.zeros((5, 4)), 1, "at least 2"),
        (np.zeros((5, 4)), 2.5, "whole"),
        (np.zeros((0, 4)), 10, "time >= 2"),
        (np.array([[0.0], [np.nan]]), 10, "NaN"),
        (np.array([[0.0], [np.inf]], np.float32), 10, "infinity"),
        (np.zeros((5, 4), dtype=complex), 10, "complex128"),
        (np.zeros((5, 4), dtype=object), 10, "object"),
        (np.zeros((5, 4), dtype=np.longdouble), 10, "float128|longdouble"),
        ([[1, 2], [3, 4]], 10, "int64"),
        (np.zeros((5, 4), dtype=bool), 10, "bool"),
        (np.zeros((5, 4), dtype=np.int64), 10, "int64"),
        (np.array(3.0), 10, "time >= 2"),
    ],
)
def test_refuses_what_it_cannot_interpolate(frames, n, message):
    with pytest.raises(ValueError, match=message):
        interpolate(frames, n)


@pytest.mark.parametrize(
    "numbers",
    [
        [1, 2],
        [1, 2, 2],
        [3, 2, 4],
        [1, 2.5, 4],
        [1, 2, np.nan],
        [1, 2, np.inf],
        [[1], [2], [3]],
        ["1", "2", "3"],
        [],
        [True, False, True],
    ],
)
def test_fill_refuses_numbers_that_do_not_fit(numbers):
    with pytest.raises(ValueError, match="strictly increasing"):
        fill(np.zeros((3, 2)), numbers)


def test_fill_refuses_numbers_far_apart():
    with pytest.raises(ValueError, match="from 1 to 1000000000000; expected at most"):
        fill(np.zeros((3, 2)), [1, 2, 10**12])


def test_frames_that_are_all_there_need_no_weights():
    """100,000 x 100,000 of them would be 80 GB."""
    frames = np.arange(100_000, dtype=np.int32)
    np.testing.assert_array_equal(fill(frames, frames), frames)
    out = tim_sample(sample_of(frames[:, None], frames), TimParams(n=3, sampling="uniform"))
    assert out.data.tolist() == [[0], [49_999], [99_999]] and out.measures["filled"] == 0


@pytest.mark.parametrize(
    "call", [interpolate, lambda clip, n: tim_sample(sample_of(clip, clip), TimParams(n=n))]
)
def test_tim_of_more_frames_than_their_weights_have_room_says_what_to_do(call):
    with pytest.raises(
        ValueError, match=r"found 100000 frames, .* 100000 x 100000; expected .*; check the numbers"
    ):
        call(np.arange(100_000.0), 10)


def test_gaps_among_more_frames_than_their_weights_have_room_are_refused():
    there = np.delete(np.arange(60_000.0), 7)
    with pytest.raises(ValueError, match=r"found 59999 frames, .* 59999 x 60000; expected"):
        fill(there, there)


@pytest.mark.parametrize("numbers", [[1, 2, 3], [1, 2, 5]])
def test_fill_refuses_frames_that_are_not_finite(numbers):
    with pytest.raises(ValueError, match="NaN"):
        fill(np.array([0.0, np.nan, 1.0]), numbers)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12, unique=True), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_fill_is_linear_between_what_is_there(numbers, seed):
    numbers = np.array(sorted(numbers), dtype=np.uint8)
    frames = np.random.default_rng(seed).normal(size=(len(numbers), 3))
    found = fill(frames, numbers)
    wanted = np.arange(numbers[0], numbers[-1] + 1)
    expected = np.stack([np.interp(wanted, numbers, column) for column in frames.T], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_array_equal(found[numbers - numbers[0]], frames)


@given(
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from([np.uint8, np.int16, np.float16, np.float32, np.float64, np.int64, bool]),
    st.integers(-1, 6),
)
@settings(max_examples=60, deadline=None)
def test_gives_frames_or_a_value_error(shape, dtype, n):
    frames = np.ones(shape, dtype)
    try:
        found = interpolate(frames, n)
    except ValueError as error:
        assert "expected" in str(error)
    else:
        assert found.dtype == dtype and found.shape == (n, *shape[1:])
        np.testing.assert_allclose(found, 1, rtol=1e-3)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_may_have_any_layout(layout):
    frames = np.random.default_rng(3).integers(0, 256, (9, 20, 30), dtype=np.uint8)
    for clip in (frames, frames.astype(np.float32), frames.astype(np.uint16)):
        np.testing.assert_array_equal(interpolate(laid_out(clip, layout), 14), interpolate(clip, 14))


@pytest.mark.parametrize("level", [0, 7, 255])
def test_a_clip_of_one_colour_keeps_it(level):
    assert (interpolate(np.full((13, 5, 1), level, np.uint8), 50) == level).all()


def test_fill_rounds_and_keeps_what_is_there():
    frames = np.array([[10], [20], [21]], dtype=np.uint8)
    assert fill(frames, [4, 7, 8]).tolist() == [[10], [13], [17], [20], [21]]
    assert fill(frames, [4, 5, 6]).tolist() == frames.tolist()


class TestTimSample:
    def test_says_which_frame_each_row_shows(self):
        clip, _ = moving_clip()
        out = tim_sample(sample_of(clip, np.arange(100, 140)), TimParams(n=14))
        np.testing.assert_allclose(out.frames, np.linspace(100, 139, 14))
        assert out.landmarks is not None
        assert (out.onset, out.apex, out.offset) == (100, 120, 139)
        assert out.measures["filled"] == 0 and out.measures["filled"].dtype == np.int64

    @pytest.mark.parametrize(("apex", "last"), [(110, 120), (125, 139), (100, 139)])
    def test_onset_2apex_ends_as_long_after_the_apex(self, apex, last):
        clip, _ = moving_clip()
        sample = sample_of(clip, np.arange(100, 140), apex=apex)
        assert tim_sample(sample, TimParams(span="onset-2apex")).frames[-1] == last

    def test_leaves_out_frames_outside_the_span(self):
        clip, _ = moving_clip()
        sample = sample_of(clip, np.arange(40), onset=5, apex=10, offset=20)
        out = tim_sample(sample, TimParams(n=16))
        np.testing.assert_allclose(out.data, clip[5:21])

    def test_uniform_takes_frames_as_they_are(self):
        clip, _ = moving_clip()
        out = tim_sample(sample_of(clip, np.arange(40)), TimParams(n=14, sampling="uniform"))
        assert out.frames.tolist() == list(range(0, 40, 3))
        np.testing.assert_array_equal(out.data, clip[::3])

    def test_linear_is_between_the_nearest_frames(self):
        clip = np.arange(5, dtype=np.float64)[:, None] ** 2
        out = tim_sample(sample_of(clip, [3, 4, 5, 6, 7]), TimParams(n=9, sampling="linear"))
        np.testing.assert_allclose(out.data[:, 0], [0, 0.5, 1, 2.5, 4, 6.5, 9, 12.5, 16])
        np.testing.assert_allclose(out.frames, np.linspace(3, 7, 9))

    @pytest.mark.parametrize("sampling", ["tim", "linear", "uniform"])
    def test_a_whole_clip_is_interpolated_like_its_frames(self, sampling):
        frames = np.random.default_rng(4).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
        out = tim_sample(sample_of(frames, np.arange(12)), TimParams(n=12, sampling=sampling))
        np.testing.assert_array_equal(out.data, frames)
        out = tim_sample(sample_of(frames, np.arange(12)), TimParams(n=30))
        np.testing.assert_array_equal(out.data, interpolate(frames, 30))

    def test_frames_of_another_dtype_are_refused(self):
        with pytest.raises(ValueError, match="int64"):
            tim_sample(sample_of(np.zeros((5, 4), np.int64), np.arange(5)), TimParams())

    def test_one_frame_is_a_fault_of_the_clip(self):
        clip, _ = moving_clip()
        with pytest.raises(ClipFault, match="found 1 frame between 0 and 0"):
            tim_sample(sample_of(clip[:1], [0]), TimParams())

    def test_a_store_of_it_is_not_ragged(self):
        assert not TimParams().ragged(input_ragged=True)
