"""Policies: what a protocol makes of a coding, as zeros and ones.

A policy says which units there are and which marks matter. All of them merge sides, ignore intensities and
count references. They count an uncertain unit (`13?` counts as 13, as in MEB's rule, which takes the digits).
A lone `?` counts nothing, and neither does a note, whatever digits it holds: `80 (big swallow)` counts as 80.
Alternatives count every unit they name, unless the policy pins them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mestore.aus.codes import Coding, Unit
from mestore.aus.codes import units as units_of
from mestore.aus.grammar import parse, to_text
from mestore.errors import MEStoreError

TWELVE = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17)
"""The action units of CD6ME (Varanka et al. 2023, Table 4) and of DFME (Zhao et al. 2023, section 4.1)."""

PINS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "007_6_1": ("(R6 or R12)+R15", "R12+R15"),
        "007_6_5": ("(R6 or R12)+R15", "R12+R15"),
        "011_4_2": ("L12 or L14", "L14"),
        "014_5_2": ("R12 or R14", "R14"),
        "035_7_2": ("R14A or 17A or 24A", "R14A"),
    }
)
"""SAMM's five cells with alternatives: clip, canonical text, and what MEB decided by optical flow.

Source: datasets.md section 3 (MEB, datasets.py:253-259, by row; clip names from the sheet in file order)."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a coding becomes a vector.

    Parameters
    ----------
    units : tuple of int
        The units of the vector, in order.
    static : bool
        Whether units marked (k) count.
    prefixes : bool
        Whether AD and M codes count as the unit of their number.
    pinned : bool
        Whether SAMM's five alternatives are replaced as in `PINS`.
    """

    units: tuple[int, ...] = TWELVE
    static: bool = False
    prefixes: bool = False
    pinned: bool = False

    def counts(self, unit: Unit) -> bool:
        """Return whether `unit` counts as the action unit of its number."""
        return (self.static or not unit.static) and (self.prefixes or not unit.prefix)


POLICIES: dict[str, Policy] = {
    # MEB takes the digits alone, so that AD38 is 38, and M58 (a movement of the head) is one with 58 (where
    # the head is). Neither number is among the twelve: it shows only where `units` asks for them.
    "cd6me": Policy(prefixes=True, pinned=True),
    # The twelve add up to the 11439 of DFME's section 4.1 only with unilateral units folded in. Its tables
    # list M57 and M58 as codes of their own. It knows no (k): what does not move is dropped as in cd6me.
    "dfme": Policy(),
    # X. Li et al. 2022 count static units (AU4 117, not 102) in the action unit task.
    "4dme": Policy(units=(1, 2, 4, 6, 7, 12, 17, 45), static=True),
}
"""The policies by name, of: Varanka et al. 2023, table 4, and MEB; Zhao et al. 2023, section 4.1; X. Li et
al. 2022, section 5.1.2."""


def resolve(coding: Coding, *, clip: str) -> Coding:
    """Return `coding`, or what SAMM's clip of that name was decided to show instead of its alternatives.

    Parameters
    ----------
    coding : tuple
        What `parse` gave.
    clip : str
        Name of the clip as the sheet has it ("007_6_1"). The coding is replaced only where its canonical
        text, too, is the one in `PINS`: another edition or another dataset keeps what it says.

    Examples
    --------
    >>> to_text(resolve(parse("L12 or L14"), clip="011_4_2")), to_text(resolve(parse("L12 or L14"), clip="a"))
    ('L14', 'L12 or L14')
    """
    text, decided = PINS.get(clip, ("", ""))
    return parse(decided) if text and to_text(coding) == text else coding


def vector(
    text_or_coding: str | Coding, *, policy: str, clip: str = "", units: tuple[int, ...] | None = None
) -> tuple[int, ...]:
    """Return which units a cell has, by a policy.

    Parameters
    ----------
    text_or_coding : str or tuple
        An AU cell, as text or parsed.
    policy : str
        A name in `POLICIES`.
    clip : str
        Name of the clip, for `resolve`.
    units : tuple of int, optional
        The units asked for; those of the policy if left out.

    Returns
    -------
    tuple of int
        1 where the cell has the unit, else 0; as long as the units asked for, in their order.

    Raises
    ------
    MEStoreError
        If there is no such policy.

    Examples
    --------
    >>> vector("AU4(k)+L7", policy="4dme")
    (0, 0, 1, 0, 1, 0, 0, 0)
    >>> vector("AU4(k)+L7", policy="cd6me", units=(4, 7))
    (0, 1)
    """
    if policy not in POLICIES:
        raise MEStoreError(f"no policy {policy!r} for action units; there are: {', '.join(POLICIES)}")
    rules = POLICIES[policy]
    coding = parse(text_or_coding) if isinstance(text_or_coding, str) else text_or_coding
    if rules.pinned:
        coding = resolve(coding, clip=clip)
    found = {unit.number for unit in units_of(coding) if rules.counts(unit)}
    return tuple(int(number in found) for number in (rules.units if units is None else units))
