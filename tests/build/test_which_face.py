"""Which face: recordings that show two people, from files to crops, through the real index and build."""

import csv

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mestore import open_store
from mestore.build.provenance import write_code
from mestore.build.stage import build_store
from mestore.build.tables import build_index
from mestore.params import Params
from mestore.similarity import apply, inverse
from mestore.synthetic.stills import still
from mestore.workspace import find_workspace

LEFT, RIGHT = "astronaut", "grace_hopper"

# Of each clip: how large the face on the left and the one on the right is; None: a black frame.
CLIPS = {"c1": (1.0, 0.6), "c2": (0.75, 1.0), "c3": None, "c4": (0.75, 1.05)}


def frame(scales):
    """Two photographs side by side, 900 x 450 px, or nothing."""
    image = np.zeros((450, 900, 3), np.uint8)
    if scales is None:
        return image
    for name, scale, left in zip((LEFT, RIGHT), scales, (0, 450), strict=True):
        side = round(400 * scale)
        image[:side, left : left + side] = cv2.resize(still(name).image.astype(np.uint8), (side, side))
    return image


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    root = folder / "data" / "raw" / "two"
    rows = []
    for clip, scales in CLIPS.items():
        (root / clip).mkdir(parents=True)
        for number in (1, 2, 3):
            Image.fromarray(frame(scales)).save(root / clip / f"{number}.png")
        rows.append(["s1", clip, clip, 1, 2, 3, 100, "happiness", "12"])
    with (root / "recordings.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["subject", "clip", "path", "onset", "apex", "offset", "fps", "emotion", "aus"])
        writer.writerows(rows)
    (folder / "params.yaml").write_text("")
    found = find_workspace(folder, environment={})
    build_index(found, parameters("only"))
    return found


def parameters(face: str, *, n_jobs: int = 1) -> Params:
    params = {"side": 64, "face": face}
    return Params.model_validate(
        {
            "datasets": {"two": {"reader": "table"}},
            "stores": {"crops": {"kind": "align", "input": "index", "params": params}},
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": []}},
            "build": {"max_failed": 4},
            "compute": {"n_jobs": n_jobs},
        }
    )


def built(workspace, face, **options):
    """Return which person each built clip shows, and why the others failed."""
    params = parameters(face, **options)
    write_code(workspace, params)
    build_store(workspace, params, "crops")
    store = open_store(workspace.stores)
    persons = store.clips()["person"].unique().tolist()
    shown = {}
    batch = store.read("crops", persons)
    for clip, sample in zip(batch.clips["clip"], batch.samples, strict=True):
        x = apply(inverse(sample.measures["transform"]), sample.landmarks.astype(float))[:, 0].mean()
        shown[clip] = LEFT if x < 450 else RIGHT
    failures = pd.read_csv(workspace.stores / "crops" / "failures.csv")
    return shown, failures.set_index("clip_id")["found"].to_dict()


def test_two_faces_where_only_one_may_be_are_failures_that_list_their_places(workspace):
    shown, failures = built(workspace, "only")
    assert shown == {}
    assert failures.keys() == {f"two/s1/{clip}@1" for clip in CLIPS}
    for clip in ("c1", "c2", "c4"):
        assert failures[f"two/s1/{clip}@1"].startswith("2 faces at x ")
    assert failures["two/s1/c3@1"] == "no face in 900 x 450 px"


def test_the_largest_face_changes_from_clip_to_clip(workspace):
    shown, failures = built(workspace, "largest")
    assert shown == {"c1": LEFT, "c2": RIGHT, "c4": RIGHT}
    assert failures.keys() == {"two/s1/c3@1"}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_nearest_face_stays_with_the_person_of_the_first_clip(workspace, n_jobs):
    """Also over a clip that fails, and where the other face is the larger one."""
    shown, failures = built(workspace, "nearest", n_jobs=n_jobs)
    assert shown == {"c1": LEFT, "c2": LEFT, "c4": LEFT}
    assert failures.keys() == {"two/s1/c3@1"}
