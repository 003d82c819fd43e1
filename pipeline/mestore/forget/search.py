"""Search: the proof. Looks at every file again, knowing nothing of how traces were found."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from mestore.forget.participant import Participant
from mestore.forget.trace import checksum, files_below

LARGEST_TEXT = 64 * 2**20
"""Bytes. Larger files are compared by size and checksum alone: tables and pages are smaller."""


def hits(
    who: Participant,
    roots: Iterable[Path],
    prints: Mapping[int, set[str]],
    *,
    leaving_out: Collection[Path] = (),
) -> Iterator[str]:
    """Give the files that lie in a folder of theirs, name them, or hold what was removed.

    Parameters
    ----------
    roots : iterable of Path
        Where to look, everything below included.
    prints : mapping of int to set of str
        sha256 of the removed files, by size.
    leaving_out : collection of Path
        Files, and folders with all below.
    """
    known = {path.resolve() for path in leaving_out}
    for root in roots:
        for file in files_below(root):
            if not known.isdisjoint((file, *file.parents)):
                continue
            why = _why(who, file, file.relative_to(root.parent).as_posix(), prints)
            if why:
                yield f"{file}: {why}"


def _why(who: Participant, file: Path, name: str, prints: Mapping[int, set[str]]) -> str:
    if who.below(name):
        return "lies in a folder of theirs"
    size = file.stat().st_size
    if size and size in prints and checksum(file, "sha256") in prints[size]:
        return "holds what was removed"
    content = file.read_bytes() if size <= LARGEST_TEXT else b""
    # Parquet packs its texts: there only reading the table shows them.
    named = who.mentioned_in(content) if content.startswith(b"PAR1") else who.named_in(content)
    return "names a clip or a folder of theirs" if named else ""
