"""Methods of protocols: how folds were made, in a sentence, one function per kind of protocol.

A protocol that is not in `PROTOCOL_SENTENCES` gets a sentence all the same, made of its title and parameters;
`tests/report/test_methods_text.py` asks for a better one.
"""

from collections.abc import Callable, Mapping

from mestore.counting import counted
from mestore.protocols import PROTOCOLS
from mestore.protocols.folds import Folds
from mestore.report.methods.citing import cite, listed, outside


def of_folds(folds: Folds) -> str:
    """Return how folds were made."""
    return PROTOCOL_SENTENCES.get(folds.protocol, generic)(folds)


def loso(folds: Folds) -> str:
    """Return leave one person out."""
    return (
        "One person is left out at a time (leave-one-subject-out cross-validation by person): each of "
        f"{len(folds)} folds tests the clips of one person and trains on those of all others."
    )


def kfold(folds: Folds) -> str:
    """Return k folds by person."""
    p = folds.params
    how = ""
    if p.get("balance"):
        how = f" with about as many clips and, where possible, every class in each {cite('li2023fourdme')}"
    elif p.get("by_part"):
        how = ", the persons of each part spread evenly"
    return (
        f"The persons were divided into {counted(len(folds), 'group')}{how} (seed {p.get('seed', 0)}); each "
        "fold tests one group and trains on the others."
    )


def official(folds: Folds) -> str:
    """Return a dataset's own split."""
    p = folds.params
    tested = listed(outside(fold.name) for fold in folds)
    if p.get("train"):
        return (
            f"The split that is published with the dataset was used: {listed(map(outside, p['train']))} for "
            f"training, and {tested} for testing."
        )
    return (
        f"The split that is published with the dataset was used: each fold tests one of its parts ({tested}) "
        "and trains on the others."
    )


def lovo(folds: Folds) -> str:
    """Return leave one video out."""
    return (
        f"One video is left out at a time ({counted(len(folds), 'fold')}). Other videos of the same person "
        f"are trained on, so that scores are not comparable with those by person {cite('varanka2024')}."
    )


def megc2018(folds: Folds) -> str:
    """Return a task of MEGC2018."""
    if folds.params.get("task") == "hde":
        how = "holdout task: one of CASME II and SAMM is trained on, and the other tested, both ways"
    else:
        how = (
            "composite task, which is defined on CASME II and SAMM: one person is left out at a time "
            f"({counted(len(folds), 'fold')})"
        )
    return (
        f"The protocol was that of the grand challenge of 2018 (MEGC2018) {cite('yap2018')}, on objective "
        f"classes {cite('davison2018objective')}, {how}."
    )


def megc2019(folds: Folds) -> str:
    """Return MEGC2019."""
    return (
        f"The protocol was that of the grand challenge of 2019 (MEGC2019) {cite('see2019')}, which is "
        "defined on the composite of CASME II, SAMM and SMIC HS: one person is left out at a time "
        f"({counted(len(folds), 'fold')})."
    )


def cd6me(folds: Folds) -> str:
    """Return CD6ME."""
    return (
        f"The protocol was CD6ME {cite('varanka2024')}, which is defined on six datasets: each of "
        f"{counted(len(folds), 'fold')} tests one of those that are here and trains on the others."
    )


def cdmer(folds: Folds) -> str:
    """Return CDMER."""
    kind = {"I": "TYPE-I", "II": "TYPE-II", "both": "TYPE-I and TYPE-II"}[str(folds.params.get("type", "II"))]
    return (
        f"The protocol was that of the cross-database benchmark CDMER {cite('zong2019')}, {kind}: "
        f"{listed(outside(fold.name) for fold in folds)}, each an experiment of its own."
    )


def generic(folds: Folds) -> str:
    """Return what is true of any protocol."""
    spec = PROTOCOLS.get(folds.protocol)
    params = (
        listed(f"{name} = {outside(value)}" for name, value in folds.params.items()) if folds.params else ""
    )
    return (
        f"Evaluation followed the protocol {outside(spec.title if spec else folds.protocol)} "
        f"({', '.join(filter(None, [counted(len(folds), 'fold'), params]))})."
    )


PROTOCOL_SENTENCES: Mapping[str, Callable[[Folds], str]] = {
    "loso": loso,
    "kfold": kfold,
    "official": official,
    "lovo": lovo,
    "megc2018": megc2018,
    "megc2019": megc2019,
    "cd6me": cd6me,
    "cdmer": cdmer,
}
"""What tells of folds, by the kind of protocol: one line here for each of `mestore.protocols.PROTOCOLS`."""


def unsaid() -> list[str]:
    """Return the protocols that have a generic sentence only."""
    return sorted(set(PROTOCOLS) - set(PROTOCOL_SENTENCES))
