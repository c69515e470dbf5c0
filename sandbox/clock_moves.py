"""Business time goes forward: the portal first, then the sandbox."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx

from sandbox.world import World

SEOUL = ZoneInfo("Asia/Seoul")


async def move_clock(world: World, to: datetime) -> tuple[int, bytes | None, str | None]:
    """(status, the portal's answer, or our own word for why not). Forward only.

    The portal answers when everything due has run, which takes its time: the sandbox is as far
    ahead as if it had moved when it asked. Behind the portal, money would come before its order.
    """
    asked_at = datetime.now(UTC)
    if to < world.clock.now():
        return 409, None, "clock_moves_forward_only"
    try:
        answer = await world.client.put(
            f"{world.settings.internal_url}/internal/clock",
            json={"now": to.isoformat()},
            headers={"X-Internal-Secret": world.settings.internal_secret},
        )
    except httpx.HTTPError:
        return 503, None, "portal_unreachable"
    if answer.is_success:
        world.clock.ahead = max(world.clock.ahead, to - asked_at, timedelta())
        world.changed()
    return answer.status_code, answer.content, None


def next_renewal(world: World) -> datetime | None:
    """Ten in the morning (KST) of the next day on which a renewal is ordered (30 days before a
    site's last day) or charged (that day)."""
    now = world.clock.now()
    lasts = [site.wanted.expires_on for site in world.groupware.sites.values() if not site.closed]
    days = [last - timedelta(days=ahead) for last in lasts if last for ahead in (30, 0)]
    moments = [datetime.combine(day, time(10), tzinfo=SEOUL) for day in days]
    return min((moment for moment in moments if moment > now), default=None)
