"""Sets of action units: those of MEB and of 4DME."""

from mestore.aus.policies import POLICIES, TWELVE
from mestore.labels.au_sets import BY_READER


def test_sets_are_those_of_meb():
    assert {reader: "+".join(map(str, units)) for reader, units in BY_READER.items()} == {
        "casme": "1+4+9+14",
        "casme2": "1+2+4+7+12+14+15+17",
        "samm": "2+4+7+12",
        "mmew": "1+2+4+5+7+10+12+14",
        "fourdme": "1+2+4+6+7+12+17+45",
    }


def test_only_4dme_goes_beyond_the_twelve_and_agrees_with_its_policy():
    beyond = {reader: set(units) - set(TWELVE) for reader, units in BY_READER.items()}
    assert {reader: units for reader, units in beyond.items() if units} == {"fourdme": {45}}
    assert BY_READER["fourdme"] == POLICIES["4dme"].units
