"""Subject pages: what they show, that only what changed is made anew, and that a person can be forgotten."""

import hashlib
import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
import yaml
from PIL import Image

from mestore.build.pages import USED, shown_clips
from mestore.build.pruning import SUBJECT, describe, prune, removable, survey
from mestore.errors import BuildError
from mestore.forget.forget import find, forget
from mestore.params import dump
from mestore.report.names import clip_anchor, subject_file, subject_page
from mestore.report.subject.pages import write_subjects
from mestore.store.tables import write_tables
from reported import HOSTILE, made, named_table

SUBJECTS = ["s1", "s2", "s3"]

FIGURES = ["onset", "apex", "offset", "landmarks", "difference", "flow", "strain", "player", "curve", "mdmo"]


def write(lab, folder, *, faces=True, jobs=1):
    return write_subjects(
        lab.workspace, lab.params, "toy", folder, faces=faces, jobs=jobs, progress=lambda done, total: None
    )


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def cached(lab) -> set[str]:
    return {path.name for path in lab.workspace.cache.glob("subjects/*/*")}


class Links(HTMLParser):
    """All that a page leads to or loads, its ids, and its pictures without a text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses, self.ids, self.mute = [], set(), []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        its = dict(attrs)
        self.addresses += [its[name] for name in ("href", "src", "data-src") if its.get(name)]
        self.ids |= {its["id"]} if "id" in its else set()
        if (tag == "img" and not its.get("alt")) or (
            tag == "svg" and "role" in its and not its["aria-label"]
        ):
            self.mute.append(tag)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    failures = pd.DataFrame(
        [
            {
                "clip_id": "toy/s2/c1@11", "dataset": "toy", "subject": "s2", "store": "crops",
                "found": "no <face>", "expected": "one face", "remedy": "look at the onset's frame",
            }
        ]
    )  # fmt: skip
    return made(tmp_path_factory.mktemp("subjects"), named_table(SUBJECTS), failures=failures)


@pytest.fixture(scope="module")
def report(lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write(lab, folder)
    return folder


def test_each_clip_shows_all_figures_in_their_order(report):
    page = (report / "subjects/s1.html").read_text()
    sections = page.split('<section class="clip')[1:]
    assert len(sections) == 2
    for section in sections:
        assert re.findall(r'<figure class="(\w+)"', section) == FIGURES


def test_all_links_and_pictures_lead_to_something_and_have_a_text(report):
    (report / "index.html").write_text("")
    for page in (report / "subjects").iterdir():
        links = Links(page)
        assert links.mute == []
        for address in links.addresses:
            path, _, anchor = address.partition("#")
            if path.startswith("data:"):
                continue
            assert (page.parent / unquote(path)).exists(), address
            if anchor and not path:
                assert anchor in links.ids


def test_neighbours_are_linked_both_ways(lab, tmp_path):
    pages = write(lab, tmp_path)
    assert [page.page for page in pages] == [subject_page(name) for name in SUBJECTS]
    middle = (tmp_path / "subjects/s2.html").read_text()
    assert 'rel="prev" href="s1.html"' in middle and 'rel="next" href="s3.html"' in middle
    assert 'href="../index.html"' in middle
    assert 'rel="prev"' not in (tmp_path / "subjects/s1.html").read_text()


def test_a_failed_clip_is_listed_with_what_to_do_and_not_counted(lab, report, tmp_path):
    pages = write(lab, tmp_path)
    assert [page.clips for page in pages] == [2, 1, 2]
    page = (report / "subjects/s2.html").read_text()
    for said in ("toy/s2/c1@11", "no &lt;face&gt;", "one face", "look at the onset&#39;s frame"):
        assert said in page
    assert "Failures" not in (report / "subjects/s1.html").read_text()


def test_numbers_beyond_a_threshold_are_marked(lab, tmp_path):
    quality = lab.params.quality.model_copy(update={"max_clipped": 0.001, "max_flicker": 9.0})
    strict = replace(lab, params=lab.params.model_copy(update={"quality": quality}))
    write(strict, tmp_path)
    flags = re.findall(r'class="flag"><dt>([^<]*)<', (tmp_path / "subjects/s1.html").read_text())
    assert any("black or white" in it for it in flags) and not any("flicker" in it for it in flags)


def test_images_are_small_and_thumbnails_too(lab, report, tmp_path):
    (first, *_) = write(lab, tmp_path)
    with Image.open(tmp_path / first.thumbnail) as thumbnail:
        assert max(thumbnail.size) <= 96
    anchor = clip_anchor("toy/s1/c0@10")
    with Image.open(report / "img/s1" / f"{anchor}.webp") as sheet:
        assert sheet.size == (7 * 64, 64)
    with Image.open(report / "img/s1" / f"{anchor}-play.webp") as frames:
        assert frames.size == (5 * 64, 64)


def test_without_faces_there_is_nothing_to_recognise_one_in(lab, tmp_path):
    pages = write(lab, tmp_path, faces=False)
    assert {page.thumbnail for page in pages} == {""}
    page = (tmp_path / "subjects/s1.html").read_text()
    assert re.findall(r'<figure class="(\w+)"', page) == ["flow", "strain", "curve", "mdmo"] * 2
    assert "<script>" not in page and 'class="points"' not in page
    for image in tmp_path.glob("img/s*/*"):
        with Image.open(image) as sheet:
            assert sheet.size == (2 * 64, 64), image.name


def test_the_same_again_makes_nothing_and_gives_equal_bytes(lab, report, tmp_path):
    before = cached(lab)
    made_at = {path: path.stat().st_mtime_ns for path in lab.workspace.cache.glob("subjects/*/*/body.html")}
    write(lab, tmp_path)
    assert cached(lab) == before
    assert made_at == {path: path.stat().st_mtime_ns for path in made_at}
    (report / "index.html").unlink(missing_ok=True)
    assert files(tmp_path) == files(report)


def test_only_the_subject_that_changed_is_made_anew(tmp_path):
    lab = made(tmp_path / "lab", named_table(SUBJECTS))
    write(lab, tmp_path / "first")
    before = cached(lab)
    crops = lab.workspace.stores / "crops"
    table = named_table(SUBJECTS)
    table.loc[table["clip_id"] == "toy/s2/c0@10", "emotion"] = "contempt"
    table["edition"] = "of all rows, which no subject's page shows"
    write_tables(crops, table, pd.DataFrame(columns=list(_failures())))
    write(lab, tmp_path / "second")
    (new,) = cached(lab) - before
    assert "contempt" in (lab.workspace.cache / "subjects" / new[:2] / new / "body.html").read_text()
    keys = [json.loads((tmp_path / it / USED).read_text()) for it in ("first", "second")]
    assert {name for name in SUBJECTS if keys[0][name] != keys[1][name]} == {"s2"}


def test_another_subject_adds_a_page_and_changes_no_other(tmp_path):
    few = made(tmp_path / "few", named_table(SUBJECTS))
    write(few, tmp_path / "first")
    before = cached(few)
    more = made(tmp_path / "more", named_table([*SUBJECTS, "s9"]))
    more = replace(more, workspace=replace(more.workspace, cache=few.workspace.cache))
    write(more, tmp_path / "second")
    assert len(cached(few) - before) == 1
    assert 'rel="next" href="s9.html"' in (tmp_path / "second/subjects/s3.html").read_text()


def test_workers_make_the_same_pages(lab, report, tmp_path):
    elsewhere = replace(lab, workspace=replace(lab.workspace, cache=tmp_path / "cache"))
    write(elsewhere, tmp_path / "out", jobs=2)
    (report / "index.html").unlink(missing_ok=True)
    assert files(tmp_path / "out") == files(report)


def test_a_damaged_page_of_the_cache_is_made_again(tmp_path):
    lab = made(tmp_path / "lab", named_table(["s1", "s2"]))
    write(lab, tmp_path / "first")
    body, _ = lab.workspace.cache.glob("subjects/*/*/body.html")
    body.write_text("half of it")
    write(lab, tmp_path / "second")
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_a_page_that_cannot_be_made_is_named_and_the_others_are_kept(tmp_path):
    lab = made(tmp_path / "lab", named_table(SUBJECTS))
    damaged = lab.workspace.stores / "clips/toy.zarr/s2/data/zarr.json"
    content = damaged.read_bytes()
    damaged.write_bytes(b" " * len(content))
    with pytest.raises(BuildError, match=r"1 of 3 subject pages.*toy/s2"):
        write(lab, tmp_path / "first")
    assert len(cached(lab)) == 2
    damaged.write_bytes(content)
    write(lab, tmp_path / "second")
    assert len(cached(lab)) == 3


def test_hostile_names_become_safe_names_of_their_own_and_text(tmp_path):
    names = [
        HOSTILE,
        "../x",
        "x",
        "sub 1.",
        "sub 1",
        "日本語",
        "con",
        "%2E",
        "~wheel.png",
        "wheel.png",
        "a" * 200,
    ]
    lab = made(tmp_path / "lab", named_table(names, clips_each=1))
    pages = write(lab, tmp_path / "out")
    assert sorted(page.subject for page in pages) == sorted(names)
    assert len({page.page.lower() for page in pages}) == len(names)
    for page in pages:
        assert re.fullmatch(r"subjects/[A-Za-z0-9_-][A-Za-z0-9._~-]{0,64}\.html", page.page)
        assert (tmp_path / "out" / page.page).is_file() and (tmp_path / "out" / page.thumbnail).is_file()
    text = (tmp_path / "out" / subject_page(HOSTILE)).read_text()
    assert HOSTILE not in text and "&lt;script&gt;alert(1)" in text
    assert {it.name for it in (tmp_path / "out").iterdir()} == {"img", "subjects", USED}


def test_names_do_not_depend_on_each_other():
    names = ["a", "a.", ".a", "a ", "a/b", "a\\b", "A" * 80, "A" * 81, "nul", "nul.txt", "", "\udcff"]
    assert len({subject_file(name) for name in names}) == len(names)
    assert clip_anchor("d/s/a b@1") != clip_anchor("d/s/a-b@1")


def test_prune_keeps_the_pages_of_the_last_report_and_takes_older_ones(tmp_path):
    lab = made(tmp_path / "lab", named_table(SUBJECTS))
    lab.workspace.params.write_text("# only its place counts here\n")
    write(lab, tmp_path / "old", faces=False)
    write(lab, lab.workspace.reports / "toy")
    entries = [it for it in survey(lab.workspace) if it.what == SUBJECT]
    assert {(it.group, it.used) for it in entries} == {("report toy", True), ("page of a report", False)}
    assert "report toy" in describe(lab.workspace, entries)
    gone = removable(entries, older_than=0, now=time.time() + 10)
    assert len(gone) == 3
    prune(gone)
    assert {shown_clips(it)[0].split("/")[1] for it in lab.workspace.cache.glob("subjects/*/*")} == set(
        SUBJECTS
    )
    assert len(cached(lab)) == 3


def test_forgetting_a_person_takes_their_pages_and_pictures_everywhere(tmp_path):
    lab = made(tmp_path / "lab", named_table(SUBJECTS))
    lab.workspace.params.write_text(yaml.safe_dump(dump(lab.params)))
    write(lab, lab.workspace.reports / "toy")
    write(lab, tmp_path / "sent", faces=False)  # its pages in the cache name them too
    theirs = {it: digest for it, digest in files(lab.workspace.reports / "toy").items() if "/s2" in it}
    assert len(theirs) == 1 + 1 + 2 * 3
    plan = find(lab.workspace, "toy/s2")
    places = [trace.place for trace in plan.traces]
    assert places.count("build cache") == 2 and "reports" in places
    forget(lab.workspace, plan)
    left = files(lab.workspace.root)
    assert not set(theirs.values()) & set(left.values())
    assert not any(b"toy/s2/" in (lab.workspace.root / it).read_bytes() for it in left)
    assert len(cached(lab)) == 4


def _failures():
    return ("clip_id", "dataset", "subject", "store", "found", "expected", "remedy")


def until(page, script: str) -> None:
    """Wait until a script gives true; playwright's own way needs eval, which the pages forbid."""
    for _ in range(1200):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(script)


def test_a_browser_plays_scrubs_and_amplifies(browser, report):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((report / "subjects/s1.html").as_uri())
    player = page.locator(".player").first
    player.scroll_into_view_if_needed()
    spoken, slider = player.locator("output"), player.locator("input")
    assert spoken.inner_text() == "frame 10.0 (1 of 5)"
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "(3 of 5)" in spoken.inner_text() and "(3 of 5)" in slider.get_attribute("aria-valuetext")
    shown = player.locator("img").first
    assert shown.evaluate(
        "it => new DOMMatrix(getComputedStyle(it).transform).e / it.width"
    ) == pytest.approx(-0.4, abs=1e-3)
    player.get_by_role("button", name="Amplify").press("Enter")
    assert player.locator("img.more").is_visible() and not shown.is_visible()
    until(page, "document.querySelector('.player img.more').naturalWidth == 320")
    player.get_by_role("button", name="Play").press("Enter")
    until(page, "!document.querySelector('.player output').textContent.includes('(3 of 5)')")
    player.get_by_role("button", name="Stop").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate("for (const it of document.images) it.loading = 'eager'")
    until(page, "[...document.images].every(it => it.hidden || it.naturalWidth > 0)")
    assert said == []
    page.get_by_role("link", name="s2 →").first.click()
    assert page.url.endswith("subjects/s2.html")
    context.close()
