"""The sandbox's SPA: one strict document for every page, and nothing from elsewhere."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from sandbox.app import create_sandbox
from sandbox.settings import SandboxSettings
from sandbox.world import World

HERE = Path(__file__).parents[2]
SPA = HERE / "sandbox" / "spa"
ASSETS = SPA / "assets"
SOURCES = sorted((SPA / "src").rglob("*.ts"))
SCRIPTS = sorted(path.relative_to(ASSETS).as_posix() for path in ASSETS.rglob("*.js"))


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    world = World(SandboxSettings(data_dir=tmp_path, port=8123))
    transport = httpx.ASGITransport(create_sandbox(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001") as made:
        yield made
    await world.close()


@pytest.mark.parametrize("path", ["/", "/login", "/sign-up/corporate", "/social/callback"])
async def test_every_page_is_the_same_strict_document(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(f"/spa{path}")
    assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src http://127.0.0.1:8123;" in policy
    assert "unsafe" not in policy
    assert 'content="http://127.0.0.1:8123"' in page.text
    assert not re.search(r"<style|style=|<script>|\son[a-z]+=", page.text)


@pytest.mark.parametrize("script", SCRIPTS)
async def test_scripts_are_served_and_neither_make_markup_of_text_nor_load_from_elsewhere(
    client: httpx.AsyncClient, script: str
) -> None:
    served = await client.get(f"/spa/assets/{script}")
    assert served.status_code == 200
    assert "javascript" in served.headers["content-type"]
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(", served.text)
    # The SDK's own default is the address of `make run`.
    assert set(re.findall(r"https?://[^\s\"]+", served.text)) <= {"http://127.0.0.1:8000"}
    assert "import " not in served.text.split("\n", 1)[0]


def test_what_a_browser_loads_is_one_readable_file_of_a_small_size() -> None:
    assert SCRIPTS == ["app.js"]
    text = (ASSETS / "app.js").read_text(encoding="utf-8")
    assert len(text.encode()) < 150_000
    assert text.count("\n") > 3_000


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_pages_ask_the_portal_by_the_sdk_alone(source: Path) -> None:
    """`fetch` is in portal.ts, which sends the SDK's requests; no page writes a path of the API."""
    text = source.read_text(encoding="utf-8")
    assert not re.search(r"[\"`]/v1", text)
    assert ("fetch(" in text) == (source.name == "portal.ts")
    assert not re.search(r"\bas any\b|@ts-|: any\b", text)


def test_every_page_that_the_portal_links_to_is_documented_and_routed() -> None:
    documented = (HERE / "docs" / "spa-pages.md").read_text(encoding="utf-8")
    routed = (SPA / "src" / "main.ts").read_text(encoding="utf-8")
    pages = {
        page
        for path in (HERE / "app" / "services").glob("*.py")
        for page in re.findall(
            r'(?:SPA_PAGE: Final = "|\{self\._spa_url\})(/[a-z/-]+)', path.read_text("utf-8")
        )
    }
    assert pages >= {"/handover", "/sign-up/corporate", "/invitations/accept", "/company/users"}
    for page in pages:
        assert f"`{page}" in documented
        assert f'"{page}":' in routed


async def test_the_payment_window_goes_back_to_pages_only_and_knows_its_payments(
    client: httpx.AsyncClient,
) -> None:
    missing = await client.get("/checkout?paymentId=none&redirectUrl=javascript:alert(1)")
    assert missing.status_code == 404
    assert "결제를 찾을 수 없습니다" in missing.text
    assert "javascript:" not in missing.text
    assert "unsafe" not in missing.headers["content-security-policy"]
    posted = await client.post("/checkout/none", data={"action": "approve", "back": "javascript:1"})
    assert posted.status_code == 404
