"""Init: a lab's own workspace for an installed mestore: dvc.yaml, params.yaml, stages, and no source."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from mestore.errors import MEStoreError
from mestore.reference import params_keys
from mestore.template import PYTHON, RECORD, Record, digest, is_ours, put, template, version_here
from mestore.upgrade import upgrade_workspace

_README = "README.md"
_DVC_MAKES = (".dvc/config", ".dvcignore")
_TOP = ("git", "rev-parse", "--show-toplevel")

_IGNORED: dict[str, tuple[str, ...]] = {
    ".gitignore": (
        ".venv",
        "__pycache__/",
        "dvc_plots/",
        "*.check.csv",
        ".*.check.csv.*.tmp",
        ".params.yaml.*.tmp",
        "*.audit.html",
        ".*.audit.html.*.tmp",
        "*@*.png",
    ),
    # The first three are DVC's own, of an interrupted `dvc init`.
    ".dvc/.gitignore": ("/config.local", "/tmp", "/cache", "/mestore"),
    ".mestore/.gitignore": ("/python",),
}
"""Lines that must be in files which may hold others."""


def init_workspace(directory: Path, *, upgrade: bool = False) -> str:
    """Make a workspace, or bring one to this version of mestore, and return what was done and comes next.

    Nothing that is there is overwritten. What was interrupted is finished by the same command.

    Parameters
    ----------
    directory : Path
        A folder that is absent, empty or holds no pipeline; with `upgrade` a workspace.
    upgrade : bool
        Replace dvc.yaml and stages/ where nobody edited them, and say what that means for what was built.

    Raises
    ------
    MEStoreError
        If something is in the way, or git or DVC is missing or refuses.
    """
    directory = directory.absolute()
    if upgrade:
        done = upgrade_workspace(directory)
        _ignore(directory)
        _note_interpreter(directory)
        return done
    given = template()
    _refuse_occupied(directory, given)
    directory.mkdir(parents=True, exist_ok=True)
    _require_git(directory)
    if not (directory / ".dvc").is_dir():
        _dvc_init(directory)
    for name, content in given.items():
        path = directory / name
        if not path.exists() or (name in _DVC_MAKES and _says_nothing(path)):
            put(path, content)
    _lay_out_rest(directory)
    _note_interpreter(directory)
    written = {name: digest(content) for name, content in given.items() if is_ours(name)}
    Record(version=version_here(), files=written, keys=params_keys()).write(directory)
    return _next(directory)


def _refuse_occupied(directory: Path, given: Mapping[str, bytes]) -> None:
    if directory.exists() and not directory.is_dir():
        raise MEStoreError(f"{directory} is a file; expected a folder, or the name of one to make")
    if (directory / RECORD).is_file():
        raise MEStoreError(
            f"{directory} is a workspace already; run `mestore init {directory} --upgrade` to bring it to "
            "this version of mestore, or after cloning it to this machine"
        )
    for name, content in given.items():
        path = directory / name
        # DVC's own files may hold a lab's settings, and stay.
        if name in ("dvc.yaml", "params.yaml") or is_ours(name):
            there = path.read_bytes() if path.is_file() else b"" if path.exists() else content
            if there != content:
                raise MEStoreError(
                    f"{path} is there already and is not mestore's; choose an empty folder, or move it away"
                )


def _require_git(directory: Path) -> None:
    if shutil.which("git") is None:
        raise MEStoreError("git is not on PATH, and DVC's experiments need it; install git, and run again")
    if subprocess.run(_TOP, cwd=directory, capture_output=True).returncode:
        _run(["git", "init", "--quiet"], directory)


def _says_nothing(path: Path) -> bool:
    """Return whether a file holds but comments, as DVC makes it; a lab's settings stay."""
    return all(line.strip()[:1] in (b"", b"#") for line in path.read_bytes().splitlines())


def _dvc_init(directory: Path) -> None:
    below = Path(_run(_TOP, directory).removesuffix("\n")).resolve() != directory.resolve()
    _run([sys.executable, "-m", "dvc", "init", "--quiet", *(["--subdir"] if below else [])], directory)


def _run(command: Sequence[str], directory: Path) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise MEStoreError(f"`{' '.join(command)}` failed in {directory}: {said}")
    return done.stdout


def _ignore(directory: Path) -> None:
    """Have git pass over what holds faces or is nobody's; lines that are there stay."""
    for name, lines in _IGNORED.items():
        path = directory / name
        there = path.read_text(encoding="utf-8") if path.is_file() else ""
        missing = [line for line in lines if line not in there.splitlines()]
        if missing:
            begin = there if not there or there.endswith("\n") else there + "\n"
            put(path, (begin + "\n".join(missing) + "\n").encode())


def _lay_out_rest(directory: Path) -> None:
    _ignore(directory)
    if not (directory / _README).exists():
        put(directory / _README, files("mestore").joinpath("workspace_readme.md").read_bytes())
    (directory / "data" / "raw").mkdir(parents=True, exist_ok=True)


def _note_interpreter(directory: Path) -> None:
    """Note who shall run the stages: `dvc` may be called from another environment, or from none."""
    put(directory / PYTHON, f"{sys.executable}\n".encode())


def _next(directory: Path) -> str:
    return "\n".join(
        [
            f"workspace: {directory} (mestore {version_here()}, stages run with {sys.executable})",
            "next:",
            f"  cd {shlex.quote(str(directory))}",
            "  git add . && git commit -m 'A workspace of mestore'   # experiments need a commit",
            "  mestore demo data/raw/demo                            # or mestore add READER --raw PATH",
            "  dvc repro",
        ]
    )
