"""The report: figures with closed-form answers, and a page whose text is escaped."""

import json

import numpy as np
import pytest

from mestore.params import Params
from mestore.report import figures
from mestore.report.page import PANELS, Figure, _protocols, _stores_shown, _template
from mestore.store.layout import Description
from mestore.workspace import Workspace


def test_no_motion_is_white_and_directions_have_colours_of_their_own():
    still = figures.flow_colours(np.zeros((2, 2, 2), np.float32), scale=1.0)
    assert (still > 240).all() and np.ptp(still) < 8
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    flow = np.stack([np.cos(turn), np.sin(turn)], axis=-1)[None].astype(np.float32)
    colours = figures.flow_colours(flow, scale=1.0)[0].astype(int)
    distances = np.abs(colours[:, None] - colours[None]).sum(axis=-1)
    assert (distances + 999 * np.eye(8) > 40).all()
    np.testing.assert_array_equal(figures.flow_colours(flow * 9, scale=1.0)[0], colours)


def test_strain_runs_from_dark_to_bright():
    row = figures.strain_colours(np.linspace(0, 0.1, 16, dtype=np.float32)[None], scale=0.1)[0]
    assert (np.diff(row.astype(int).sum(axis=1)) >= 0).mean() > 0.8
    np.testing.assert_array_equal(
        figures.strain_colours(np.full((1, 1), 9.0, np.float32), scale=0.1)[0, 0], row[-1]
    )


def test_the_wheel_shows_what_the_flow_shows():
    wheel = figures.wheel(65)
    right = figures.flow_colours(np.array([[[1, 0]]], np.float32), scale=1.0)[0, 0]
    np.testing.assert_array_equal(wheel[32, 64], right)
    assert (wheel[0, 0] == 255).all()


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_text_from_outside_is_escaped(hostile):
    figure = Figure(
        clip=hostile, labels={"emotion": hostile}, numbers={hostile: hostile}, image="img/1-0.jpg"
    )
    description = Description(
        store="s", kind=hostile, dataset=hostile, axes=(hostile,), ragged=False, dtype="uint8", units="",
        params={hostile: hostile}, input=hostile, code="",
    )  # fmt: skip
    row = dict.fromkeys(("clip_id", "store", "found", "expected", "remedy"), hostile)
    scores = {
        "f1": {hostile: 0.5}, "confusion": [[1, 0]], "uf1": 1, "uar": 1, "accuracy": 1,
        "predicted": 1, "clips": 1, "note": hostile, "several": False,
    }  # fmt: skip
    published = dict.fromkeys(("method", "score", "source", "differs"), hostile) | {"value": 0.5}
    protocol = {
        **dict.fromkeys(("protocol", "kind", "label"), hostile),
        "params": {hostile: hostile},
        "average": "folds",
        "folds": 2,
        "flags": [hostile],
        "datasets": {hostile: 1, "other": 1},
        "published": [published],
        "baselines": {
            hostile: {
                "scores": scores,
                "intervals": {key: [0, 1] for key in ("uf1", "uar", "accuracy")},
                "by_dataset": {hostile: scores},
                "fold_mean": {"fold_mean_uf1": 0.25},
            }
        },
    }
    page = _template().render(
        dataset=hostile,
        clips=1,
        subjects=1,
        persons=1,
        emotions={hostile: 1},
        figures={hostile: [figure]},
        panels=PANELS,
        flow_scale=1,
        strain_scale=1,
        failures=[row],
        corrected=[{"clip_id": hostile, "corrections": hostile}],
        editions=[hostile],
        protocols=[protocol],
        built={hostile: description},
    )
    assert "<script>" not in page and "<img src=x" not in page
    assert "&lt;" in page and "0.250" in page


def test_only_protocols_that_score_the_dataset_and_that_params_evaluate_are_shown(tmp_path):
    workspace = Workspace(root=tmp_path, raw=tmp_path, cache=tmp_path)
    for name, dataset in (("loso", "toy"), ("megc", "other"), ("gone", "toy")):
        (workspace.scores / name).mkdir(parents=True)
        record = {"protocol": name, "datasets": {dataset: 3}}
        (workspace.scores / name / "scores.json").write_text(json.dumps(record))
    params = Params.model_validate(
        {
            "datasets": {"toy": {"reader": "table"}},
            "stores": {},
            "protocols": {"loso": {"kind": "loso"}, "megc": {"kind": "megc2019"}},
            "evaluate": {"loso": {"features": []}, "megc": {"features": []}},
        }
    )
    assert [it["protocol"] for it in _protocols(workspace, params, "toy")] == ["loso"]


def test_the_crops_that_are_shown_are_those_the_flow_was_computed_from():
    def shown(**stores):
        params = {
            "datasets": {"toy": {"reader": "table"}},
            "stores": stores,
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": []}},
        }
        return _stores_shown(Params.model_validate(params))

    crops = {"kind": "align", "input": "index"}
    clips = {"kind": "tim", "input": "stores/crops"}
    assert shown(crops=crops, large=crops, flow={"kind": "tvl1", "input": "stores/large"}) == (
        "large",
        "flow",
    )
    assert shown(crops=crops, clips=clips, flow={"kind": "tvl1", "input": "stores/clips"}) == ("crops", None)
    sequence = {"kind": "tvl1", "input": "stores/crops", "params": {"pairs": "onset-each"}}
    assert shown(crops=crops, flow=sequence) == ("crops", None)
    assert shown() is None
