"""The TypeScript SDK: strictly typed, shaken to what is used, playing the main job."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.stack import Stack
from tests.flows import business_number
from tools import sdks

RECIPE = sdks.RECIPES / "typescript"
MODULES = RECIPE / "node_modules"
SDK = sdks.BUILD / "typescript"
pytestmark = pytest.mark.usefixtures("made")


def node(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program, path = sdks._node()
    return subprocess.run(
        [program, *command],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "PATH": path, **environment},
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A frontend's folder, with the SDK as a package of it."""
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "customer-portal-sdk").symlink_to(SDK)
    for name in ("@types", "undici-types"):
        (tmp_path / "node_modules" / name).symlink_to(MODULES / name)
    options = json.loads((RECIPE / "tsconfig.json").read_text("utf-8"))["compilerOptions"]
    options |= {"noEmit": True, "rootDir": ".", "types": ["node"], "module": "ESNext"}
    options |= {"moduleResolution": "bundler", "preserveSymlinks": True}
    config = {"compilerOptions": options, "include": ["*.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    (tmp_path / "package.json").write_text(json.dumps({"type": "module"}))
    return tmp_path


def compiled(project: Path) -> subprocess.CompletedProcess[str]:
    return node(str(MODULES / "typescript" / "bin" / "tsc"), "-p", str(project))


def bundled(project: Path, source: str, minify: bool = False) -> Path:
    program = MODULES / "esbuild" / "bin" / "esbuild"
    out = project / "bundle.mjs"
    command = [str(program), str(project / source), "--bundle", "--format=esm", "--log-level=error"]
    minified = ["--minify"] if minify else []
    done = subprocess.run(
        [*command, *minified, "--platform=node", "--preserve-symlinks", f"--outfile={out}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


def test_the_story_compiles_strictly_and_plays_the_main_job(project: Path, stack: Stack) -> None:
    shutil.copy(RECIPE / "story.ts", project)
    typed = compiled(project)
    assert typed.returncode == 0, typed.stdout
    played = node(
        str(bundled(project, "story.ts")),
        PORTAL_URL=f"http://127.0.0.1:{stack.ports[0]}",
        SANDBOX_URL=f"http://127.0.0.1:{stack.sandbox_port}",
        STORY_SUFFIX=f"{uuid4().int % 10**8:08d}",
        BUSINESS_NUMBER=business_number(),
    )
    assert played.returncode == 0, played.stderr[-2000:]
    told = json.loads(played.stdout)
    assert re.fullmatch(r"ORD-\d{8}-\d{6}", told["number"])
    assert told["total"] == 583_000
    assert (told["added"], told["users"]) == ("COMPLETED", 15)
    assert told["refused"] == "price_changed"
    assert told["sso"] in {"LINK_REQUIRED", "SIGN_UP_REQUIRED", "UNLINKED", "TICKET"}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("const total: string = order.total;", "TS2322"),
        ("const code: 'no_such_code' = problem.code;", "TS2322"),
        ("await Orders.create({ body: { items: [] } });", "TS2345|TS2739|TS2741|TS2322"),
        ("await Orders.createOrderV1OrdersPost({});", "TS2339"),
    ],
    ids=["money is a number", "codes are known", "fields are required", "names read well"],
)
def test_what_is_wrong_does_not_compile(project: Path, line: str, complaint: str) -> None:
    (project / "wrong.ts").write_text(
        "import { Orders } from 'customer-portal-sdk';\n"
        "import type { OrderBody, OrdersCreateErrors } from 'customer-portal-sdk';\n"
        "declare const order: OrderBody;\n"
        "declare const problem: OrdersCreateErrors[409];\n"
        f"{line}\nexport {{ Orders, order, problem }};\n"
    )
    refused = compiled(project)
    assert refused.returncode != 0
    assert re.search(complaint, refused.stdout), refused.stdout


def test_a_wrong_type_in_the_document_makes_the_story_fail(project: Path) -> None:
    """The total as a text: the story, which adds to it, does not compile."""
    types = SDK / "dist" / "types.gen.d.ts"
    said = types.read_text("utf-8")
    order = said.index("export type OrderBody = {")
    total = said.index("total: number;", order)
    (project / "story.ts").write_text(
        "import type { OrderBody } from 'customer-portal-sdk';\n"
        "export const twice = (order: OrderBody): number => order.total * 2;\n"
    )
    assert compiled(project).returncode == 0
    try:
        types.write_text(said[:total] + "total: string;" + said[total + len("total: number;") :])
        assert "TS2362" in compiled(project).stdout
    finally:
        types.write_text(said, "utf-8")


def test_who_reads_the_faq_ships_no_orders(project: Path) -> None:
    sizes = []
    for source in (
        "import { Faqs } from 'customer-portal-sdk';\nconsole.log(Faqs);\n",
        "import * as all from 'customer-portal-sdk';\nconsole.log(all);\n",
    ):
        (project / "one.ts").write_text(source)
        bundle = bundled(project, "one.ts", minify=True)
        sizes.append(len(bundle.read_bytes()))
        if "import *" not in source:
            assert "/v1/faqs" in bundle.read_text("utf-8")
            assert "/v1/orders" not in bundle.read_text("utf-8")
    assert sizes[0] < sizes[1] / 2
