"""The benchmarks run; how fast is for `make bench` to say."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import flow
from benchmarks.__main__ import END, FOLDER, START, TEXTS, measure, page, pages, tell
from benchmarks.scenes import PICTURES, end_point_error, inside, scene
from benchmarks.table import SHORT, Row, at_least, at_most, table
from mestore.bench.timing import TOY, Effort, interleave
from mestore.synthetic.stills import STILLS
from mestore.synthetic.warps import pixel_grid, sample

REAL = st.floats(0.01, 1e4)


@pytest.fixture(scope="module")
def rows():
    return measure(TOY)


def test_every_row_comes_out_in_one_table(rows):
    lines = table(rows).splitlines()
    assert len(lines) == 2 + len(rows) and len({line.count("|") for line in lines}) == 1
    cases = {row.case.split(",")[0] for row in rows}
    assert {"flow", "LBP-TOP", "TIM", "MDMO", "strain"} <= cases
    assert {row.method for row in rows if row.case.startswith("flow")} == set(flow.methods())


def test_every_flow_has_errors_on_every_picture_of_its_case(rows):
    found = [set(row.errors) for row in rows if row.case.startswith("flow")]
    assert {*STILLS, *PICTURES} in found and all(names >= set(PICTURES) for names in found)
    assert all(np.isfinite(errors).all() for row in rows for errors in row.errors.values())


def test_every_peer_that_a_row_names_is_a_row_of_its_case(rows):
    there = {(row.case, row.method) for row in rows}
    assert len(there) == len(rows)
    assert all((row.case, row.beside) in there for row in rows if row.beside)


def test_every_goal_names_a_method_that_runs():
    assert set(flow.GOALS) <= set(flow.methods())


def row(method, seconds, **options):
    return Row(case="sum", method=method, minimum=seconds, median=seconds, **options)


@given(found=REAL, goal=REAL)
def test_short_is_said_exactly_where_a_goal_is_missed_by_what_three_digits_show(found, goal):
    printed = float(f"{found:.0f}" if found >= 100 else f"{found:.3g}")
    assert (SHORT in at_least(found, goal)) == (printed < goal)
    assert (SHORT in at_most(found, goal)) == (printed > goal)


@pytest.mark.parametrize(("seconds", "short"), [(0.1, False), (0.101, True)])
def test_a_ratio_under_its_goal_is_short(seconds, short):
    rows = [row("theirs", 1.0), row("ours", seconds, beside="theirs", at_least=10)]
    assert (SHORT in table(rows)) == short


@pytest.mark.parametrize(("seconds", "short"), [(0.01, False), (0.0102, True)])
def test_a_time_over_its_goal_is_short(seconds, short):
    assert (SHORT in table([row("ours", seconds, at_most_ms=10)])) == short


@pytest.mark.parametrize(("error", "short"), [(0.12, False), (0.122, True)])
def test_an_error_over_its_goal_on_one_region_of_one_picture_is_short(error, short):
    theirs = row("theirs", 1.0, errors={"a": [0.1, 0.1], "b": [0.1]})
    ours = row("ours", 1.0, beside="theirs", errors={"a": [0.05, error], "b": [0.1]}, errors_at_most=1.2)
    last = table([theirs, ours]).splitlines()[-1]
    assert (SHORT in last) == short and "(a)" in last


def test_methods_take_turns():
    order = []
    methods = {name: lambda name=name: order.append(name) for name in "ab"}
    found = interleave(methods, Effort(least=3, most=3, slice_s=0))
    assert "".join(order) == "ab" * 4  # once before the clock
    assert all(len(measured.seconds) == 3 for measured in found.values())


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_its_true_motion(name):
    """Following the truth leaves the noise, sqrt(2) grey levels, and what bilinear sampling blurs."""
    one = scene(name, (120, 160))
    moved = pixel_grid(120, 160).reshape(120, 160, 2) + one.truth
    followed = sample(one.next.astype(np.float32), moved.astype(np.float32))
    left = np.abs(followed - one.prev)[one.region].mean()
    still = np.abs(one.next.astype(float) - one.prev)[one.region].mean()
    assert left < 0.5 * still


def test_the_error_of_the_truth_is_zero():
    one = scene("cat", (64, 64))
    assert end_point_error(one.truth, one.truth, inside((64, 64))) == 0


def test_every_table_of_its_own_comes_out_and_stands_on_the_page():
    texts = tell(TOY)
    assert len(texts) == len(TEXTS)
    for text in texts:
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert len(lines) > 2 and len({line.count("|") for line in lines}) == 1
        assert text in page([], day=date(2026, 11, 21), where="a machine", texts=texts)


def test_the_page_names_day_and_machine():
    text = page([row("ours", 1.0)], day=date(2026, 11, 21), where="a machine")
    assert "2026-11-21" in text and "a machine" in text


def test_readme_and_docs_show_the_last_results():
    results = (FOLDER / "results.md").read_text().partition("\n\n")[2]
    for path, text in pages(results).items():
        assert f"{START}{text}{END}" in path.read_text()
