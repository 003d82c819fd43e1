"""Names: what files and anchors of a report are called, whatever a subject or a clip is called."""

import hashlib
import re

_PLAIN = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # on Windows, and so on many shares
_MARK = "~"  # in no plain name: what was changed can be no other subject's own name


def subject_file(subject: str) -> str:
    """Return the name of a subject's page without its ending, and of the folder of its images.

    Letters, digits, dots, hyphens and underscores stay as they are. A name with anything else, a hidden
    one, a long one, or one that Windows keeps for itself gets a digest of the subject, so that two subjects
    never share a name.

    Examples
    --------
    >>> subject_file("spNO.1"), subject_file("../x"), subject_file("<b>")
    ('spNO.1', 'x~d6b96a97d1', 'b~507ca5a274')
    """
    if _PLAIN.fullmatch(subject) and not _RESERVED.fullmatch(subject):
        return subject
    return f"{_slug(subject)}{_MARK}{_digest(subject)}"


def subject_page(subject: str) -> str:
    """Return the path of a subject's page below the folder of the report.

    Examples
    --------
    >>> subject_page("sub01")
    'subjects/sub01.html'
    """
    return f"subjects/{subject_file(subject)}.html"


def clip_anchor(clip_id: str) -> str:
    """Return the id of a clip's section in the page of its subject.

    Examples
    --------
    >>> clip_anchor("casme2/sub01/EP02_01f@46")
    'EP02_01f-46-ea68e40f41'
    """
    return f"{_slug(clip_id.rpartition('/')[2])}-{_digest(clip_id)}"


def _slug(text: str) -> str:
    return re.sub("[^A-Za-z0-9_-]+", "-", text).strip("-")[:40] or "x"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
