"""The command `mestore bench`."""

from dataclasses import asdict, replace
from pathlib import Path

from mestore.cli.options import AsJson
from mestore.cli.says import say, say_json, say_table


def bench(as_json: AsJson = False) -> None:
    """Measure this machine: kernels beside other libraries.

    In less than a minute, on one thread. Methods of a case take turns; "times as fast" is the ratio of
    the minima.

    Example: mestore bench
    """
    from platformdirs import user_cache_path

    from mestore.build.environment import prepare_environment
    from mestore.workspace import find_workspace

    here = find_workspace(Path.cwd())
    if not here.params.is_file():
        here = replace(here, cache=user_cache_path("mestore"))
    # Before numba is imported: compiled code is then found again, and libraries have one thread.
    prepare_environment(here)
    from mestore.bench.machine import machine
    from mestore.bench.quick import measure

    where = machine()
    if not as_json:
        say(f"one thread of {where}")
    rows = measure(started=lambda case: None if as_json else say(f"measuring: {case}", error=True))
    if as_json:
        say_json({"machine": where, "rows": [asdict(row) for row in rows]})
        return
    cells = [
        [
            row.case,
            row.method,
            _digits(row.min_ms),
            _digits(row.median_ms),
            row.beside,
            _digits(row.times_as_fast) if row.times_as_fast else "",
        ]
        for row in rows
    ]
    say_table(["case", "method", "min ms", "median ms", "beside", "times as fast"], cells)


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
