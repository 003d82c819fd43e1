"""Methods of protocols: how folds were made, in a sentence, one function per kind of protocol.

A protocol that is not in `PROTOCOL_SENTENCES` gets a sentence all the same, made of its title and parameters;
`tests/report/test_methods.py` asks for a better one.
"""

from collections.abc import Callable, Mapping

from mestore.protocols import PROTOCOLS
from mestore.protocols.folds import Folds
from mestore.report.methods.citing import cite, listed, number, outside


def of_folds(folds: Folds) -> str:
    """Return how folds were made."""
    return PROTOCOL_SENTENCES.get(folds.protocol, generic)(folds)


def loso(folds: Folds) -> str:
    """Return leave one person out."""
    return (
        "One person was left out at a time (leave-one-subject-out cross-validation by person): each of "
        f"{len(folds)} folds was trained on the clips of all other persons and tested on those of the one "
        "left out."
    )


def kfold(folds: Folds) -> str:
    """Return k folds by person."""
    p = folds.params
    how = ""
    if p.get("balance"):
        how = f", each with about as many clips and, where possible, every class {cite('li2022')}"
    elif p.get("by_part"):
        how = ", the persons of each part spread evenly"
    return (
        f"The persons were divided into {number(len(folds), 'fold')}{how} (seed {p.get('seed', 0)}); each "
        "fold was tested once by what was trained on the others."
    )


def official(folds: Folds) -> str:
    """Return a dataset's own split."""
    p = folds.params
    tested = listed(outside(fold.name) for fold in folds)
    if p.get("train"):
        return (
            f"The split that is published with the dataset was used: {listed(map(outside, p['train']))} to "
            f"train, and {tested} to test."
        )
    return (
        f"The split that is published with the dataset was used; each of its parts ({tested}) was tested "
        "once."
    )


def lovo(folds: Folds) -> str:
    """Return leave one video out."""
    return (
        f"One video was left out at a time ({len(folds)} folds). Videos of the same person were trained "
        f"on, so that scores are not comparable with those by person {cite('varanka2024')}."
    )


def megc2018(folds: Folds) -> str:
    """Return a task of MEGC2018."""
    if folds.params.get("task") == "hde":
        how = "the holdout task: trained on one of CASME II and SAMM, and tested on the other, both ways"
    else:
        how = f"the composite task: one person of CASME II and SAMM left out at a time, {len(folds)} folds"
    return f"The protocol was that of the grand challenge of 2018 (MEGC2018) {cite('yap2018')}, {how}."


def megc2019(folds: Folds) -> str:
    """Return MEGC2019."""
    return (
        f"The protocol was that of the grand challenge of 2019 (MEGC2019) {cite('see2019')}: the composite "
        f"of CASME II, SAMM and SMIC HS, one person left out at a time ({len(folds)} folds)."
    )


def cd6me(folds: Folds) -> str:
    """Return CD6ME."""
    return (
        f"The protocol was CD6ME {cite('varanka2024')}: one of {len(folds)} datasets was tested at a time "
        "by what was trained on the others."
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
        f"({', '.join(filter(None, [number(len(folds), 'fold'), params]))})."
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
