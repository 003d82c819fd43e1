"""The errors mestore raises.

Every message says what is wrong, where, what was found and expected, and what to do about it.
"""


class MEStoreError(Exception):
    """Anything mestore refuses or cannot do; the message is meant for the user."""


class ParamsError(MEStoreError):
    """params.yaml holds an unknown or ill-typed key."""


class AnnotationError(MEStoreError):
    """A dataset's folder or coding sheet is not what its reader understands."""


class UnsafePathError(AnnotationError):
    """A path from an annotation sheet leaves the dataset's folder."""


class StoreError(MEStoreError):
    """A store is absent, incomplete or damaged."""


class BuildError(MEStoreError):
    """A stage failed: too many clips failed, or the machine did."""


class LeakError(MEStoreError):
    """Something would put one person into two parts of a fold."""


class ScoreError(MEStoreError):
    """Predictions that cannot be scored against these folds."""


class ClipFault(MEStoreError):
    """A fault of one clip's data: it goes to the failures table and the build goes on.

    Parameters
    ----------
    found, expected, remedy : str
        What was there, what should have been, and what the user can do.

    Examples
    --------
    >>> print(ClipFault(found="no face", expected="one face", remedy="see docs"))
    found no face; expected one face; see docs
    """

    def __init__(self, *, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"found {found}; expected {expected}; {remedy}")
        self.found = found
        self.expected = expected
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments do not pickle by themselves, and workers send them.
        return (_clip_fault, (self.found, self.expected, self.remedy))


def _clip_fault(found: str, expected: str, remedy: str) -> ClipFault:
    return ClipFault(found=found, expected=expected, remedy=remedy)
