"""docs/protocols.md: every protocol, option, count and message is on the page, and its blocks are valid."""

import re
from pathlib import Path

import pytest
import yaml
from composites import cd6me, megc2018, megc2019

from mestore import LeakError
from mestore.params import ProtocolParams
from mestore.persons import HeldOut
from mestore.protocols import PROTOCOLS
from mestore.protocols.cd6me import MEMBERS as CD6ME
from mestore.protocols.composite import Member
from mestore.protocols.fold import Fold
from mestore.protocols.freeze import make_folds
from mestore.protocols.megc2018 import CASME2, SAMM
from mestore.protocols.megc2019 import MEMBERS as MEGC2019

PAGE = Path(__file__).parents[2] / "docs" / "protocols.md"
NAMES = {
    "casme": "CASME",
    "casme2": "CASME II",
    "samm": "SAMM",
    "smic": "SMIC HS",
    "fourdme": "4DME",
    "mmew": "MMEW",
    "casme3": "CAS(ME)^3 A",
}

every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


def section(protocol: str) -> str:
    """Return the part of the page that is about a protocol."""
    (text,) = re.findall(rf"^## `{protocol}`\n(.*?)(?=^## )", PAGE.read_text("utf-8"), re.M | re.S)
    return text


def options(protocol: str) -> list[str]:
    """Return the rows that a protocol's table of options must have."""
    fields = PROTOCOLS[protocol].options_model().model_fields
    return [f"| `{name}` | `{info.default}` | {info.description} |" for name, info in fields.items()]


def member(it: Member) -> str:
    """Return the row that a table of counts must have."""
    persons = " or ".join(map(str, it.persons))
    cells = [NAMES[it.reader], it.clips[0], persons, *it.labels.values()]
    return f"| {' | '.join(map(str, cells))} |"


def flat(text: str) -> str:
    return " ".join(text.split())


@every_protocol
def test_every_protocol_has_a_row_and_a_section_with_all_that_a_user_asks(protocol):
    page = PAGE.read_text("utf-8")
    assert f"\n| [`{protocol}`](#{protocol}) |" in page
    for word in ("*Left out*", "*Counts*", "*Flags*", "*Used by*"):
        assert word in section(protocol), word


@every_protocol
def test_every_option_stands_in_the_section_as_the_model_has_it_and_no_other(protocol):
    text = section(protocol)
    table = text[text.index("| option | default | meaning |") :].splitlines()
    assert [line for line in table[2:] if line.startswith("|")] == options(protocol)


@pytest.mark.parametrize(
    ("protocol", "members", "table"),
    [
        ("cd6me", CD6ME, cd6me),
        ("megc2018", (CASME2, SAMM), megc2018),
        ("megc2019", MEGC2019, megc2019),
    ],
)
def test_counts_are_those_that_folds_are_compared_with(protocol, members, table):
    text = section(protocol)
    for it in members:
        assert member(it) in text
    clips, persons = make_folds(table(), protocol=protocol).counts[:2]
    assert f"{clips.split()[1].strip(',')} clips" in flat(text)
    assert persons.split()[1].strip(",") in text


def test_the_blocks_of_params_yaml_are_valid():
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert blocks
    for block in blocks:
        for value in yaml.safe_load(block)["protocols"].values():
            protocol = ProtocolParams.model_validate(value)
            PROTOCOLS[protocol.kind].parse(protocol.params)


def test_messages_are_as_they_are_raised(table):
    page = PAGE.read_text("utf-8")
    with pytest.raises(LeakError) as twice:
        Fold(name="0", train=("ann",), test=HeldOut(["ann"]))
    with pytest.raises(LeakError) as absent:
        make_folds(table, protocol="megc2019")
    one = table.assign(clip_id=["casme2/sub01/EP02_01f@46", *table["clip_id"][1:]])
    with pytest.raises(LeakError) as changed:
        make_folds(one, protocol="loso").require(one.assign(emotion=["fear", *one["emotion"][1:]]))
    for raised in (twice, absent, changed):
        assert f"\n{raised.value}\n" in page
