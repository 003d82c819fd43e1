"""Persons: those whose labels a fold holds back."""

from typing import SupportsIndex, overload


class HeldOut(tuple[str, ...]):
    """The test persons of a fold: `Store.to_sklearn` and `ClipDataset` give their data without labels.

    A tuple of names in every other respect. What it is put together with is held out too; a list or a set of
    its names is an ordinary one.

    Examples
    --------
    >>> HeldOut(["ann"]) == ("ann",)
    True
    >>> type(("bob",) + HeldOut(["ann"])).__name__
    'HeldOut'
    """

    __slots__ = ()

    def __add__(self, other: tuple[object, ...]) -> "HeldOut":
        return HeldOut((*self, *(str(one) for one in other)))

    def __radd__(self, other: tuple[str, ...]) -> "HeldOut":
        return HeldOut((*other, *self))

    @overload
    def __getitem__(self, place: SupportsIndex) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "HeldOut": ...
    def __getitem__(self, place: SupportsIndex | slice) -> "str | HeldOut":
        found = tuple.__getitem__(self, place)
        return HeldOut(found) if isinstance(place, slice) else found  # type: ignore[return-value]
