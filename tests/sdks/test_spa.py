"""The reference SPA: it compiles against the SDK made anew, and what is committed is made of it."""

import subprocess
from pathlib import Path

import pytest

from tools import sdks, spa

pytestmark = pytest.mark.usefixtures("made")


def test_the_committed_bundle_is_what_the_sources_and_the_contract_make(tmp_path: Path) -> None:
    spa.check()
    made = spa.bundle(tmp_path / "app.js")
    assert made.read_text("utf-8") == spa.BUNDLE.read_text("utf-8"), "run `make spa`"


def test_a_field_that_the_contract_takes_away_fails_the_spa() -> None:
    types = sdks.BUILD / "typescript" / "dist" / "types.gen.d.ts"
    said = types.read_text("utf-8")
    line = said.index("export type OrderLineBody = {")
    name = said.index("name: string;", line)
    try:
        types.write_text(said[:name] + said[name + len("name: string;") :], "utf-8")
        with pytest.raises(subprocess.CalledProcessError):
            spa.check()
    finally:
        types.write_text(said, "utf-8")
