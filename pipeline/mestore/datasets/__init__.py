"""The readers of datasets. Adding one is one file and one line in `READERS`."""

from mestore.datasets.spec import ReaderSpec

READERS: dict[str, ReaderSpec] = {
    "casme": ReaderSpec(
        title="CASME",
        read="mestore.datasets.casme:read",
        options="mestore.datasets.casme:CasmeOptions",
        layouts=({"layout": "raw"}, {"layout": "sections"}, {"layout": "cropped"}),
    ),
    "cas_me2": ReaderSpec(
        title="CAS(ME)^2",
        read="mestore.datasets.cas_me2:read",
        options="mestore.datasets.cas_me2:CasMe2Options",
        layouts=({"layout": "rawpic"}, {"layout": "faces"}, {"layout": "cropped"}, {"layout": "selectedpic"}),
    ),
    "casme2": ReaderSpec(
        title="CASME II",
        read="mestore.datasets.casme2:read",
        options="mestore.datasets.casme2:Casme2Options",
        layouts=({"layout": "raw"}, {"layout": "cropped"}, {"layout": "full"}),
    ),
    "casme3": ReaderSpec(
        title="CAS(ME)^3",
        read="mestore.datasets.casme3:read",
        options="mestore.datasets.casme3:Casme3Options",
        layouts=({}, {"modality": "depth"}),
    ),
    "dfme": ReaderSpec(
        title="DFME",
        read="mestore.datasets.dfme:read",
        options="mestore.datasets.dfme:DfmeOptions",
    ),
    "fourdme": ReaderSpec(
        title="4DME",
        read="mestore.datasets.fourdme:read",
        options="mestore.datasets.fourdme:FourDmeOptions",
    ),
    "mmew": ReaderSpec(
        title="MMEW",
        read="mestore.datasets.mmew:read",
        options="mestore.datasets.mmew:MmewOptions",
    ),
    "samm": ReaderSpec(
        title="SAMM",
        read="mestore.datasets.samm:read",
        options="mestore.datasets.samm:SammOptions",
        layouts=({"layout": "raw"}, {"layout": "cropped"}),
    ),
    "samm_lv": ReaderSpec(
        title="SAMM Long Videos",
        read="mestore.datasets.samm_lv:read",
        options="mestore.datasets.samm_lv:SammLvOptions",
    ),
    "smic": ReaderSpec(
        title="SMIC",
        read="mestore.datasets.smic:read",
        options="mestore.datasets.smic:SmicOptions",
        layouts=({"layout": "raw"}, {"layout": "cropped"}),
    ),
    "smic_e": ReaderSpec(
        title="SMIC-E",
        read="mestore.datasets.smic_e:read",
        options="mestore.datasets.smic_e:SmicEOptions",
    ),
    "table": ReaderSpec(
        title="a lab's own recordings",
        read="mestore.datasets.table:read",
        options="mestore.datasets.table:TableOptions",
    ),
}
