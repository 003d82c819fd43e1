"""README and docs hang together: links on a code host, numbers of equations, the stages, the length."""

import re
from itertools import pairwise
from pathlib import Path

import networkx
import pytest

from checkout import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FORMULAS = (ROOT / "docs/formulas.md").read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """Return a page's text without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    heads = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere_on_a_code_host(page):
    text = re.sub(r"`[^`\n]+`", "", prose(page))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(there), f"{page.name}: {target}"


def test_equations_are_numbered_one_by_one():
    numbers = [int(number) for number in re.findall(r"^ {4,}\S.* {2,}\((\d+)\)$", FORMULAS, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 20


def test_equations_that_are_named_exist():
    """In docs/formulas.md, in other pages, and in docstrings."""
    count = len(re.findall(r"^ {4,}\S.* {2,}\((\d+)\)$", FORMULAS, re.MULTILINE))
    named = []
    for path in [*(ROOT / "docs").glob("*.md"), *(ROOT / "pipeline").rglob("*.py")]:
        text = " ".join(path.read_text(encoding="utf-8").split())
        for first, last in re.findall(
            r"equations? \(?(\d+)\)?(?:[- ,to]+\(?(\d+)\)?)? of docs/formulas", text
        ):
            named += [int(first), int(last or first)]
    assert named and all(1 <= number <= count for number in named)


def test_a_newcomer_reads_the_whole_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    speed = text[text.index("<!-- make bench") : text.index("<!-- to here")]
    assert text.count("\n") - speed.count("\n") < 150


def test_the_architecture_names_every_module_of_a_package_and_no_other():
    """Files of a registry (one per dataset, kind, method or format) need not be named."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    parts = re.findall(r"^Inside `(\w+)/`:(.*?)(?=^Inside|^## )", text, re.MULTILINE | re.DOTALL)
    assert len(parts) > 10
    for package, said in parts:
        files = sorted((ROOT / "pipeline/mestore" / package).rglob("*.py"))
        registries = "".join(path.read_text() for path in files if path.name == "__init__.py")
        there = {path.stem for path in files} - {"__init__", "__main__"}
        named = set(re.findall(r"`(\w+)`", said))
        assert there - named <= set(re.findall(r"\.(\w+):\w+\"", registries)), package
        assert named <= there, package


def test_the_readme_shows_the_stages_as_dvc_dag_does(small):
    """All but `code`, which comes before each, and arrows that follow from others."""
    dag = networkx.DiGraph(re.findall(r'"([^"]+)" -> "([^"]+)"', small.dvc("dag", "--dot")))
    dag.remove_node("code")
    blocks = re.findall(r"^```text\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (text,) = (block for block in blocks if "store@" in block)
    shown = set()
    for line in text.splitlines():
        groups = [[name.strip() for name in part.split(",")] for part in line.split(">")]
        shown |= {(one, other) for left, right in pairwise(groups) for one in left for other in right}
    assert shown == set(networkx.transitive_reduction(dag).edges)


def test_the_docs_show_the_kinds_of_stage_as_dvc_dag_does(small):
    assert small.dvc("dag", "--collapse-foreach-matrix", "--md").strip() in (ROOT / "docs/dvc.md").read_text()
