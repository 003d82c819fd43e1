"""Here: the workspace a command runs in, and what is called by a name in it."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from mestore.errors import MEStoreError
from mestore.workspace import Workspace, find_workspace

if TYPE_CHECKING:
    from mestore.params import Params


def workspace() -> Workspace:
    """Return the workspace of the current folder.

    Raises
    ------
    MEStoreError
        If there is none.
    """
    found = find_workspace(Path.cwd())
    if not found.params.is_file():
        raise MEStoreError(
            f"{found.root} is no workspace: found no params.yaml; run this in the folder that holds it, or "
            "make one with `mestore init DIR`"
        )
    return found


def workspace_params() -> "tuple[Workspace, Params]":
    """Return the workspace of the current folder and its parameters."""
    from mestore.params import load_params

    found = workspace()
    return found, load_params(found.params)


def known(name: str, names: Iterable[str], *, what: str) -> str:
    """Return a name that is known, or say which are near.

    Raises
    ------
    MEStoreError
        If it is not, with the names that it may be a slip of, or all where there are few.

    Examples
    --------
    >>> known("flow", ["crops", "flow"], what="store")
    'flow'
    """
    there = list(names)
    if name in there:
        return name
    folded = {its.lower(): its for its in there}
    # Clips of the same subject first: all ids of a dataset are alike.
    beside = [its for its in folded if its.rpartition("/")[0] == name.lower().rpartition("/")[0]]
    for some in (beside, list(folded)):
        near = [folded[its] for its in get_close_matches(name.lower(), some, n=3, cutoff=0.6)]
        if near:
            raise MEStoreError(f"no {what} is called {name!r}; did you mean {' or '.join(near)}?")
    if not there:
        raise MEStoreError(f"no {what} is called {name!r}, and there is no other yet; run `mestore build`")
    more = f" and {len(there) - 20} more" if len(there) > 20 else ""
    raise MEStoreError(f"no {what} is called {name!r}; there are: {', '.join(there[:20])}{more}")


def store_at(given: Path) -> Path:
    """Return the folder of a store that is given by its folder or by its name in this workspace."""
    return _below(given, Path("data/stores"), suffix="")


def folds_at(given: Path) -> Path:
    """Return the file of folds that is given by its path or by the protocol's name in this workspace."""
    return _below(given, Path("data/folds"), suffix=".json")


def _below(given: Path, folder: Path, *, suffix: str) -> Path:
    """Return what is given, if it is there or looks like a path; else what is called so in a folder."""
    if given.exists() or len(given.parts) != 1 or given.suffix:
        return given
    there = [path.name.removesuffix(suffix) for path in sorted(folder.glob(f"*{suffix}")) if _visible(path)]
    what = "file of folds" if suffix else "store"
    return folder / f"{known(given.name, there, what=what)}{suffix}"


def _visible(path: Path) -> bool:
    return path.name[0] != "."
