"""Keys: the digest of all that a subject of a store depends on, and its name in the build cache."""

from mestore.build.cache import digest
from mestore.store.layout import Description


def subject_key(description: Description, content: object) -> str:
    """Return the key of a subject.

    Parameters
    ----------
    description : Description
        Of the store, in the subject's dataset. The names of store and dataset do not count: two stores that
        are alike share their subjects.
    content : object
        What its input says of what the subject's clips hold: a JSON-able record.
    """
    return digest(
        {
            "kind": description.kind,
            "params": description.params,
            "code": description.code,
            "store": {"compressor": description.compressor},
            "input": content,
        }
    )
