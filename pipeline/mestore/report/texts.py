"""Texts: what tables and params.yaml say, as a page says it: in a page to be sent on, without paths."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import yaml

from mestore.params import Params
from mestore.store.feature import Feature

if TYPE_CHECKING:
    import pandas as pd

_FREE = ("found", "expected", "remedy", "corrections", "excluded")
"""Columns of failures and of the clip table in which anything may be written."""

_SECTIONS = {"stores", "store", "protocols", "evaluate", "quality", "report"}
"""Of params.yaml; the others change no result, and may name machines."""

# A folder's name may hold blanks, so rather too much goes than too little. "px / frame" and https: stay.
_ABSOLUTE = re.compile(
    r"""(?<!https:)(?<!https:/)(?<!http:)(?<!http:/)(?<![\w.…/\\])"""
    r"""(?:file:/{2,3}|[A-Za-z]:[\\/]|\\\\|[~$%][\w{}%]*[\\/]|//?)(?=\S)(?:(?:[^\\/'"`;<>|\n]|(?<=\w)'(?=\w))+[\\/]+)*"""
)


def without_paths(text: str) -> str:
    r"""Return a text whose absolute paths have lost all but the last name: the rest tells of a machine.

    Examples
    --------
    >>> without_paths("'/home/ada/My data/casme2/1.png', which cannot be decoded")
    "'…/1.png', which cannot be decoded"
    >>> without_paths(r"no file C:\Users\Ada Smith\faces\1.png"), without_paths("px / frame of sub01/EP01@1")
    ('no file …/1.png', 'px / frame of sub01/EP01@1')
    """
    return _ABSOLUTE.sub("…/", text)


def worded(table: "pd.DataFrame", *, paths: bool) -> "pd.DataFrame":
    """Return a clip table or failures with their free texts as a page has them.

    Parameters
    ----------
    table : DataFrame
    paths : bool
        Whether paths of a machine may stand in them.
    """
    if paths:
        return table
    return table.assign(**{name: table[name].map(without_paths) for name in _FREE if name in table})


def failures(features: Iterable[Feature], dataset: str, *, paths: bool) -> list[dict[str, Any]]:
    """Return every failure of a dataset once, in order: stores carry along those of their inputs.

    Parameters
    ----------
    features : iterable of Feature
    dataset : str
    paths : bool
        Whether paths of a machine may stand in them.
    """
    found = {}
    for feature in features:
        its = feature.failures
        for row in worded(its[its["dataset"] == dataset], paths=paths).to_dict("records"):
            found[row["clip_id"], row["store"]] = {str(name): value for name, value in row.items()}
    return [found[key] for key in sorted(found)]


def parameters(params: Params, dataset: str, *, paths: bool) -> str:
    """Return those of params.yaml that decide what is on a dataset's page, defaults filled in, as YAML.

    Parameters
    ----------
    params : Params
    dataset : str
    paths : bool
        Whether paths of a machine may stand in them.
    """
    its = params.model_dump(mode="json")
    shown = {"datasets": {dataset: its["datasets"][dataset]}}
    shown |= {name: section for name, section in its.items() if name in _SECTIONS}
    text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=100)
    return text if paths else without_paths(text)
