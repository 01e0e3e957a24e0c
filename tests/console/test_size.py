"""How much a browser loads before it shows the first page."""

from __future__ import annotations

import gzip
import json

from local.console import BUILT

FIRST_VIEW = 250_000  # bytes, compressed; without the calling SDK, which is loaded when a line is registered
FIRST_PAGE = "src/agent/agent-page.tsx"


def test_the_first_view_is_at_most_250_kb_compressed() -> None:
    manifest = json.loads((BUILT / ".vite/manifest.json").read_text())
    loaded: set[str] = set()

    def load(name: str) -> None:
        if name not in loaded:
            loaded.add(name)
            for each in manifest[name].get("imports", []):
                load(each)

    load("index.html")
    load(FIRST_PAGE)
    files = {manifest[name]["file"] for name in loaded} | {
        css for name in loaded for css in manifest[name].get("css", [])
    }
    sizes = {file: len(gzip.compress((BUILT / file).read_bytes())) for file in sorted(files)}
    assert 100_000 < sum(sizes.values()) <= FIRST_VIEW, sizes
