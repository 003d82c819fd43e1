"""What a measurement was made on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = (
    *("numpy", "numba", "opencv-contrib-python-headless", "scikit-image", "scipy"),
    *("h5py", "zarr"),
)


def machine() -> str:
    """Return processor, cores, Python and libraries, in one line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}"
    )


def _processor() -> str:
    """Return the processor's model; only Linux tells it in a file."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
