"""Protocols: from a clip table to folds. Adding one is one file and one line in `PROTOCOLS`."""

PROTOCOLS: dict[str, str] = {
    "loso": "mestore.protocols.loso:loso",
}
"""Each a function (clip table) -> list of Fold."""
