"""Action units: the grammar of a coding sheet's AU cells, and what a protocol makes of them.

`parse` reads a cell and never fails, `to_text` prints it, `vector` turns it into zeros and ones by a policy.
"""

from mestore.aus.codes import Alternatives, Coding, Note, Unit, units
from mestore.aus.grammar import parse, to_text
from mestore.aus.policies import PINS, POLICIES, Policy, resolve, vector

__all__ = [
    "PINS",
    "POLICIES",
    "Alternatives",
    "Coding",
    "Note",
    "Policy",
    "Unit",
    "parse",
    "resolve",
    "to_text",
    "units",
    "vector",
]
