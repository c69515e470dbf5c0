"""What a person sees of the groupware: sign-in, a site's page with its waffle menu, set-up."""

import hmac
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.forms import Form
from sandbox.groupware.api import GroupwareWorld
from sandbox.groupware.people import COOKIE, everybody, sign_in, signed_in, start_url
from sandbox.groupware.rendering import page
from sandbox.groupware.state import Site, SiteUser

SHOWN = 30
MENU = ("홈", "메일", "캘린더", "게시판", "전자결재", "조직도")
HOSTING = {
    "SHARED_FREE": "공유형 무료",
    "SHARED": "클라우드 공유형",
    "DEDICATED": "클라우드 단독형",
}


def _inside(path: str) -> str:
    """A path of ours, whatever was sent."""
    inside = path.startswith("/groupware/") and "//" not in path.partition("?")[0]
    return path if inside else "/groupware/"


def build_pages_router(world: GroupwareWorld) -> APIRouter:
    """Below /groupware."""
    router = APIRouter(prefix="/groupware", include_in_schema=False)

    def open_site(subdomain: str) -> Site | None:
        site = world.groupware.owner_of(subdomain)
        if site is None:
            sites = reversed(world.groupware.sites.values())
            site = next((s for s in sites if s.wanted.subdomain == subdomain), None)
        return site if site is not None and site.opened_at is not None else None

    def matches(site: Site, user: SiteUser, words: str) -> bool:
        facts = (site.wanted.name, site.address_of(user), user.name, user.sub)
        return any(words.lower() in fact.lower() for fact in facts)

    @router.get("/")
    async def start(request: Request) -> Response:
        here = signed_in(world, request)
        target = f"sites/{here[0].wanted.subdomain}" if here else "sign-in"
        return RedirectResponse(f"/groupware/{target}", 303)

    @router.get("/sign-in")
    async def sign_in_page(return_to: str = "/groupware/", q: str = "") -> Response:
        people = [(s, u) for s, u in everybody(world) if not q or matches(s, u, q)]
        shown = page(
            "sign_in.html",
            return_to=_inside(return_to),
            q=q,
            people=people[:SHOWN],
            more=len(people) - SHOWN,
        )
        return HTMLResponse(*shown)

    @router.post("/sign-in")
    async def do_sign_in(sent: Form, return_to: str = "/groupware/") -> Response:
        for site, user in everybody(world):
            if (site.external_id, user.sub) == (sent.get("site"), sent.get("sub")):
                answer = RedirectResponse(_inside(return_to), 303)
                sign_in(world, site, user, answer)
                return answer
        return HTMLResponse(*page("error.html", 403, why="로그인할 수 없는 사용자입니다."))

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        world.groupware.sessions.pop(request.cookies.get(COOKIE, ""), None)
        world.changed()
        answer = RedirectResponse("/groupware/sign-in", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @router.get("/sites/{subdomain}")
    async def site_page(request: Request, subdomain: str) -> Response:
        site = open_site(subdomain)
        if site is None:
            return HTMLResponse(*page("error.html", 404, why="개설된 사이트가 없습니다."))
        here = signed_in(world, request)
        if here is None or here[0] is not site:
            target = f"return_to={quote(request.url.path)}&q={subdomain}.groupware"
            return RedirectResponse(f"/groupware/sign-in?{target}", 303)
        user = here[1]
        menu = [*MENU, *(("경리회계",) if site.wanted.accounting_menu else ())]
        portal = start_url(world, site, user) if user.site_admin else None
        shown = page("site.html", site=site, user=user, menu=menu, portal=portal, hosting=HOSTING)
        return HTMLResponse(*shown)

    @router.get("/sites/{subdomain}/setup")
    async def setup_page(subdomain: str) -> Response:
        site = open_site(subdomain)
        if site is None:
            return HTMLResponse(*page("error.html", 404, why="개설된 사이트가 없습니다."))
        return HTMLResponse(*page("setup.html", site=site))

    @router.post("/sites/{subdomain}/setup")
    async def set_up(subdomain: str, sent: Form) -> Response:
        """The link of the opening mail signs the first administrator in; it may be used again."""
        site = open_site(subdomain)
        token = sent.get("token", "").encode()
        if site is None or not hmac.compare_digest(token, site.setup_token.encode()):
            return HTMLResponse(*page("error.html", 403, why="사용할 수 없는 링크입니다."))
        answer = RedirectResponse(f"/groupware/sites/{subdomain}", 303)
        sign_in(world, site, site.users[0], answer)
        return answer

    return router
