"""`make diagrams`: draws docs/guides/diagrams/*.mmd as SVG, in the machine's Chromium.

MERMAID names mermaid.min.js of the npm package (11). Each drawing names the digest of what it was
drawn from, so that a test can tell an old one; pages need neither Node nor a script.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "guides" / "diagrams"
DRAW = """async (source) => {
  mermaid.initialize({ startOnLoad: false, theme: "neutral", fontFamily: "sans-serif",
    deterministicIds: true, sequence: { useMaxWidth: true, mirrorActors: false } });
  return (await mermaid.render("diagram", source)).svg;
}"""


def digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def main() -> int:
    script = os.environ.get("MERMAID")
    chromium = shutil.which("chromium")
    if script is None or chromium is None:
        print("MERMAID has to name mermaid.min.js, and Chromium has to be there")
        return 1
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page()
        page.set_content("<!doctype html><html><body></body></html>")
        page.add_script_tag(path=script)
        for path in sorted(FOLDER.glob("*.mmd")):
            source = path.read_text("utf-8")
            drawn = str(page.evaluate(DRAW, source))
            text = f"<!-- {digest(source)} -->\n{drawn}\n"
            path.with_suffix(".svg").write_text(text, encoding="utf-8")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
