"""Network: what the models of PyTorch share: weights read without running code, and one thread."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch


def read_weights(path: Path) -> Mapping[str, torch.Tensor]:
    """Return the weights in a file of PyTorch's, or in one that a zip file holds and nothing else.

    Nothing but tensors is read: a file cannot run code.
    """
    content = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            # PyTorch's own files are zip files too, of many entries.
            if len(archive.namelist()) == 1:
                content = archive.read(archive.namelist()[0])
    weights: Mapping[str, torch.Tensor] = torch.load(
        io.BytesIO(content), map_location="cpu", weights_only=True
    )
    return weights


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold PyTorch to one thread and to inference: results must not depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(before)
