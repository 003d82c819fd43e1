"""Body: the page of one subject, made in a worker: images and all of its HTML but the frame."""

import io
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from mestore.build.cache import BuildCache
from mestore.build.faults import explained
from mestore.build.pages import BODY, IMAGES, whole, write_record
from mestore.build.threads import single_threaded
from mestore.errors import MEStoreError
from mestore.report.names import clip_anchor, subject_file
from mestore.report.subject import facts, figures
from mestore.report.subject.clip import Clip, apexes, samples_of
from mestore.report.subject.gallery import SIDE, Drawn, Figure, drawn
from mestore.report.template import environment
from mestore.store.feature import Feature

THUMBNAIL = "~thumbnail.webp"
"""Of a subject; no clip has an anchor with a tilde."""

_THUMBNAIL_SIDE = 96
_WEBP = {"quality": 80, "method": 2}  # a fifth larger than what takes three times as long


@dataclass(frozen=True, kw_only=True)
class PageTask:
    """All that a worker needs for the page of one subject: paths, rows and words, never arrays.

    Parameters
    ----------
    dataset, subject : str
    key : str
        Digest of all that the page depends on.
    stores : mapping of str to Path
        Folders of the stores that are shown, by role.
    rows : sequence of dict
        Of the clip table, with the columns that are shown.
    given : mapping of str to dict
        By clip id, apex and apex_source as they were indexed.
    failures : sequence of dict
        Of the subject, in all stores.
    flags : mapping of str to mapping of str to str
        By clip id and number: the bound that it breaks.
    titles : mapping of str to (str, str)
        What the quality numbers are called, and their unit.
    faces : bool
        Whether faces are shown.
    cache : BuildCache
    """

    dataset: str
    subject: str
    key: str
    stores: Mapping[str, Path]
    rows: Sequence[Mapping[str, Any]]
    given: Mapping[str, Mapping[str, Any]]
    failures: Sequence[Mapping[str, str]]
    flags: Mapping[str, Mapping[str, str]]
    titles: Mapping[str, tuple[str, str]]
    faces: bool
    cache: BuildCache

    @property
    def name(self) -> str:
        """Dataset and subject."""
        return f"{self.dataset}/{self.subject}"


def make_page(task: PageTask) -> str:
    """Make the page of a subject in the cache, unless it is there; return how that failed, or ""."""
    try:
        if not whole(task.cache, task.key):
            with task.cache.create(task.key) as folder, single_threaded():
                _fill(folder, task)
    except OSError as error:
        return explained(error, at=task.cache.root)
    except MEStoreError as error:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return traceback.format_exc()
    return ""


def _fill(folder: Path, task: PageTask) -> None:
    images = folder / IMAGES
    images.mkdir()
    features = {role: Feature(path) for role, path in task.stores.items()}
    params = {role: feature.descriptions[task.dataset].params for role, feature in features.items()}
    rows = {str(row["clip_id"]): row for row in task.rows}
    shown = []
    for clip_id, samples in samples_of(features, task.dataset, task.subject, list(rows)):
        annotated, spotted = apexes(rows[clip_id], task.given.get(clip_id))
        clip = Clip(
            clip_id=clip_id,
            row=rows[clip_id],
            samples=samples,
            params=params,
            annotated=annotated,
            spotted=spotted,
            flags=task.flags.get(clip_id, {}),
        )
        if task.faces and "crops" in samples and not (images / THUMBNAIL).exists():
            _save(figures.shrunk(clip.frame(clip.crops.onset), side=_THUMBNAIL_SIDE), images / THUMBNAIL)
        shown.append(_values(clip, task, images))
    template = environment().get_template("subject/subject_body.html.j2")
    (folder / BODY).write_text(template.render(clips=shown, failures=task.failures), encoding="utf-8")
    write_record(
        folder,
        key=task.key,
        clips=[it["clip_id"] for it in shown],
        failures={
            row["clip_id"]: {name: row[name] for name in ("found", "expected", "remedy")}
            for row in task.failures
        },
    )


def _values(clip: Clip, task: PageTask, images: Path) -> dict[str, Any]:
    """Return what the template says of a clip, and write its images."""
    anchor = clip_anchor(clip.clip_id)
    address = f"../img/{subject_file(task.subject)}/{anchor}"
    found = drawn(clip, faces=task.faces)
    tiles = [figures.shrunk(it.tile, side=SIDE) for _, it in found if it.tile is not None]
    if tiles:
        _save(figures.sheet(tiles, columns=len(tiles)), images / f"{anchor}.webp")
    for _, it in found:
        for end, image in it.sheets.items():
            _save(image, images / f"{anchor}-{end}.webp")
    return {
        "anchor": anchor,
        "clip_id": clip.clip_id,
        "name": clip.name,
        "emotion": clip.row["emotion"],
        "aus": clip.row["aus"],
        "excluded": clip.row["excluded"],
        "labels": facts.labels(clip),
        "numbers": facts.numbers(clip, titles=task.titles),
        "flagged": bool(clip.flags),
        "figures": _placed(found, address, tiles, name=clip.name),
    }


def _placed(
    found: Sequence[tuple[Figure, Drawn]], address: str, tiles: Sequence[figures.Image], *, name: str
) -> list[tuple[Figure, Drawn, dict[str, Any]]]:
    """Return each figure with where its images are, and which tile of the clip's image is its own."""
    placed, tile = [], 0
    for figure, it in found:
        at: dict[str, Any] = {"name": name}
        at["files"] = {end: f"{address}-{end}.webp" for end in it.sheets}
        if it.tile is not None:
            height, width = tiles[tile].shape[:2]
            at |= {"sheet": f"{address}.webp", "tiles": len(tiles), "tile": tile}
            at["ratio"] = f"{width}/{height}"
            tile += 1
        placed.append((figure, it, at))
    return placed


def _save(image: figures.Image, path: Path) -> None:
    stream = io.BytesIO()
    Pillow.fromarray(image).save(stream, format="WEBP", **_WEBP)
    path.write_bytes(stream.getvalue())
