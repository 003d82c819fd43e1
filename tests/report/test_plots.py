"""Plots and tables of the dataset's page: geometry, counts, matrices and rows with known answers."""

import numpy as np
import pytest

from conftest import clip_table
from mestore.clips import FPS_UNREAD
from mestore.params import QualityParams
from mestore.qc import REMEDIES, looks
from mestore.report.dataset.counts import counted
from mestore.report.dataset.matrices import matrix
from mestore.report.dataset.rows import Told, addresses, clip_rows, remarks
from mestore.report.numbers import TITLES, durations, quality
from mestore.report.plots import BOTTOM, LEFT, RIGHT, TOP, Mark, histogram
from mestore.report.template import environment


def test_bars_hold_every_value_and_stay_inside_the_field():
    rng = np.random.default_rng(0)
    values = rng.gamma(2, 1, 999)
    its = histogram(values, title="t", unit="px", limits=[("at most", 3.0)])
    assert sum(bar.clips for bar in its.bars) == its.clips == 999
    assert all(bar.x >= LEFT and bar.x + bar.width <= RIGHT + 0.1 for bar in its.bars)
    assert all(bar.y >= TOP - 0.1 and bar.y + bar.height == pytest.approx(BOTTOM) for bar in its.bars)
    assert [tick.text for tick in its.limits] == ["3"] and its.thresholds == ["at most 3"]


def test_a_far_outlier_leaves_room_for_the_rest_and_is_marked_at_the_end():
    values = np.concatenate([np.linspace(0, 1, 200), [500.0]])
    its = histogram(values, title="t", unit="", marks=[Mark(value=500.0, name="far")])
    assert its.beyond == 1 and its.high == 500 and len(its.bars) > 5
    assert its.dots[0].x == RIGHT


def test_a_far_threshold_is_named_and_not_drawn():
    its = histogram(np.array([1.0, 2.0]), title="t", unit="", limits=[("at most", 50.0)])
    assert its.limits == [] and its.thresholds == ["at most 50"]


def test_whole_numbers_have_a_bar_each_and_many_of_them_share():
    its = histogram(np.array([3.0, 3.0, 5.0]), title="t", unit="", whole=True)
    assert [(bar.low, bar.high, bar.clips) for bar in its.bars] == [(3, 3, 2), (5, 5, 1)]
    many = histogram(np.arange(1.0, 301.0), title="t", unit="", whole=True)
    assert sum(bar.clips for bar in many.bars) == 300 and len(many.bars) <= 28
    assert many.bars[0].high - many.bars[0].low == 10


def test_one_value_is_drawn_too():
    its = histogram(np.zeros(3), title="t", unit="")
    assert [bar.clips for bar in its.bars] == [3]


def test_every_quality_number_has_a_title():
    assert TITLES.keys() == REMEDIES.keys()


def test_thresholds_go_with_the_side_of_the_crop():
    import pandas as pd

    columns = {"clip_id": ["a", "b"], "dataset": ["toy"] * 2, "store": ["crops"] * 2, "side": [112.0] * 2}
    table = pd.DataFrame(columns | dict.fromkeys(REMEDIES, np.nan) | {"residual": [1.0, 4.0]})
    params = QualityParams()
    [its] = quality(table, looks(table, params), params, {"b": "subjects/s.html#b"})
    assert its.thresholds == ["at most 3"] and its.title == "alignment residual" and its.store == "crops"
    assert [(mark.name, mark.address) for mark in its.marks] == [("b", "subjects/s.html#b")]


def test_clips_that_are_too_long_stand_out():
    table = clip_table(persons=2, clips_each=1)
    table.loc[0, ["apex", "offset"]] = [table.loc[0, "onset"] + 90, table.loc[0, "onset"] + 150]
    ms, frames = durations(table, {})
    assert (ms.unit, frames.unit) == ("ms", "frames") and frames.high == 151
    assert [mark.name for mark in ms.marks] == [table.loc[0, "clip_id"]]
    assert ms.marks[0].value == pytest.approx(151 / 200 * 1000)


def test_durations_that_cannot_be_read_are_left_out():
    table = clip_table(persons=1, clips_each=2)
    table.loc[0, "onset"] = -1
    assert [its.clips for its in durations(table, {})] == [1, 1]


def test_counts_are_those_of_check():
    table = clip_table()
    its = counted(table, "table")
    assert its.compared == 0 and its.sources == {}
    [block] = its.blocks
    charts = {chart.title: {bar.value: bar.found for bar in chart.bars} for chart in block.charts}
    assert charts["emotion"] == {"disgust": 12, "happiness": 12, "surprise": 12}
    assert charts["action unit"] == {"12": 36}
    assert {name: it.found for name, it in block.totals}["subjects"] == 12


def test_counts_are_compared_with_what_is_stated():
    table = clip_table().assign(reader="casme2", edition="sheet.xlsx 255-0123abcd")
    its = counted(table, "casme2")
    assert its.differ and its.differ <= its.compared
    clips = dict(its.blocks[0].totals)["clips"]
    assert clips.found == 36 and 255 in clips.expected and its.sources[clips.source] >= 1


def test_action_units_that_nobody_states_are_counted_too():
    table = clip_table().assign(aus="12+39")
    [chart] = [it for it in counted(table, "table").blocks[0].charts if it.title == "action unit"]
    assert {bar.value: bar.found for bar in chart.bars} == {"12": 36, "39": 36}


def test_of_several_labels_each_row_is_about_one():
    scores = {"several": True, "f1": {"AU1": 0.5}, "confusion": [[1, 3, 0, 6]]}
    its = matrix("svm", scores)
    assert [(cell.share, cell.right) for cell in its.rows[0].cells] == [
        (0.25, True), (0.75, False), (0.0, False), (1.0, True),
    ]  # fmt: skip
    assert its.rows[0].clips == 4


def test_clips_without_a_prediction_have_a_column_where_there_are_any():
    scores = {"several": False, "f1": {"a": 1.0, "b": 0.0}, "confusion": [[2, 0, 0], [0, 0, 2]]}
    assert matrix("svm", scores).columns == ["a", "b", "none"]


def test_rows_say_each_text_once_and_lead_to_their_clips():
    table = clip_table(persons=2, clips_each=3)
    pages = {"s00": "subjects/s00.html"}
    first, second = table["clip_id"][:2]
    told = Told(failed={first}, unread=set(), unseen={first}, looks={second: ["residual"]})
    its = clip_rows(table, told, pages)
    assert its["subjects"] == [["s00", "subjects/s00.html"], ["s01", ""]]
    words = its["words"]
    assert len(words) == len(set(words))
    rows = [[*row[:4], *(words[place] for place in row[4:8])] for row in its["rows"][:2]]
    assert rows == [
        [0, "c0@10", 12, 60, "micro", "disgust", "12", "failed"],
        [0, "c1@11", 12, 60, "micro", "happiness", "12", "residual"],
    ]
    assert its["rows"][0][8] == "" and its["rows"][1][8]
    found = addresses(zip(table["clip_id"], table["subject"], strict=True), pages, unseen={first})
    assert found[first] == "subjects/s00.html" and found[second] == f"subjects/s00.html#{its['rows'][1][8]}"
    assert len(found) == 3


def test_of_a_row_whose_times_could_not_be_read_nothing_is_said_of_them():
    table = clip_table(persons=1, clips_each=2).assign(fps=FPS_UNREAD, gaps=True)
    first = table["clip_id"][0]
    told = Told(failed={first}, unread={first}, unseen={first}, looks={})
    assert [remarks(row, told) for row in table.to_dict("records")] == [["failed"], ["frames missing"]]
    assert [row[3] for row in clip_rows(table, told, {})["rows"]] == [None, None]
    assert durations(table, {}) == []


def test_a_plot_has_a_title_and_a_text_in_place_of_it():
    its = histogram(np.array([1.0, 2.0, 9.0]), title="<x>", unit="px", marks=[Mark(value=9.0, name="<clip>")])
    text = str(environment().get_template("plots.j2").module.plot(its, (320, 132), "p"))
    assert 'role="img"' in text and "Histogram: &lt;x&gt; in px" in text and "1 stand out" in text
    assert "<x>" not in text and "<clip>" not in text


def test_a_page_lets_no_script_run_but_its_own():
    page = environment().from_string(
        '{% extends "base.html.j2" %}{% block scripts %}<script>1</script>{% endblock %}'
    )
    text = page.render(dataset="toy", faces=True, home="index.html")
    assert "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=';" in text
    none = environment().from_string('{% extends "base.html.j2" %}')
    assert "script-src 'none';" in none.render(dataset="toy", faces=True, home="index.html")
