"""Template: the files of a workspace, as this mestore has them, and the record of those that were laid out.

There is one copy of them, the repository's own: a wheel carries it (pyproject.toml), a checkout is it.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import mestore
from mestore.errors import MEStoreError
from mestore.replacing import replacing

OURS = ("dvc.yaml", "stages/run", "stages/*.py", ".dvc/plots/*.json")
"""What a lab does not edit: it holds no setting, and an upgrade replaces it."""

THEIRS = ("params.yaml", "data/.gitignore", ".dvcignore", ".dvc/config")
"""What is the lab's from the first day; an upgrade leaves it alone."""

_IN_WHEEL = "workspace_template"
RECORD = ".mestore/template.json"
PYTHON = ".mestore/python"


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was laid out, and by which mestore; in git with the workspace.

    Parameters
    ----------
    version : str
        Of mestore.
    files : dict of str to str
        sha256 of each of `OURS`, as mestore wrote it.
    keys : dict of str to str
        The keys of params.yaml that it knew, with their defaults.
    """

    version: str
    files: dict[str, str]
    keys: dict[str, str]

    @classmethod
    def read(cls, directory: Path) -> "Record":
        """Return the record of a workspace.

        Raises
        ------
        MEStoreError
            If there is none, or it is damaged.
        """
        path = directory / RECORD
        try:
            its = json.loads(path.read_bytes())
            files = dict(its["files"])
            if elsewhere := [it for it in files if it.startswith("/") or ".." in Path(it).parts]:
                raise ValueError(f"{elsewhere[0]} is not below the workspace")
            return cls(version=str(its["mestore"]), files=files, keys=dict(its["keys"]))
        except FileNotFoundError:
            raise MEStoreError(
                f"{directory} was not made by `mestore init`: found no {RECORD}. A clone of mestore is "
                "upgraded with `git pull`; for a workspace of your own run `mestore init` in another folder"
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise MEStoreError(
                f"{path} is damaged ({error}); get it back with `git checkout {RECORD}`"
            ) from None

    def write(self, directory: Path) -> None:
        """Write the record of a workspace."""
        its = {"mestore": self.version, "files": self.files, "keys": self.keys}
        put(directory / RECORD, (json.dumps(its, indent=1, sort_keys=True) + "\n").encode())


def template() -> dict[str, bytes]:
    """Return the content of every file of a workspace, by its path in it.

    Raises
    ------
    MEStoreError
        If this mestore came without them.
    """
    package = Path(mestore.__file__).parent
    roots = (package / _IN_WHEEL, package.parents[1])
    root = next((it for it in roots if (it / "dvc.yaml").is_file()), None)
    if root is None:
        raise MEStoreError(
            f"the mestore in {package} came without the files of a workspace; install it from its wheel or "
            "from a clone (`pip install <clone>`)"
        )
    found = sorted({path for pattern in (*OURS, *THEIRS) for path in root.glob(pattern)})
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def is_ours(name: str) -> bool:
    """Return whether an upgrade replaces a file.

    Examples
    --------
    >>> is_ours("stages/store.py"), is_ours("params.yaml")
    (True, False)
    """
    return any(Path(name).match(pattern) for pattern in OURS) and name not in THEIRS


def digest(content: bytes) -> str:
    """Return the sha256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def put(path: Path, content: bytes) -> None:
    """Write a file: a reader sees all of it or what was there."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def version_here() -> str:
    """Return the version of this mestore."""
    try:
        return version("mestore")
    except PackageNotFoundError:  # the source alone is on the path
        return "not installed"
