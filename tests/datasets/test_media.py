import io
import struct

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from recordings import pixels, write_video

from mestore.datasets.media import count_video_frames, read_depth, read_frames, video_path
from mestore.errors import ClipFault, UnsafePathError


def read(root, *paths):
    return read_frames(root, media="frames", frames=list(range(len(paths))), paths=list(paths))


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_lossless_frames_come_back_in_order(tmp_path, suffix):
    for number in (9, 10):
        Image.fromarray(pixels(number)).save(tmp_path / f"img{number}.{suffix}")
    clip = read(tmp_path, f"img9.{suffix}", f"img10.{suffix}")
    assert clip.dtype == np.uint8
    assert np.array_equal(clip, [pixels(9), pixels(10)])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_other_modes_become_rgb(tmp_path, mode):
    image = Image.fromarray(np.full((4, 6, 3), 255, np.uint8)).convert(mode)
    image.save(tmp_path / "a.png")
    assert np.array_equal(read(tmp_path, "a.png"), np.full((1, 4, 6, 3), 255))


def test_a_turned_photograph_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    Image.fromarray(np.zeros((8, 16, 3), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    assert read(tmp_path, "a.jpg").shape == (1, 16, 8, 3)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no image",
        encoded(Image.fromarray(pixels(0)), "PNG")[:200],
        encoded(Image.fromarray(pixels(0, height=99)), "JPEG")[:-900],
        encoded(Image.fromarray(pixels(0)), "PNG")[:24],
        encoded(Image.fromarray(pixels(0)), "GIF"),
    ],
)
def test_undecodable_images_are_named_and_the_message_is_always_the_same(tmp_path, content):
    (tmp_path / "sub01").mkdir()
    (tmp_path / "sub01" / "img9.jpg").write_bytes(content)
    messages = set()
    for _ in range(2):
        with pytest.raises(ClipFault, match=r"sub01/img9\.jpg, which cannot be decoded") as caught:
            read(tmp_path, "sub01/img9.jpg")
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert str(tmp_path) not in messages.pop()


def test_more_than_8_bits_are_refused(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "grey.png")
    with pytest.raises(ClipFault, match=r"grey\.png of mode I;16; expected 8 bits"):
        read(tmp_path, "grey.png")
    # Pillow writes no RGB of 16 bits, and reads it as 8 without a word.
    assert cv2.imwrite(str(tmp_path / "colour.png"), np.zeros((4, 4, 3), np.uint16))
    with pytest.raises(ClipFault, match=r"colour\.png of mode RGB; expected 8 bits"):
        read(tmp_path, "colour.png")


# depth


def depths(*values, height=24, width=32):
    """A frame of 700 with a few other depths from its first pixel on."""
    frame = np.full((height, width), 700, np.uint16)
    frame.flat[: len(values)] = values
    return frame


def write_depth(root, *frames):
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(root / f"{number}.png")
    return {
        "media": "frames",
        "frames": range(len(frames)),
        "paths": [f"{n}.png" for n in range(len(frames))],
    }


def test_depth_comes_as_grey_levels_in_the_range_of_the_first_frame(tmp_path):
    where = write_depth(tmp_path, depths(0, 600, 800, 1000, 4000), depths(0, 590, 800, 1000, 600))
    clip = read_frames(tmp_path, **where, modality="depth")
    assert clip.shape == (2, 24, 32, 3) and clip.dtype == np.uint8
    assert clip[:, 0, :6, 0].tolist() == [[0, 1, 128, 255, 255, 65], [0, 1, 128, 255, 1, 65]]
    assert (clip == clip[..., :1]).all()


def test_the_face_places_the_range(tmp_path):
    where = write_depth(tmp_path, depths(*[500] * 160))
    assert read_frames(tmp_path, **where, modality="depth")[0, 5, 5, 0] == 128
    face = np.array([[4.0, 5.0], [20.0, 20.0]])
    assert read_frames(tmp_path, **where, modality="depth", face=face)[0, 5, 5, 0] == 1


def test_depths_come_as_they_are(tmp_path):
    frames = [depths(0, 1, 255, 256, 65535), depths(4660)]
    clip = read_depth(tmp_path, **write_depth(tmp_path, *frames))
    assert clip.dtype == np.uint16
    assert np.array_equal(clip, frames)


def test_what_is_no_depth_is_refused(tmp_path):
    Image.fromarray(pixels(0)[..., 0]).save(tmp_path / "8.png")
    Image.fromarray(pixels(0)).save(tmp_path / "colour.jpg")
    assert cv2.imwrite(str(tmp_path / "16.png"), np.zeros((4, 4, 3), np.uint16))
    (tmp_path / "text.png").write_bytes(b"no image")
    for name, found in (
        ("8.png", r"8\.png, a PNG of mode L; expected a grey PNG of 16 bits"),
        ("colour.jpg", r"colour\.jpg, a JPEG of mode RGB; expected a grey PNG of 16 bits"),
        ("16.png", r"16\.png, a PNG of mode RGB; expected a grey PNG of 16 bits"),
        ("text.png", r"text\.png, which cannot be decoded"),
    ):
        with pytest.raises(ClipFault, match=found):
            read_frames(tmp_path, media="frames", frames=[1], paths=[name], modality="depth")
    with pytest.raises(ClipFault, match=r"a video, a\.mp4#0; expected a grey PNG"):
        read_frames(tmp_path, media="video", frames=[1], paths=["a.mp4#0"], modality="depth")


def test_16_bits_that_are_not_called_depth_say_what_to_do(tmp_path):
    where = write_depth(tmp_path, depths())
    with pytest.raises(ClipFault, match="if they are depth, the clip's modality must be 'depth'"):
        read_frames(tmp_path, **where, modality="gray")


def test_depth_frames_of_two_sizes_are_refused(tmp_path):
    where = write_depth(tmp_path, depths(), depths(width=30))
    with pytest.raises(ClipFault, match=r"30 x 24 px in 1\.png, 32 x 24 px in 0\.png"):
        read_depth(tmp_path, **where)
    with pytest.raises(ClipFault, match=r"30 x 24 px in 1\.png, 32 x 24 px in 0\.png"):
        read_frames(tmp_path, **where, modality="depth")


def test_frames_of_two_sizes_are_refused(tmp_path):
    Image.fromarray(pixels(0)).save(tmp_path / "1.png")
    Image.fromarray(pixels(0, width=30)).save(tmp_path / "2.png")
    with pytest.raises(ClipFault, match=r"30 x 24 px in 2\.png, 32 x 24 px in 1\.png"):
        read(tmp_path, "1.png", "2.png")


def test_a_vanished_file_is_the_machines_fault(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path, "img1.jpg")
    with pytest.raises(FileNotFoundError):
        read_frames(tmp_path, media="video", frames=[0], paths=["a.mp4#0"])


def test_paths_of_the_table_are_not_trusted(tmp_path):
    with pytest.raises(UnsafePathError):
        read(tmp_path, "../img1.jpg")
    with pytest.raises(UnsafePathError):
        read_frames(tmp_path, media="video", frames=[0], paths=["/a.mp4#0"])


@pytest.mark.parametrize(("media", "paths"), [("frames", ["a.jpg"]), ("video", ["a.mp4#0", "b.mp4#0"])])
def test_frames_and_paths_must_fit(tmp_path, media, paths):
    with pytest.raises(ValueError, match="2 frames in"):
        read_frames(tmp_path, media=media, frames=[1, 2], paths=paths[:2])
    with pytest.raises(ValueError, match="0 frames in"):
        read_frames(tmp_path, media=media, frames=[], paths=paths)


FRAMES = [pixels(seed) for seed in range(12)]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264rgb"), ("a.mkv", "ffv1"), ("a.mov", "libx264rgb")]
)
@pytest.mark.parametrize("first", [0, 1])
def test_video_frames_are_found_by_position(tmp_path, name, codec, first):
    write_video(tmp_path / name, FRAMES, codec=codec)
    assert count_video_frames(tmp_path / name) == 12
    numbers = [first + 2, first + 5, first + 11]
    clip = read_frames(tmp_path, media="video", frames=numbers, paths=[video_path(name, first_frame=first)])
    assert np.array_equal(clip, [FRAMES[2], FRAMES[5], FRAMES[11]])


def test_lossy_video_with_frames_that_depend_on_later_ones(tmp_path):
    flat = [np.full((48, 64, 3), 20 * seed, np.uint8) for seed in range(12)]
    write_video(tmp_path / "a.avi", flat, codec="mpeg4")
    write_video(tmp_path / "b.mp4", flat, codec="libx264")
    for name in ("a.avi", "b.mp4"):
        clip = read_frames(tmp_path, media="video", frames=list(range(12)), paths=[f"{name}#0"])
        assert np.abs(clip.mean(axis=(1, 2, 3)) - 20 * np.arange(12)).max() < 4


def test_a_video_that_ends_early(tmp_path):
    write_video(tmp_path / "a.mp4", FRAMES)
    with pytest.raises(ClipFault, match=r"no frame 12 \(counted from 0\) in a\.mp4"):
        read_frames(tmp_path, media="video", frames=[11, 12], paths=["a.mp4#0"])


@pytest.mark.parametrize("content", [b"", b"no video", b"\0\0\0\x18ftypmp42" + bytes(40)])
def test_an_unreadable_video_is_named(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(ClipFault, match=r"a\.mp4"):
        count_video_frames(tmp_path / "a.mp4")
    with pytest.raises(ClipFault, match=r"a\.mp4") as caught:
        read_frames(tmp_path, media="video", frames=[0], paths=["a.mp4#0"])
    assert str(tmp_path) not in str(caught.value)


def test_a_video_cut_off_is_a_fault_of_the_clip(tmp_path):
    write_video(tmp_path / "a.mkv", FRAMES, codec="ffv1")
    content = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "a.mkv").write_bytes(content[: len(content) // 2])
    assert count_video_frames(tmp_path / "a.mkv") < 12
    with pytest.raises(ClipFault, match=r"a\.mkv"):
        read_frames(tmp_path, media="video", frames=[0, 11], paths=["a.mkv#0"])


def test_a_sound_file_is_no_video(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(ClipFault, match=r"no pictures in a\.mp4"):
        count_video_frames(tmp_path / "a.mp4")


def test_a_video_of_10_bits_is_refused(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=50)
        stream.height, stream.width, stream.pix_fmt = 24, 32, "yuv420p10le"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(FRAMES[0], format="rgb24")))
        container.mux(stream.encode())
    with pytest.raises(ClipFault, match="yuv420p10le; expected 8 bits"):
        read_frames(tmp_path, media="video", frames=[0], paths=["a.mkv#0"])


def test_a_video_filmed_upright_is_upright(tmp_path):
    write_video(tmp_path / "a.mp4", FRAMES)
    content = bytearray((tmp_path / "a.mp4").read_bytes())
    # The matrix in the track header: the picture is shown after a quarter turn clockwise.
    matrix = content.index(b"tkhd") + 4 + 40
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    (tmp_path / "a.mp4").write_bytes(content)
    clip = read_frames(tmp_path, media="video", frames=[3], paths=["a.mp4#0"])
    assert np.array_equal(clip[0], np.rot90(FRAMES[3], k=-1))
