"""Protocols: from a clip table to folds. Adding one is one file and one line in `PROTOCOLS`."""

from mestore.protocols.spec import ProtocolSpec

PROTOCOLS: dict[str, ProtocolSpec] = {
    "loso": ProtocolSpec(
        title="leave one person out",
        plan="mestore.protocols.loso:plan",
        options="mestore.protocols.loso:LosoOptions",
    ),
    "kfold": ProtocolSpec(
        title="k folds by person",
        plan="mestore.protocols.kfold:plan",
        options="mestore.protocols.kfold:KfoldOptions",
    ),
    "official": ProtocolSpec(
        title="a dataset's own split",
        plan="mestore.protocols.official:plan",
        options="mestore.protocols.official:OfficialOptions",
    ),
    "lovo": ProtocolSpec(
        title="leave one video out",
        plan="mestore.protocols.lovo:plan",
        options="mestore.protocols.lovo:LovoOptions",
    ),
    "megc2018": ProtocolSpec(
        title="MEGC2018: CASME II and SAMM, objective classes",
        plan="mestore.protocols.megc2018:plan",
        options="mestore.protocols.megc2018:Megc2018Options",
        target="megc2018",
    ),
    "megc2019": ProtocolSpec(
        title="MEGC2019: CASME II, SAMM and SMIC HS, three classes",
        plan="mestore.protocols.megc2019:plan",
        options="mestore.protocols.megc2019:Megc2019Options",
        target="megc2019",
    ),
    "cd6me": ProtocolSpec(
        title="CD6ME: leave one of six datasets out, twelve action units",
        plan="mestore.protocols.cd6me:plan",
        options="mestore.protocols.cd6me:Cd6meOptions",
        target="au_cd6me",
    ),
    "cdmer": ProtocolSpec(
        title="from one set of recordings to another",
        plan="mestore.protocols.cdmer:plan",
        options="mestore.protocols.cdmer:CdmerOptions",
        target="megc2019",
    ),
}
