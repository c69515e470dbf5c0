"""The groupware's pages as a browser gets them."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
)


def page(template: str, status: int = 200, **facts: object) -> tuple[str, int, dict[str, str]]:
    """What an HTMLResponse is made of."""
    return _TEMPLATES.get_template(template).render(**facts), status, HEADERS
