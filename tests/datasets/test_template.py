import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.datasets.folder import inside
from mestore.datasets.template import check_template, clip_folders, fill
from mestore.errors import AnnotationError, UnsafePathError

FIELDS = ("part", "subject", "clip")


@pytest.mark.parametrize(
    "template",
    ["{clip}", "{part}/{subject}/{clip}", "a b/{subject}_{clip}/RGB", "gray_micro/s{subject}/{clip}"],
)
def test_named_fields_are_a_template(template):
    assert check_template(template, fields=FIELDS) == template


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("{clip.__class__}", "other braces"),
        ("{clip[0]}", "other braces"),
        ("{clip!r}", "other braces"),
        ("{clip:>9}", "other braces"),
        ("{}/{clip}", "other braces"),
        ("{0}/{clip}", "other braces"),
        ("{{clip}}", "other braces"),
        ("{clip}/{", "other braces"),
        ("{video}/{clip}", "other braces"),
        ("{subject}", r"lacks \['{clip}'\]"),
        ("", r"lacks \['{clip}'\]"),
        ("/{clip}", "no plain path"),
        ("a//{clip}", "no plain path"),
        ("{clip}/", "no plain path"),
        ("./{clip}", "no plain path"),
        ("../{clip}", "no plain path"),
        ("a/../{clip}", "no plain path"),
        ("a\\{clip}", "no plain path"),
    ],
)
def test_everything_else_is_refused(template, word):
    with pytest.raises(ValueError, match=word):
        check_template(template, fields=FIELDS)


@given(st.text("{}ab.[]!:/clip", max_size=20))
def test_what_is_accepted_can_be_filled(template):
    try:
        check_template(template, fields=FIELDS)
    except ValueError as error:
        assert repr(template) in str(error)
    else:
        filled = fill(template, {"part": "p", "subject": "s", "clip": "c"})
        assert not set(filled) & {"{", "}"}


def test_values_are_text_and_never_templates():
    assert fill("{subject}/{clip}", {"subject": "{clip}", "clip": "x{0.y}"}) == "{clip}/x{0.y}"


def test_a_filled_path_is_still_not_trusted(tmp_path):
    with pytest.raises(UnsafePathError):
        inside(tmp_path, fill("RGB/{clip}", {"clip": "../../x"}))


def test_folders_are_those_that_fit(tmp_path):
    for path in ("s1/c1/rgb", "s1/c1/depth", "s1/c2/rgb", "s2/c1/depth", "s2/.hidden/rgb", "x"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "s1/file").touch()
    (tmp_path / "s3").symlink_to(tmp_path / "s1")
    assert clip_folders(tmp_path, "{subject}/{clip}/rgb") == ["s1/c1/rgb", "s1/c2/rgb"]
    assert clip_folders(tmp_path, "s{subject}/c{clip}") == ["s1/c1", "s1/c2", "s2/c1"]
    assert clip_folders(tmp_path, "s1/{clip}") == ["s1/c1", "s1/c2"]


def test_no_folder_says_what_was_looked_for_and_seen(tmp_path):
    (tmp_path / "frames").mkdir()
    with pytest.raises(AnnotationError, match=r"folders like RGB/{clip}, found none in 'frames'; .*'layout'"):
        clip_folders(tmp_path, "RGB/{clip}")


def test_a_fixed_step_that_is_a_link_out_is_refused(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "out/c1").mkdir(parents=True)
    (root / "RGB").symlink_to(tmp_path / "out")
    with pytest.raises(UnsafePathError, match="leaves"):
        clip_folders(root, "RGB/{clip}")
