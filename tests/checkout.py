"""Checkout: a copy of this repository in a folder of its own, used as a user would: unactivated, with git."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


class Checkout:
    """A fresh clone with this environment as its .venv; `run` is a shell that has not activated it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        # Files that git tracks or would track: the state under test, committed or not.
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.split():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        (folder / ".venv").symlink_to(sys.prefix)
        self.git("init", "-q", "-b", "main")
        self.commit("a clone")

    def run(self, *command: str, check: bool = True, **environment: str) -> str:
        """Run a command and return what it wrote, both streams."""
        clean = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder.parent),
            "CI": "true",
            "GIT_AUTHOR_NAME": "test",
            "GIT_AUTHOR_EMAIL": "test@example.org",
            "GIT_COMMITTER_NAME": "test",
            "GIT_COMMITTER_EMAIL": "test@example.org",
        }
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=clean | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def git(self, *arguments: str) -> str:
        """Run git."""
        return self.run("git", *arguments)

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def dvc(self, *arguments: str, check: bool = True, **environment: str) -> str:
        """Run .venv/bin/dvc, as without activation."""
        return self.run(".venv/bin/dvc", *arguments, check=check, **environment)

    def stage(self, *arguments: str, check: bool = True) -> str:
        """Run one stage by hand."""
        return self.run("sh", "stages/run", *arguments, check=check)

    def set_params(self, changes: dict[str, object]) -> None:
        """Change keys of params.yaml, given by dotted names; None removes one."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        for dotted, value in changes.items():
            *parents, last = dotted.split(".")
            section = params
            for key in parents:
                section = section[key]
            if value is None:
                del section[last]
            else:
                section[last] = value
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a piece of a file."""
        path = self.folder / name
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new))

    def stores(self) -> dict[str, bytes]:
        """Return the bytes of every file of every store."""
        folder = self.folder / "data" / "stores"
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != ".gitignore"
        }


def shared_media(name: str) -> Path | None:
    """Return a recording of a real person that lies beside the repository, or None."""
    path = Path(os.path.normpath(ROOT / ".." / "shared" / "media" / name))
    return path if path.is_file() else None
