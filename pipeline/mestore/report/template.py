"""Template: how all pages of the report look, and what they may do: run their own scripts, load own images.

Every page extends base.html.j2. Everything is escaped; a page names the scripts that may run by digest, so a
text that slipped through would still run nothing, and nothing can be fetched or sent.
"""

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def environment() -> Environment:
    """Return the environment of the report's templates.

    Besides Jinja's own: filter `json` gives a value for a ``<script type="application/json">``, filter `n`
    a number for people, filter `code` a text whose backticks mark code, function `inline` a file of this
    package, as it is.
    """
    made = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=PackageLoader("mestore.report", "."),
    )
    made.filters["json"] = as_json
    made.filters["code"] = with_code
    made.filters["n"] = number
    made.filters["digests"] = digests
    made.globals["inline"] = inline
    return made


def digests(scripts: str) -> Markup:
    """Return the sources of a content security policy that allow these inline scripts, and no other.

    Scripts are hashed as a browser does it, with LF for line ends; JSON is not run and needs no permission.

    Examples
    --------
    >>> digests('<script>1</script><script type="application/json">{}</script>')
    Markup("'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='")
    >>> digests("")
    Markup("'none'")
    """
    found = [hashlib.sha256(body.encode()).digest() for body in _SCRIPT.findall(str(scripts))]
    sources = (f"'sha256-{base64.b64encode(digest).decode()}'" for digest in found)
    # Base 64 has nothing that ends an attribute.
    return Markup(" ".join(sources) or "'none'")


def as_json(value: Any) -> Markup:
    r"""Return JSON that can stand in a script element: nothing in it ends the element.

    Examples
    --------
    >>> as_json(["</script>"])
    Markup('["\\u003c/script>"]')
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # "<" is only ever inside a string here, where its escape means the same.
    return Markup(text.replace("<", "\\u003c"))


def with_code(text: str) -> Markup:
    """Return a text, escaped, with what stands in backticks as code.

    Examples
    --------
    >>> with_code("run `dvc repro` <now>")
    Markup('run <code>dvc repro</code> &lt;now&gt;')
    """
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # one of them has no partner
        return escape(text)
    marked = (
        Markup("<code>{}</code>").format(it) if place % 2 else escape(it) for place, it in enumerate(pieces)
    )
    return Markup("").join(marked)


def number(value: float | None) -> str:
    """Return a number in three digits, or a dash for none.

    Examples
    --------
    >>> number(0.12345), number(1234.0), number(7), number(None)
    ('0.123', '1234', '7', '–')
    """
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.3g}"


@cache
def inline(name: str) -> Markup:
    """Return a file of this package as it is: a script or a style, which this project wrote."""
    return Markup(files("mestore.report").joinpath(name).read_text(encoding="utf-8"))
