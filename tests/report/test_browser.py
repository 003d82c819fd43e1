"""The report in a real browser: from a folder with blanks and umlauts, light and dark, laptop and phone."""

from pathlib import Path

import pandas as pd
import pytest

from mestore.clips import FAILURES
from mestore.report.dataset.page import write_report
from reported import HOSTILE, made, named_table

SUBJECTS = ("s1", "s2", "s10", HOSTILE, "Ähre 1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A report of five subjects, 105 clips and two failures."""
    root = tmp_path_factory.mktemp("lab") / "Größe und Maß"
    table = named_table(SUBJECTS, clips_each=21)
    failed = [
        {name: row[name] for name in ("clip_id", "dataset", "subject")}
        | {"store": "index", "found": found, "expected": "frames", "remedy": "look"}
        for (_, row), found in zip(table.iloc[[3, 30]].iterrows(), ("b", "a"), strict=True)
    ]
    its = made(root, table, side=32, failures=pd.DataFrame(failed, columns=list(FAILURES)))
    write_report(its.workspace, its.params, "toy")
    return its.workspace.reports / "toy"


class Page:
    """A page that is open, and all that its console and the network said."""

    def __init__(self, browser, address: Path, **options) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.tab = browser.new_page(**options)
        self.tab.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("dialog", lambda dialog: (self.said.append("dialog"), dialog.dismiss()))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(address.as_uri())

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_) -> None:
        self.tab.close()

    def texts(self, selector: str) -> list[str]:
        """Return the text of all elements."""
        return self.tab.eval_on_selector_all(selector, "all => all.map(it => it.textContent.trim())")


def test_it_opens_without_a_word_and_asks_nobody(browser, folder):
    for path in (folder / "index.html", *sorted((folder / "subjects").iterdir())):
        with Page(browser, path) as page:
            page.tab.wait_for_load_state("load")
            assert page.said == []
            assert all(url.startswith(("file:", "data:")) for url in page.asked)


def test_every_image_is_there_once_it_is_scrolled_to(browser, folder):
    with Page(browser, folder / "index.html") as page:
        images = page.tab.locator("img")
        assert images.count() == len(SUBJECTS)
        for place in range(images.count()):
            images.nth(place).scroll_into_view_if_needed()
        page.tab.wait_for_function("[...document.images].every(it => it.complete && it.naturalWidth > 0)")


def test_a_hostile_subject_is_a_text_and_its_page_opens(browser, folder):
    with Page(browser, folder / "index.html") as page:
        page.tab.get_by_role("link", name=HOSTILE, exact=True).first.click()
        assert page.tab.locator("h1").text_content() == HOSTILE
        assert page.said == []


def test_the_table_sorts_by_click_and_by_keyboard(browser, folder):
    with Page(browser, folder / "index.html") as page:
        assert len(page.texts("#clips-table tbody tr")) == 100
        page.tab.locator("#clips-all").click()
        assert len(page.texts("#clips-table tbody tr")) == 105
        heading = page.tab.locator("#clips-table th", has_text="clip@onset")
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == "ascending"
        names = page.texts("#clips-table tbody td:nth-child(2)")
        assert names[:6] == ["c0@10"] * 5 + ["c1@11"]  # numbers by value: c2 comes before c10
        assert names.index("c2@12") < names.index("c10@20")
        heading.get_by_role("button").focus()
        page.tab.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == "descending"
        assert page.texts("#clips-table tbody td:nth-child(2)")[0] == "c20@30"
        first = page.tab.locator("#clips-table th", has_text="subject")
        first.get_by_role("button").focus()
        page.tab.keyboard.press("Space")
        assert first.get_attribute("aria-sort") == "ascending"
        assert heading.get_attribute("aria-sort") is None


def test_tables_of_the_page_itself_sort_too(browser, folder):
    with Page(browser, folder / "index.html") as page:
        table = "section[aria-labelledby=failures] table"
        assert page.texts(f"{table} td:nth-child(3)") in (["a", "b"], ["b", "a"])
        page.tab.locator(f"{table} th", has_text="found").get_by_role("button").click()
        assert page.texts(f"{table} td:nth-child(3)") == ["a", "b"]


def test_the_table_filters_and_leads_to_the_clip(browser, folder):
    with Page(browser, folder / "index.html") as page:
        page.tab.locator("#clips-filter").fill("s10 c7@")
        assert page.texts("#clips-table tbody td:nth-child(2)") == ["c7@17"]
        assert "1 of 105" in page.tab.locator("#clips-shown").text_content()
        page.tab.locator("#clips-table tbody td:nth-child(2) a").click()
        page.tab.wait_for_load_state("load")
        anchor = page.tab.evaluate("decodeURIComponent(location.hash.slice(1))")
        assert page.tab.locator(f"[id='{anchor}']").count() == 1
        page.tab.go_back()
        page.tab.locator("#clips-filter").fill("")
        page.tab.locator("#clips-remark").select_option("failed")
        assert len(page.texts("#clips-table tbody tr")) == 2


def test_subjects_are_found_by_name(browser, folder):
    with Page(browser, folder / "index.html") as page:
        page.tab.locator("#subjects-filter").fill("ÄHRE")
        assert page.tab.locator(".subjects li:visible").count() == 1
        assert page.tab.locator("#subjects-shown").text_content() == f"1 of {len(SUBJECTS)}"


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(browser, folder, width):
    for path in (folder / "index.html", *sorted((folder / "subjects").iterdir())[:2]):
        with Page(browser, path, viewport={"width": width, "height": 844}) as page:
            assert page.tab.evaluate("document.documentElement.scrollWidth") <= width


CONTRAST = """selector => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(it => it / 255)
    .map(it => it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4)
    .reduce((sum, it, place) => sum + it * [0.2126, 0.7152, 0.0722][place], 0);
  return [...document.querySelectorAll(selector)].map(element => {
    let ground = element;
    while (ground && rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
    const style = getComputedStyle(element);
    const both = [style.fill !== "rgb(0, 0, 0)" && element.ownerSVGElement ? style.fill : style.color,
                  ground ? getComputedStyle(ground).backgroundColor : "white"].map(rgb).map(light);
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(browser, folder, scheme):
    with Page(browser, folder / "index.html", color_scheme=scheme) as page:
        for selector in ("p", "a", ".dim", "th", "td", ".matrix td", ".notice", "figcaption", ".bad"):
            found = page.tab.evaluate(CONTRAST, selector)
            assert not found or min(found) >= 4.5, f"{selector}: {min(found):.2f}"
        for selector in (".plot text",):
            assert min(page.tab.evaluate(CONTRAST, selector)) >= 4.5
        for selector in (".plot .bar", ".plot .dot"):  # graphics need less (WCAG 2.2, 1.4.11)
            assert min(page.tab.evaluate(CONTRAST, selector)) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_of_a_subject_stand_out_from_their_ground(browser, folder, scheme):
    with Page(browser, folder / "subjects/s1.html", color_scheme=scheme) as page:
        for selector in ("p", "a", "dt", "dd", "figcaption", ".tag", "button", "output", ".curve text"):
            found = page.tab.evaluate(CONTRAST, selector)
            assert found and min(found) >= 4.5, f"{selector}: {min(found, default=0):.2f}"


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(browser, folder):
    with Page(browser, folder / "index.html") as page:
        page.tab.keyboard.press("Tab")
        assert page.tab.evaluate("document.activeElement.className") == "skip"
        assert page.tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.tab.keyboard.press("Enter")
        assert page.tab.evaluate("document.activeElement.id") == "content"


def test_it_prints(browser, folder):
    with Page(browser, folder / "index.html") as page:
        page.tab.emulate_media(media="print")
        assert not page.tab.locator("nav.parts").is_visible()
        assert page.tab.locator(".notice.faces").is_visible()
        assert page.tab.pdf(format="A4").startswith(b"%PDF")
