"""Workspace: where things are: the checkout, the raw recordings, the build cache."""

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import site_config_path, user_config_path


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The folders of one run.

    Parameters
    ----------
    root : Path
        The checkout whose code runs: dvc.yaml, params.yaml, data/. A queued experiment has its own.
    raw : Path
        Parent of the datasets' folders.
    cache : Path
        The build cache, shared by all checkouts that share a DVC cache.
    main : Path, optional
        The workspace that a queued experiment is a copy of; by default `root` itself.
    """

    root: Path
    raw: Path
    cache: Path
    main: Path | None = None

    @property
    def params(self) -> Path:
        """params.yaml."""
        return self.root / "params.yaml"

    @property
    def index(self) -> Path:
        """Clip tables and index failures, one pair per dataset."""
        return self.root / "data" / "index"

    @property
    def own(self) -> Path:
        """A lab's tables about datasets whose folders are not the lab's to write, by dataset."""
        return (self.main or self.root) / "data" / "own"

    @property
    def ledger(self) -> Path:
        """How many sets of predictions were scored against the folds of each protocol."""
        return (self.main or self.root) / "data" / "ledger"

    @property
    def logs(self) -> Path:
        """What stages did, one file per stage and name; an experiment in a copy writes it here too."""
        return (self.main or self.root) / "data" / "logs"

    @property
    def code(self) -> Path:
        """Code digests, one file per kind."""
        return self.root / "data" / "code"

    @property
    def stores(self) -> Path:
        """The stores."""
        return self.root / "data" / "stores"

    @property
    def folds(self) -> Path:
        """Frozen folds, one file per protocol."""
        return self.root / "data" / "folds"

    @property
    def scores(self) -> Path:
        """Scores, predictions and confusion, one folder per protocol."""
        return self.root / "data" / "scores"

    @property
    def motion(self) -> Path:
        """Mean motion over time by emotion, one table per dataset."""
        return self.root / "data" / "motion"

    @property
    def reports(self) -> Path:
        """Pages, one folder per dataset."""
        return self.root / "data" / "reports"


def find_workspace(root: Path, *, environment: Mapping[str, str] = os.environ) -> Workspace:
    """Return the workspace of the checkout at `root`.

    The raw root is $MESTORE_RAW, else $DVC_ROOT/data/raw, else data/raw: a queued experiment works in a copy
    that has no data/raw, and DVC_ROOT then still names the main workspace. The build cache is $MESTORE_CACHE,
    else the folder `mestore` beside DVC's cache, wherever DVC's configuration puts that.
    """
    main = Path(environment.get("DVC_ROOT") or root)
    raw = environment.get("MESTORE_RAW")
    cache = environment.get("MESTORE_CACHE")
    return Workspace(
        root=root,
        raw=Path(raw) if raw else main / "data" / "raw",
        cache=Path(cache) if cache else _dvc_cache(main / ".dvc").parent / "mestore",
        main=main,
    )


def _dvc_cache(dvc: Path) -> Path:
    """Return DVC's cache folder: of its four configurations the last that names one wins.

    Relative paths are relative to .dvc.
    """
    # DVC writes section names like ['remote "nas"'] and may repeat options; only `cache.dir` is of interest.
    config = configparser.ConfigParser(strict=False, interpolation=None)
    system, user = site_config_path("dvc", "iterative"), user_config_path("dvc", "iterative")
    files = [folder / "config" for folder in (system, user, dvc)] + [dvc / "config.local"]
    config.read(files, encoding="utf-8")
    return Path(os.path.normpath(dvc / config.get("cache", "dir", fallback="cache")))
