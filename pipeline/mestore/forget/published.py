"""Published copies that hold a participant."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mestore.errors import MEStoreError
from mestore.forget.participant import Participant
from mestore.forget.trace import Trace
from mestore.store.layout import CLIPS, FAILURES, SUFFIX


def published(who: Participant, targets: Iterable[Path]) -> Iterator[Trace]:
    """Give the contents below `mestore publish` destinations that hold them, and links that lead to those.

    A content is named by its digest and never changed: it goes whole, and is published anew after the build.

    Raises
    ------
    MEStoreError
        If a destination is no folder.
    """
    for target in targets:
        if not target.is_dir():
            raise MEStoreError(f"--published {target} is no folder; name a destination of `mestore publish`")
        gone = [path for path in sorted(target.iterdir()) if not path.is_symlink() and _holds(who, path)]
        for link in sorted(path for path in target.iterdir() if path.is_symlink()):
            if link.resolve() in {path.resolve() for path in gone}:
                yield Trace(place="published copies", path=link)
        for path in gone:
            yield Trace(place="published copies", path=path)


def _holds(who: Participant, content: Path) -> bool:
    if any(who.below(path.relative_to(content.parent).as_posix()) for path in content.rglob(f"*{SUFFIX}/*")):
        return True
    tables = [path for name in (CLIPS, FAILURES) for path in content.rglob(name)]
    return any(who.mentioned_in(path.read_bytes()) for path in tables)
