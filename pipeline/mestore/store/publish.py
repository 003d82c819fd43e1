"""Publish: a verified copy of stores that never changes, and a link that names the newest.

::

    <target>/<digest>/<store>/...    one folder per content, named by the digest of all its stores
    <target>/current                 -> <digest>

DVC removes an output before its command runs, so who reads data/stores during a build reads nothing or half.
Who opens <target>/current reads the old content or the new.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mestore.errors import StoreError
from mestore.replacing import clear, clear_left_over
from mestore.store.durable import REMOVED, rename_once, sync
from mestore.store.manifest import digest_of
from mestore.store.verify import stores_at, verify

CURRENT = "current"

_PARTIAL = ".partial-"


@dataclass(frozen=True, kw_only=True)
class Published:
    """What `publish` did.

    Parameters
    ----------
    folder : Path
        Where the content lies, for good.
    new : bool
        Whether it was not there before.
    removed : tuple of Path
        Older contents that are gone now.
    """

    folder: Path
    new: bool
    removed: tuple[Path, ...]


def publish(
    path: Path,
    target: Path,
    *,
    names: Iterable[str] | None = None,
    keep: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Published:
    """Copy stores below `target`, verify the copy, and let the link `current` name it.

    Files are copied, never linked: whoever may write at one place must not reach the other.

    Parameters
    ----------
    path : Path
        A store, or a folder of stores.
    target : Path
        Where to publish, such as a folder on the NAS; made if it is not there.
    names : iterable of str, optional
        Which stores below `path`; by default all.
    keep : int, optional
        How many contents to keep, that of `current` included; by default all.
    progress : callable
        Told (bytes copied, bytes in all).

    Raises
    ------
    StoreError
        If the stores are damaged, change while they are copied, or `target` cannot be written. What `current`
        names is then as before, and nothing half-written has a name that a reader opens.
    """
    if keep is not None and keep < 1:
        raise StoreError(f"keep is {keep}; expected 1 or more: what `{CURRENT}` names always stays")
    stores = _chosen(path, names)
    if target.resolve().is_relative_to(path.resolve()):
        raise StoreError(f"{target} lies in {path}, which is to be published; choose a folder elsewhere")
    try:
        final = target / digest_of(stores)
        target.mkdir(parents=True, exist_ok=True)
        new = not final.is_dir()
        if new:
            _copy(stores, final, progress=progress)
        else:
            _refuse_damaged(final, shown=final, remedy=f"remove {final} and publish again")
            os.utime(final)  # the newest again: `keep` counts from now
        _link(target, final.name)
        if not final.is_dir():
            raise StoreError(f"another publisher has removed {final} (--keep); publish again")
        removed = () if keep is None else _prune(target, keep=keep)
    except OSError as error:
        raise StoreError(
            f"cannot publish into {target}: {error}; `{CURRENT}` is as it was or names a whole content; "
            "make room or mend the permissions, and publish again"
        ) from error
    return Published(folder=final, new=new, removed=removed)


def _chosen(path: Path, names: Iterable[str] | None) -> list[Path]:
    stores = {store.absolute().name: store.absolute() for store in stores_at(path)}
    wanted = list(stores) if names is None else list(names)
    unknown = sorted(set(wanted) - set(stores))
    if unknown:
        raise StoreError(f"no store {unknown[0]!r} at {path}; there are: {', '.join(stores)}")
    return [stores[name] for name in wanted]


def _copy(stores: list[Path], final: Path, *, progress: Callable[[int, int], None]) -> None:
    """Copy under a temporary name, compare, sync, rename."""
    partial = _beside(final, _PARTIAL)
    partial.mkdir()  # with the rights that the folder above and the umask give, unlike mkdtemp
    try:
        total = sum(file.stat().st_size for store in stores for file in store.rglob("*") if file.is_file())
        done = 0

        def copy(source: str, to: str) -> str:
            nonlocal done
            shutil.copyfile(source, to)
            # Nobody writes there again; deleting a whole content needs the right to its folder alone.
            Path(to).chmod(Path(to).stat().st_mode & 0o555)
            done += Path(to).stat().st_size
            progress(done, total)
            return to

        for store in stores:
            _copy_tree(store, partial / store.name, copy)
        _refuse_damaged(partial, shown=stores[0].parent, remedy="mend the store and publish again")
        if digest_of(partial / store.name for store in stores) != final.name:
            raise StoreError(f"{stores[0].parent} changed while it was copied; publish again after the build")
        _sync_tree(partial)
        rename_once(partial, final)
    finally:
        clear(partial)


def _copy_tree(source: Path, target: Path, copy: Callable[[str, str], str]) -> None:
    target.mkdir()
    for path in sorted(source.iterdir()):
        if path.is_dir():
            _copy_tree(path, target / path.name, copy)
        else:
            copy(str(path), str(target / path.name))


def _refuse_damaged(folder: Path, *, shown: Path, remedy: str) -> None:
    findings = verify(folder)
    if findings:
        first = str(findings[0]).replace(str(folder), str(shown))
        raise StoreError(f"{shown} is damaged ({len(findings)} findings), the first: {first}. Then: {remedy}")


def _link(target: Path, name: str) -> None:
    """Let `current` name a content: a new link, renamed over the old one, so that there always is one."""
    link = _beside(target / CURRENT, _PARTIAL)
    link.symlink_to(name)
    try:
        os.replace(link, target / CURRENT)  # noqa: PTH105 - the documented call that replaces at once
    finally:
        link.unlink(missing_ok=True)
    sync(target)


def _prune(target: Path, *, keep: int) -> tuple[Path, ...]:
    """Remove the oldest contents and what was left half-done; what `current` names always stays."""
    clear_left_over([*target.glob(f"{_PARTIAL}*"), *target.glob(f"{REMOVED}*")])
    current = (target / CURRENT).resolve()
    others = [path for path in target.glob("[0-9a-f]*") if len(path.name) == 64 and path.resolve() != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[keep - 1 :]:
        # Renamed first: whoever lists the folder sees whole contents only.
        gone = _beside(path, REMOVED)
        path.rename(gone)
        shutil.rmtree(gone)
    return tuple(others[keep - 1 :])


def _beside(path: Path, prefix: str) -> Path:
    """Return an unused name in the same folder, hidden from readers."""
    return path.with_name(f"{prefix}{uuid.uuid4().hex}")


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        sync(path)
