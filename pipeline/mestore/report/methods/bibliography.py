"""Bibliography: references.bib, read strictly, and its entries as text."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mestore.report.methods.citing import listed

FILE = "references.bib"

_NEEDS = {
    "article": ("author", "title", "journal", "year"),
    "inproceedings": ("author", "title", "booktitle", "year"),
    "misc": ("author", "title", "year"),
}
_MAY = ("volume", "number", "pages", "series", "doi", "eprint", "archiveprefix")

_HEAD = re.compile(r"@(\w+)\{([a-z]+[0-9]{4}[a-z]*),\n")
_FIELD = re.compile(r"  ([a-z]+) = \{(.*)\}(,?)\n")

_ACCENTS = {'"a': "ä", '"e': "ë", '"o': "ö", '"u': "ü", "'a": "á", "'e": "é", "'i": "í", "c c": "ç"}
_POWERS = {"2": "²", "3": "³"}

_MOST = 8
"""Authors that a reference names; of more it names the first."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a BibTeX file.

    Parameters
    ----------
    kind, key : str
        Such as article and zhao2007.
    fields : mapping of str to str
        As they stand in the file, without the outer braces.
    """

    kind: str
    key: str
    fields: Mapping[str, str]

    def bibtex(self) -> str:
        """Return the entry as it stands in the file."""
        lines = [f"  {name} = {{{value}}}" for name, value in self.fields.items()]
        return f"@{self.kind}{{{self.key},\n" + ",\n".join(lines) + "\n}\n"

    def reference(self) -> str:
        """Return the entry as one line of plain text.

        Examples
        --------
        >>> print(load()["see2019"].reference()[:83])
        J. See, M. H. Yap, J. Li, X. Hong and S.-J. Wang. MEGC 2019 – the second facial mic
        """
        its = {name: plain(value) for name, value in self.fields.items()}
        where = its.get("journal") or (f"In: {its['booktitle']}" if "booktitle" in its else "")
        volume = its.get("volume", "") + (f"({its['number']})" if "number" in its else "")
        pages = its.get("pages", "")
        in_series = f"{its['series']} {volume}" if "series" in its else volume
        place = ", ".join(filter(None, [where, in_series, f"{_word(pages)} {pages}" if pages else ""]))
        stop = "" if its["title"].endswith("?") else "."
        when = f"{place}, {its['year']}." if place else f"{its['year']}."
        said = f"{_authors(self.fields['author'])} {its['title']}{stop} {when}"
        if "eprint" in its:
            said += f" {its.get('archiveprefix', 'eprint')}:{its['eprint']}."
        return said + (f" doi:{its['doi']}." if "doi" in its else "")


def parse(text: str) -> dict[str, Entry]:
    r"""Return the entries of a BibTeX file by key, in order.

    Stricter than BibTeX: one field a line, in braces that match, and no field but the known ones, so that no
    slip gets through.

    Raises
    ------
    ValueError
        Naming the line that is none of an entry, or the key of an entry that lacks a field.

    Examples
    --------
    >>> list(parse("% of one\n@misc{ann2020,\n  author = {Ann, A.},\n  title = {T},\n  year = {2020}\n}\n"))
    ['ann2020']
    """
    entries: dict[str, Entry] = {}
    lines = iter(text.splitlines(keepends=True))
    for line in lines:
        if not line.strip() or line.startswith("%"):
            continue
        head = _HEAD.fullmatch(line)
        if head is None:
            raise ValueError(f"found {line!r}; expected the head of an entry, such as '@article{{zhao2007,'")
        entry = Entry(kind=head[1], key=head[2], fields=_fields(lines, key=head[2]))
        _check(entry)
        if entry.key in entries:
            raise ValueError(f"{entry.key} is there twice; expected keys of their own")
        entries[entry.key] = entry
    return entries


def _fields(lines: Iterable[str], *, key: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    more = True
    for line in lines:
        if line == "}\n" and not more:
            return fields
        match = _FIELD.fullmatch(line)
        if match is None or not more or not _even(match[2]) or match[1] in fields:
            raise ValueError(f"{key}: found {line!r}; expected a field of its own, in braces that match")
        fields[match[1]] = match[2]
        more = bool(match[3])
    raise ValueError(f"{key}: the file ends in it")


def _even(value: str) -> bool:
    """Return whether braces match: no value closes one that it has not opened."""
    depth = 0
    for mark in re.findall(r"[{}]", value):
        depth += 1 if mark == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _check(entry: Entry) -> None:
    if entry.kind not in _NEEDS:
        raise ValueError(f"{entry.key} is a {entry.kind}; expected one of {', '.join(_NEEDS)}")
    needs = _NEEDS[entry.kind]
    lacking = [name for name in needs if not entry.fields.get(name)]
    unknown = sorted(set(entry.fields) - {*needs, *_MAY})
    if lacking or unknown:
        raise ValueError(f"{entry.key}: lacks {lacking}, has the unknown {unknown}")
    for name, value in entry.fields.items():
        if re.search(r"[\\$]", plain(value)) or not value.isascii():
            raise ValueError(
                f"{entry.key}: {name} is {value!r}; expected ASCII, with accents as in S{{\\'a}}n"
            )


@cache
def load() -> Mapping[str, Entry]:
    """Return the entries that come with mestore, by key."""
    return parse(files("mestore.report.methods").joinpath(FILE).read_text(encoding="utf-8"))


def plain(value: str) -> str:
    r"""Return a value of BibTeX as text.

    Examples
    --------
    >>> plain("{CAS(ME)$^2$}: S{\\'a}nchez \\& co, 1--7")
    'CAS(ME)²: Sánchez & co, 1–7'
    """
    value = re.sub(r"\{\\(['\"]\w|c c)\}", lambda match: _ACCENTS.get(match[1], match[0]), value)
    value = re.sub(r"\$\^(\d)\$", lambda match: _POWERS.get(match[1], match[0]), value)
    return value.replace(r"\&", "&").replace("--", "–").replace("{", "").replace("}", "")


def _word(pages: str) -> str:
    return "pages" if "–" in pages else "article"


def _authors(field: str) -> str:
    """Return authors as text, given names as initials."""
    names = [_author(name) for name in field.split(" and ")]
    if names[-1] == "others" or len(names) > _MOST:
        return f"{', '.join(name for name in names[:3] if name != 'others')} et al."
    return _ended(listed(names))


def _ended(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _author(name: str) -> str:
    """Return a name as text.

    Examples
    --------
    >>> _author("Wang, Su-Jing"), _author("{Van Gool}, Luc"), _author("Yap, Moi Hoon")
    ('S.-J. Wang', 'L. Van Gool', 'M. H. Yap')
    """
    family, _, given = plain(name).partition(", ")
    initials = " ".join(
        "-".join(part if part.endswith(".") else f"{part[0]}." for part in word.split("-"))
        for word in given.split()
    )
    return f"{initials} {family}".strip()
