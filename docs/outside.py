"""A hook of mkdocs: links out of docs/ to files of the repository, which the site does not hold.

On a code host `[params.yaml](../params.yaml)` leads to the file. In the site it becomes its text alone or,
where mkdocs.yml has a `repo_url`, a link to the file there. A file that is not there is a warning, and so an
error.
"""

import logging
import re
from pathlib import Path
from typing import Any

LOG = logging.getLogger("mkdocs.hooks.outside")
LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Return the page's text with its links to files outside docs/ replaced."""
    root = Path(config["config_file_path"]).parent

    def replaced(match: re.Match[str]) -> str:
        text, path = match[1], match[2]
        if not (root / path).exists():
            LOG.warning("%s: there is no file %s; mend the link", page.file.src_uri, path)
        url = config["repo_url"]
        return f"[{text}]({url.rstrip('/')}/blob/main/{path})" if url else text

    return LINK.sub(replaced, markdown)
