"""Code digest: one number for everything that computes a kind of store, so that nobody bumps versions.

It covers the parsed source of the kind's import closure inside mestore (docstrings, comments, layout and
parameter descriptions left out), major.minor of the libraries its spec declares, and the bytes of the data
files and weights it uses. Only the standard library is needed here.
"""

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = "mestore"
_REFERENCE = re.compile(rf"^({PACKAGE}(?:\.\w+)+):\w+$")

# Fields of the syntax tree that differ between Python 3.11 and 3.13 without a difference in meaning.
_UNSTABLE = {"ctx", "kind", "type_comment", "type_params", "type_ignores"}


def code_digest(
    modules: Iterable[str],
    *,
    source: Path,
    libraries: Iterable[str] = (),
    files: Iterable[str] = (),
    scripts: Iterable[Path] = (),
    registries: Iterable[str] = (),
    declared: object = None,
) -> dict[str, object]:
    """Return what computes something, as a JSON-able record with its digest.

    Parameters
    ----------
    modules : iterable of str
        Where to start, such as "mestore.features.tvl1".
    source : Path
        The folder that holds the package mestore.
    libraries : iterable of str
        Names of distributions.
    files : iterable of str
        "package:path" of data files.
    scripts : iterable of Path
        Python files outside the package that count too, themselves alone.
    registries : iterable of str
        Modules that do not count, nor what they alone mention: they list what there is, and whoever starts
        from here names what is used of it.
    declared : JSON-able
        Whatever else was said about it, such as a kind's spec.
    """
    record: dict[str, object] = {
        "declared": declared,
        "scripts": {path.name: source_digest(path) for path in sorted(scripts)},
        "modules": {
            name: source_digest(_path(name, source))
            for name in closure(modules, source=source, registries=registries)
        },
        "libraries": {name: _major_minor(name) for name in sorted(libraries)},
        "files": {reference: _file_digest(reference) for reference in sorted(files)},
    }
    text = json.dumps(record, sort_keys=True)
    return {"digest": hashlib.sha256(text.encode()).hexdigest(), **record}


def closure(modules: Iterable[str], *, source: Path, registries: Iterable[str] = ()) -> list[str]:
    """Return the modules of mestore that `modules` reach: by import, anywhere, or by "module:name" strings.

    What is in `registries` is not followed.

    A package's __init__ counts only where something is imported from it: registries may grow without
    rebuilding what was there before.
    """
    seen: set[str] = set()
    left_out = set(registries)
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name not in seen | left_out:
            seen.add(name)
            todo.extend(_mentioned(ast.parse(_path(name, source).read_bytes()), name, source))
    return sorted(seen)


def source_digest(path: Path) -> str:
    """Return the digest of what a module's source means."""
    return hashlib.sha256(_canonical(ast.parse(path.read_bytes())).encode()).hexdigest()


def _path(name: str, source: Path) -> Path:
    base = source.joinpath(*name.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _mentioned(tree: ast.AST, name: str, source: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _inside(alias.name))
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node, name, source)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = _REFERENCE.match(node.value)
            if match:
                yield match[1]


def _imported_from(node: ast.ImportFrom, name: str, source: Path) -> Iterator[str]:
    if node.level:
        raise ValueError(f"{name} has a relative import; mestore imports by full names, use one")
    base = node.module or ""
    if not _inside(base):
        return
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        yield inner if _path(inner, source).is_file() else base


def _inside(name: str) -> bool:
    return name == PACKAGE or name.startswith(PACKAGE + ".")


def _canonical(node: object) -> str:
    if isinstance(node, list):
        return "[" + ",".join(_canonical(item) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for field, value in ast.iter_fields(node):
        if field in _UNSTABLE or value is None or value == []:
            continue
        if field == "body" and isinstance(value, list):
            value = [item for item in value if not _is_text(item)]
        if field == "keywords" and _is_field(node):
            value = [item for item in value if item.arg != "description"]
        fields.append(f"{field}={_canonical(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _is_field(node: ast.AST) -> bool:
    """Whether a node is a call of pydantic's Field, whose description is words."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Field"


def _is_text(statement: ast.AST) -> bool:
    """Whether a statement is nothing but a string: a docstring of a module, class, function or attribute."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _major_minor(distribution: str) -> str:
    return ".".join(importlib.metadata.version(distribution).split(".")[:2])


def _file_digest(reference: str) -> str:
    package, _, path = reference.partition(":")
    # find_spec, because importing face_recognition_models needs pkg_resources, which new Pythons lack.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"package {package} with the data file {path} is not installed")
    with (Path(spec.origin).parent / path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
