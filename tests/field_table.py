"""A clip table of invented clips of every dataset that a protocol is about, as readers would give it."""

import pandas as pd

from conftest import clip_table

THREE = ("negative", "positive", "surprise")
SEVEN = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
OBJECTIVE = ("I", "II", "III", "IV", "V")
UNITS = ("R1+12", "4", "2+14", "45")


def of(
    reader, emotions, *, part="", modality="", persons=12, clips_each=3, family="", splits=()
) -> pd.DataFrame:
    """Return clips of one dataset; persons and events are the family's, splits are by person."""
    family, name = family or reader, f"{reader}-{part}" if part else reader
    table = clip_table(persons=persons, clips_each=clips_each, dataset=reader)
    number = pd.Series(range(len(table)))
    person = number // clips_each
    return table.assign(
        reader=reader,
        part=part,
        modality=modality,
        clip_id=table["clip_id"].str.replace(f"{reader}/", f"{name}/", regex=False),
        person=f"{family}/" + table["subject"],
        event=f"{family}/" + table["subject"] + "/" + table["clip"],
        emotion=[emotions[(a + b) % len(emotions)] for a, b in zip(number, person, strict=True)],
        objective_class=[OBJECTIVE[it % 5] for it in number],
        aus=[UNITS[it % 4] for it in number],
        split=[splits[it % len(splits)] for it in person] if splits else "",
        edition=f"{reader}.xlsx 256-00000000",
    )


def field_table() -> pd.DataFrame:
    """Return clips of all datasets: persons interleaved, SMIC's in three parts, 4DME's in two modalities."""
    three = ("disgust", "happiness", "surprise")
    rgb = of("fourdme", (*THREE, "repression"), modality="colour", splits="123")
    tables = [
        of("casme", SEVEN),
        of("casme2", three),
        of("samm", SEVEN),
        of("smic", THREE, part="hs"),
        of("smic", THREE, part="vis", persons=8),
        of("smic", THREE, part="nir", persons=8),
        of("fourdme", (*THREE, "positive+surprise"), modality="gray", splits="123"),
        rgb.assign(dataset="rgb", clip_id="rgb-" + rgb["clip_id"]),
        of("mmew", three),
        of("casme3", ("happy", "sad", "others"), part="a", modality="colour"),
        of("dfme", SEVEN, part="a", splits=("train", "train", "testA", "testB")),
        of("dfme", SEVEN, part="c", persons=3).assign(person=lambda it: it["person"] + "-c"),
        of("samm", SEVEN, persons=2).assign(kind="macro", clip_id=lambda it: "macro-" + it["clip_id"]),
        clip_table(dataset="mylab"),
    ]
    return pd.concat(tables, ignore_index=True).sample(frac=1, random_state=0).reset_index(drop=True)
