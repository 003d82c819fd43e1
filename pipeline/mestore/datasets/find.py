"""Find: the coding sheet and the frames below a dataset's folder, by what they are usually called."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from mestore.datasets.folder import inside, listing, subfolders
from mestore.datasets.own import FILES
from mestore.datasets.sheet import AnotherSheet, Sheet, read_sheet, spreadsheets
from mestore.errors import AnnotationError


def find_sheet(
    root: Path,
    *,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    names: Mapping[str, Sequence[str]] = {},
    title: str = "",
    option: str = "",
    folders: Sequence[str] = ("",),
    other: Callable[[str], bool] = lambda name: False,
) -> Sheet:
    """Return the dataset's coding sheet: the only one there with its columns.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    columns, optional, names, title
        As for `read_sheet`.
    option : str
        Its path below `root` if the user gave one as option 'sheet'; empty to look for it.
    folders : sequence of str
        Where to look, below `root`; "" is `root` itself.
    other : callable
        Whether a file of that name is some other table of the dataset.

    Raises
    ------
    AnnotationError
        If there is none, or more than one.
    """
    read = partial(read_sheet, columns=columns, optional=optional, names=names, title=title)
    if option:
        if not inside(root, option).is_file():
            raise AnnotationError(f"{root}: found no {option} in {listing(root)}; set the option 'sheet'")
        return read(inside(root, option))
    found, refusals = _sheets(root, read, folders=folders, other=other)
    if len(found) != 1:
        raise _unfit(
            root, columns=columns, names=names, found=found, refusals=refusals, wanted="one coding sheet"
        )
    return found.popitem()[1]


def find_sheets(
    root: Path,
    *,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    names: Mapping[str, Sequence[str]] = {},
    title: str = "",
    folders: Sequence[str] = ("",),
    other: Callable[[str], bool] = lambda name: False,
) -> dict[str, Sheet]:
    """Return every coding sheet of a dataset that has several, by its path below `root`.

    Parameters
    ----------
    root, columns, optional, names, title, folders, other
        As for `find_sheet`.

    Raises
    ------
    AnnotationError
        If there is none.
    """
    read = partial(read_sheet, columns=columns, optional=optional, names=names, title=title)
    found, refusals = _sheets(root, read, folders=folders, other=other)
    if not found:
        raise _unfit(
            root, columns=columns, names=names, found=found, refusals=refusals, wanted="coding sheets"
        )
    return found


def _sheets(
    root: Path, read: Callable[[Path], Sheet], *, folders: Sequence[str], other: Callable[[str], bool]
) -> tuple[dict[str, Sheet], list[str]]:
    """Return what has the columns, by path below `root`, and what the other sheets lack.

    A file that cannot be read at all, or has the columns and is broken below them, is neither: it may be the
    one that should count, so its error goes on.
    """
    found, refusals = {}, []
    for path in _tables(root, folders):
        if other(path.rpartition("/")[2]):
            continue
        try:
            found[path] = read(inside(root, path))
        except AnotherSheet as error:
            refusals.append(str(error))
        except AnnotationError as error:
            raise AnnotationError(f"{error}; or name the coding sheet in the option 'sheet'") from error
    return found, refusals


def _unfit(
    root: Path,
    *,
    columns: Sequence[str],
    names: Mapping[str, Sequence[str]],
    found: Mapping[str, Sheet],
    refusals: Sequence[str],
    wanted: str,
) -> AnnotationError:
    headers = [" or ".join(names.get(column, (column,))) for column in columns]
    return AnnotationError(
        f"{root}: looked for {wanted} (.xlsx, .xls or .csv with the columns {headers}), "
        f"found {sorted(found) or f'none in {listing(root)}'}; put it there, or set the option 'sheet'"
        + "".join(f"\n- {refusal}" for refusal in refusals)
    )


def _tables(root: Path, folders: Sequence[str]) -> list[str]:
    places = {folder: inside(root, folder) if folder else root for folder in folders}
    return [
        f"{folder}/{name}" if folder else name
        for folder, place in places.items()
        if place.is_dir()
        for name in spreadsheets(place)
        if name not in FILES
    ]


def find_frames(root: Path, *, usual: Sequence[str], holds: str, example: str, option: str = "") -> str:
    """Return the folder of the subjects' (or clips') folders, as a path below `root`.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    usual : sequence of str
        What it is called in deliveries.
    holds : str
        Regular expression that the whole name of one of its folders fits, in whatever case.
    example : str
        Such names, for messages.
    option : str
        What the user gave as option 'folder'; empty to look for the usual ones.

    Raises
    ------
    AnnotationError
        If none or several are there, or it does not hold what it should.
    """
    names = (option,) if option else usual
    found = [name for name in names if inside(root, name).is_dir()]
    if len(found) != 1:
        raise AnnotationError(
            f"{root}: looked for one of the folders {list(names)}, found {found or 'none'} in {listing(root)}"
            "; unpack the delivery there, or set the option 'layout' or 'folder'"
        )
    if not any(re.fullmatch(holds, name, re.IGNORECASE) for name in subfolders(inside(root, found[0]))):
        raise AnnotationError(
            f"{root}: {found[0]} holds {listing(inside(root, found[0]))}; expected {example}: "
            "set the option 'folder' to where they are"
        )
    return found[0]
