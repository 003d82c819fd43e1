"""Methods: the methods text of a dataset, generated from its run, with citations and their BibTeX.

Nothing is in it that did not run: each sentence goes by what stores, folds and scores say of themselves.
"""

import importlib.metadata
from dataclasses import dataclass

from mestore.report.methods import recordings, scores, software, stores
from mestore.report.methods.bibliography import load
from mestore.report.methods.citing import cited, latex, markdown, numbered
from mestore.report.run import Run


@dataclass(frozen=True, kw_only=True)
class Section:
    """Some paragraphs under one heading; citations in them are marks of `citing`."""

    title: str
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Methods:
    """The methods text of a dataset.

    Parameters
    ----------
    sections : tuple of Section
    notes : tuple of str
        What the author should know, and is no part of the text.
    """

    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """The keys that are cited, in the order of their numbers."""
        return cited(text for section in self.sections for text in section.texts)

    @property
    def titled(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Headings, each with its paragraphs: plain text, with numbers for citations."""
        order = self.keys
        return tuple(
            (section.title, tuple(numbered(text, order) for text in section.texts))
            for section in self.sections
        )

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """All paragraphs: plain text, with numbers for citations."""
        return tuple(text for _, texts in self.titled for text in texts)

    @property
    def references(self) -> tuple[str, ...]:
        """What the numbers stand for, [1] first: plain text."""
        return tuple(load()[key].reference() for key in self.keys)

    @property
    def bibtex(self) -> str:
        """The entries that are cited, and no others."""
        return "\n".join(load()[key].bibtex() for key in sorted(self.keys))

    @property
    def markdown(self) -> str:
        """All of it in Markdown, with citations as Pandoc has them."""
        return "\n".join(
            [
                f"## {section.title}\n\n" + "\n".join(f"{markdown(text)}\n" for text in section.texts)
                for section in self.sections
            ]
        )

    @property
    def latex(self) -> str:
        """All of it in LaTeX."""
        return "\n".join(
            [
                rf"\subsection*{{{latex(section.title)}}}"
                + "\n\n"
                + "\n".join(f"{latex(text)}\n" for text in section.texts)
                for section in self.sections
            ]
        )


def methods(run: Run) -> Methods:
    """Return the methods text of a run, as the mestore that is installed writes it."""
    return written(run, version=importlib.metadata.version("mestore"))


def written(run: Run, *, version: str) -> Methods:
    """Return the methods text of a run; `version` is that of the mestore that writes it."""
    if not run.stores:
        return Methods(sections=())
    told = (
        ("Recordings", [recordings.sentences(run)]),
        ("Processing", stores.sentences(run)),
        ("Evaluation", scores.sentences(run)),
        ("Software", [software.sentences(run, version=version)]),
    )
    return Methods(
        sections=tuple(Section(title=title, texts=tuple(texts)) for title, texts in told if texts),
        notes=(*recordings.notes(run), *software.notes(run), *scores.notes(run)),
    )
