"""Motion: curves of a known motion, and the table that DVC plots."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from conftest import EMOTIONS, clip_table, write_store
from mestore import open_store
from mestore.report.motion import COLUMNS, TIME, mean_motion, motion_curve
from mestore.sample import Sample

ROOT = Path(__file__).parents[2]
SPEED = dict(zip(EMOTIONS, (0.1, 0.2, 0.3), strict=True))  # px a frame


def moving(row: dict) -> Sample:
    """Flows from the onset to each other frame of a head that moves evenly."""
    frames = np.asarray(row["frames"], np.float64)
    data = np.zeros((len(frames) - 1, 8, 8, 3), np.float32)
    data[..., 1] = SPEED.get(row["emotion"], 1.0) * (frames[1:] - frames[0])[:, None, None]
    pairs = np.stack([np.full(len(data), frames[0]), frames[1:]], axis=1)
    return Sample(
        data=data, frames=pairs, onset=row["onset"], apex=row["apex"], offset=row["offset"],
        landmarks=np.full((68, 2), 4, np.float32),
    )  # fmt: skip


def found_in(folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    axes = ("time", "y", "x", "channel")
    write_store(folder / "flows", table, moving, kind="tvl1", axes=axes, dtype="float32", ragged=True)
    return mean_motion(open_store(folder).feature("flows"), "toy")


def test_a_steady_motion_is_a_straight_line_to_the_offset(tmp_path):
    found = found_in(tmp_path, clip_table())
    assert list(found.columns) == list(COLUMNS)
    assert found["emotion"].unique().tolist() == sorted(EMOTIONS) and set(found["clips"]) == {12}
    for emotion, rows in found.groupby("emotion"):
        np.testing.assert_allclose(rows["time"], TIME, atol=1e-9)
        np.testing.assert_allclose(rows["motion_px"], SPEED[emotion] * 11 * TIME, atol=6e-5)


def test_excluded_clips_macro_expressions_and_other_datasets_are_left_out(tmp_path):
    table = pd.concat([clip_table(persons=4), clip_table(dataset="other")], ignore_index=True)
    disgust, surprise = table["emotion"] == "disgust", table["emotion"] == "surprise"
    table.loc[disgust, "excluded"], table.loc[surprise, "kind"] = "blinks", "macro"
    found = found_in(tmp_path, table)
    assert found["emotion"].unique().tolist() == ["happiness"] and set(found["clips"]) == {4}


def test_clips_without_a_label_have_a_curve_too(tmp_path):
    table = clip_table(persons=3)
    table["emotion"] = table["emotion"].replace({"surprise": ""})
    assert found_in(tmp_path, table)["emotion"].unique().tolist() == ["(none)", "disgust", "happiness"]


def test_without_flows_to_each_frame_the_table_is_empty():
    found = mean_motion(None, "toy")
    assert list(found.columns) == list(COLUMNS) and found.empty


def test_there_is_no_motion_where_a_clip_has_no_frame():
    flows = np.ones((2, 4, 4, 3), np.float32)
    pairs = np.array([[10.0, 12.0], [10.0, 15.0]])
    curve = motion_curve(Sample(data=flows, frames=pairs, onset=10, apex=12, offset=20))
    assert curve[0] == 0 and np.isfinite(curve[:11]).all() and np.isnan(curve[11:]).all()
    one_frame = Sample(data=flows, frames=pairs, onset=10, apex=10, offset=10)
    assert np.isnan(motion_curve(one_frame)).all()


@pytest.mark.parametrize("key", ["x", "y"])
def test_dvc_plots_columns_that_are_there(key):
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    [plot] = stages["motion"]["do"]["plots"]
    [its] = plot.values()
    assert its[key] in COLUMNS
    template = json.loads((ROOT / f".dvc/plots/{its['template']}.json").read_text())
    assert template["spec"]["encoding"]["color"]["field"] in COLUMNS
