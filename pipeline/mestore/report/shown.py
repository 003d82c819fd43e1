"""Shown: which stores of params.yaml a report shows of a clip."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from mestore.features import FLOWS
from mestore.params import Params, kind_params


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Names of the stores that are shown, None where params.yaml has none.

    Parameters
    ----------
    crops : str, optional
        The aligned crops with the most to show, the first of equals.
    clips : str, optional
        The first interpolated clips of these crops.
    flow : str, optional
        The first flow of them from onset to apex.
    sequence : str, optional
        The first flow from the onset to each other frame, of the clips or the crops.
    mdmo : str, optional
        The first MDMO of that sequence.
    """

    crops: str | None = None
    clips: str | None = None
    flow: str | None = None
    sequence: str | None = None
    mdmo: str | None = None

    @property
    def roles(self) -> dict[str, str]:
        """Names of the stores that are there, by what they are here."""
        return {role: name for role, name in asdict(self).items() if name is not None}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the stores that are there."""
        return tuple(self.roles.values())

    def missing(self) -> list[str]:
        """Return a sentence for each thing that cannot be shown."""
        return [said for field, said in _WITHOUT.items() if getattr(self, field) is None]


_WITHOUT = {
    "crops": "No pictures of faces: params.yaml has no store of kind align.",
    "clips": "No player: params.yaml has no store of kind tim over the crops shown.",
    "flow": "No flow and no strain: params.yaml has no store of flow with pairs: onset-apex over the crops.",
    "sequence": "No motion curve: params.yaml has no store of flow with pairs: onset-each over the crops or "
    "the clips.",
    "mdmo": "No MDMO: params.yaml has no store of kind mdmo over the flows of the motion curve.",
}


def stores_shown(params: Params) -> Shown:
    """Return the stores that a report shows: crops with the most to show, else the first."""
    aligned = [name for name, store in params.stores.items() if store.kind == "align"]
    # max takes the first of equals, so params.yaml's order decides.
    return max((_with(params, name) for name in aligned), key=lambda its: len(its.roles), default=Shown())


def _with(params: Params, crops: str) -> Shown:
    clips = _first(params, kinds=("tim",), of=(crops,))
    sequence = _first(params, kinds=FLOWS, of=(clips, crops), pairs="onset-each")
    return Shown(
        crops=crops,
        clips=clips,
        flow=_first(params, kinds=FLOWS, of=(crops,), pairs="onset-apex"),
        sequence=sequence,
        mdmo=_first(params, kinds=("mdmo",), of=(sequence,)),
    )


def _first(
    params: Params, *, kinds: Collection[str], of: Collection[str | None], pairs: str = ""
) -> str | None:
    """Return the first store of some kinds that reads one of the stores `of`."""
    inputs = {name for name in of if name is not None}
    for name, store in params.stores.items():
        if store.kind not in kinds or store.input_store not in inputs:
            continue
        if not pairs or getattr(kind_params(store), "pairs", "") == pairs:
            return name
    return None
