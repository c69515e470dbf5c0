"""Makes the reference SPA of its TypeScript and the generated SDK: `python -m tools.spa`.

Needs what `make sdks` installs. The sources in sandbox/spa/src are type-checked against the SDK
and bundled, readable, into sandbox/spa/assets/app.js, which is committed: `make run` needs no Node.
tests/sdks fails where it is not what the sources make.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from tools import sdks

SPA: Final = sdks.ROOT / "sandbox" / "spa"
BUNDLE: Final = SPA / "assets" / "app.js"
MODULES: Final = sdks.RECIPES / "typescript" / "node_modules"

SDK_COMMENTS: Final = re.compile(r"^ */\*\*\n(?: +\*.*\n)+", re.MULTILINE)
"""The contract's own words over each method of the SDK: they are read in the reference."""


def check() -> None:
    """Raises `CalledProcessError` where the SPA's types are not the contract's."""
    node, path = sdks._node()
    compiler = MODULES / "typescript" / "bin" / "tsc"
    environment = {**os.environ, "PATH": path}
    subprocess.run([node, str(compiler), "-p", str(SPA)], check=True, env=environment)


def bundle(to: Path = BUNDLE) -> Path:
    """One module, shaken to what is used, not minified."""
    program = MODULES / "esbuild" / "bin" / "esbuild"
    options = ["--bundle", "--format=esm", "--target=es2022", "--charset=utf8"]
    command = [str(program), "sandbox/spa/src/main.ts", *options, "--legal-comments=none"]
    quiet = ["--log-level=error", f"--tsconfig={SPA / 'tsconfig.json'}"]
    done = subprocess.run([*command, *quiet], check=True, cwd=sdks.ROOT, stdout=subprocess.PIPE)
    to.write_text(SDK_COMMENTS.sub("", done.stdout.decode()), "utf-8")
    return to


def main() -> None:
    if not (sdks.BUILD / "typescript" / "dist" / "index.js").exists():
        sdks.typescript()
    check()
    print(bundle())


if __name__ == "__main__":
    main()
