"""Published copies that hold a participant."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mestore.errors import MEStoreError
from mestore.forget.participant import Participant
from mestore.forget.trace import Trace
from mestore.store.layout import CLIPS, FAILURES, SUFFIX

_CONTENT = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = (".partial-", ".removed-")
"""What a killed `mestore publish` leaves begins like this."""


def published(who: Participant, targets: Iterable[Path], *, root: Path) -> Iterator[Trace]:
    """Give the contents below `mestore publish` destinations that hold them, and links that lead to those.

    A content is named by its digest and never changed: it goes whole, and is published anew after the build.

    Parameters
    ----------
    targets : iterable of Path
        Destinations.
    root : Path
        The workspace.

    Raises
    ------
    MEStoreError
        If a destination is none, or holds their data in something that is no content.
    """
    for target in targets:
        _refuse_no_destination(target, root)
        inside = sorted(target.iterdir())
        holding = [path for path in inside if not path.is_symlink() and _holds(who, path)]
        for path in holding:
            if not _is_content(path.name):
                raise MEStoreError(
                    f"{path} is no content of mestore publish; it holds data of {who.person}. Nothing was "
                    "removed. Name a destination of `mestore publish`, or remove their data there by hand"
                )
        gone = {path.resolve() for path in holding}
        for link in inside:
            if link.is_symlink() and link.resolve() in gone:
                yield Trace(place="published copies", path=link)
        for path in holding:
            yield Trace(place="published copies", path=path)


def _refuse_no_destination(target: Path, root: Path) -> None:
    if not target.is_dir():
        raise MEStoreError(f"--published {target} is no folder; name a destination of `mestore publish`")
    real = target.resolve()
    if _is_content(real.name) or (target.is_symlink() and target.name == "current"):
        raise MEStoreError(
            f"--published {target} is a content in a destination of `mestore publish`; name the destination"
        )
    if root.resolve().is_relative_to(real):
        raise MEStoreError(
            f"--published {target} is the workspace {root} or above it; "
            "name a destination of `mestore publish`"
        )


def _is_content(name: str) -> bool:
    return _CONTENT.fullmatch(name) is not None or name.startswith(_UNFINISHED)


def _holds(who: Participant, content: Path) -> bool:
    if any(who.below(path.relative_to(content.parent).as_posix()) for path in content.rglob(f"*{SUFFIX}/*")):
        return True
    tables = [path for name in (CLIPS, FAILURES) for path in content.rglob(name) if path.is_file()]
    return any(who.mentioned_in(path.read_bytes()) for path in tables)
