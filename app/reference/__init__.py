"""The contract as pages, served by the API itself in the sandbox: nothing is loaded from elsewhere.

`/reference` is Scalar over the API's own document, with requests that really go to this API.
`/reference/guides/…` are the guides of docs/guides, Korean or English.
"""

import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.language import Language, language_of

CARRIER = "star_openapi_scalar"
"""The package that brings Scalar's script; nothing of it is imported."""
SCRIPT = "templates/scalar/js/scalar.standalone.js"
GUIDES = Path(__file__).parents[2] / "docs" / "guides"
ASSETS = {"start.js": "text/javascript", "pages.css": "text/css"}
_LINK = re.compile(r"\]\(/reference/guides/[a-z-]+")
MARKDOWN = MarkdownIt("commonmark").enable("table")

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/reference/assets/pages.css">
</head>
<body>
{body}
</body>
</html>
"""
REFERENCE = """<div id="reference"></div>
<script src="/reference/assets/scalar.js"></script>
<script src="/reference/assets/start.js"></script>
<noscript>This page needs JavaScript. The document itself: <a href="/openapi.json">/openapi.json</a>
</noscript>"""


def reference_routes(title: str) -> Sequence[BaseRoute]:
    """The pages' routes; none where Scalar is not installed, as in production's image."""
    try:
        script = Path(str(files(CARRIER).joinpath(SCRIPT)))
    except ModuleNotFoundError:
        return ()

    async def reference(request: Request) -> Response:
        return _page(title, REFERENCE, language_of(request))

    async def scalar(request: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=86400"}
        return FileResponse(script, media_type="text/javascript", headers=headers)

    return (
        Route("/reference", reference),
        Route("/reference/assets/scalar.js", scalar),
        *(Route(f"/reference/assets/{name}", _asset) for name in ASSETS),
        Route("/reference/guides/{name}", _guide),
        Route("/reference/diagrams/{name}", _diagram),
    )


def _page(title: str, body: str, language: Language) -> HTMLResponse:
    """No script but ours and Scalar's, which writes its own style elements."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    text = PAGE.format(language=language, title=title, body=body)
    return HTMLResponse(
        text, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    )


async def _asset(request: Request) -> Response:
    path = Path(__file__).parent / request.url.path.rpartition("/")[2]
    return FileResponse(path, media_type=ASSETS[path.name])


async def _guide(request: Request) -> Response:
    language = language_of(request)
    asked = request.query_params.get("language")
    if asked in set(Language):
        language = Language(asked)
    pages = guides(language)
    name = request.path_params["name"]
    if name not in pages:
        return PlainTextResponse("There is no such guide.", status_code=404)
    current = ' aria-current="page"'
    entries = "".join(
        f'<li><a href="/reference/guides/{quote(each)}?language={language}"'
        f"{current if each == name else ''}>{_title(text)}</a></li>"
        for each, text in pages.items()
    )
    text = _LINK.sub(lambda link: f"{link[0]}?language={language}", pages[name])
    other = Language.EN if language is Language.KO else Language.KO
    switch = f'<a href="?language={other}">{"English" if other is Language.EN else "한국어"}</a>'
    body = (
        f'<div class="guide"><nav aria-label="guides"><ul>{entries}'
        f'<li><a href="/reference">API reference</a></li><li>{switch}</li></ul></nav>'
        f"<main>{MARKDOWN.render(text)}</main></div>"
    )
    return _page(_title(pages[name]), body, language)


async def _diagram(request: Request) -> Response:
    path = GUIDES / "diagrams" / request.path_params["name"]
    known = {each.name for each in (GUIDES / "diagrams").glob("*.svg")}
    if path.name not in known:
        return PlainTextResponse("There is no such diagram.", status_code=404)
    return FileResponse(path, media_type="image/svg+xml")


def guides(language: Language) -> dict[str, str]:
    """The guides' Markdown by name, in their order: files are called `01-quick-start.md`."""
    found = sorted((GUIDES / str(language)).glob("*.md"))
    return {path.stem[3:]: path.read_text("utf-8") for path in found}


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ").strip()
