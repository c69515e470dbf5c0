"""What must be true at the end, each against something that the portal cannot write."""

from collections import Counter
from uuid import UUID

from sqlalchemy import text

from app.db.ledger_proof import account_totals, differences
from tools.simulation.stack import Stack

_OURS = text(
    "SELECT payment_id, sum(amount)::bigint AS amount FROM postings"
    " WHERE account = 'PROVIDER' AND payment_id IS NOT NULL GROUP BY payment_id"
)
_SITES = text(
    "SELECT s.id, s.revision, s.access, m.status, m.users, m.expires_on FROM sites s"
    " JOIN memberships m ON m.site_id = s.id WHERE s.state = 'OPEN'"
)
_STRANGE = text(
    "SELECT 'paid and never delivered' AS what, o.number FROM orders o WHERE o.status = 'PAID'"
    "  AND o.starts_on IS NULL AND o.kind <> 'RENEWAL'"
    " UNION ALL SELECT 'paid twice', o.number FROM orders o JOIN payments p ON p.order_id = o.id"
    "  WHERE p.paid_at IS NOT NULL AND p.status = 'PAID' GROUP BY o.id HAVING count(*) > 1"
    " UNION ALL SELECT 'in use beyond its term', m.id::text FROM memberships m"
    "  WHERE m.status = 'IN_USE' AND m.expires_on < cast(:today AS date)"
    " UNION ALL SELECT 'overdue for too long', m.id::text FROM memberships m"
    "  WHERE m.status = 'OVERDUE' AND m.expires_on < cast(:today AS date) - 15"
    " UNION ALL SELECT 'opening for ever', o.number FROM orders o WHERE o.status = 'PROVISIONING'"
)
_COUNTS = {
    "orders": "SELECT kind || ' ' || status AS what, count(*) AS n FROM orders GROUP BY 1",
    "payments": "SELECT method || ' ' || status AS what, count(*) AS n FROM payments GROUP BY 1",
    "refunds": "SELECT reason || ' ' || state AS what, count(*) AS n FROM refunds GROUP BY 1",
    "memberships": "SELECT status AS what, count(*) AS n FROM memberships GROUP BY 1",
    "companies": "SELECT verification_status AS what, count(*) AS n FROM companies GROUP BY 1",
}


async def wrong(stack: Stack) -> list[str]:
    """Every line is something that is not as it should be."""
    return [
        *await _ledger(stack),
        *await _books(stack),
        *await _sites(stack),
        *await _strange(stack),
    ]


async def totals(stack: Stack) -> dict[str, int]:
    async with stack.deps.database.system_session("simulated totals") as session:
        return await account_totals(session)


async def counts(stack: Stack) -> dict[str, Counter[str]]:
    """What there is in the end."""
    found = {}
    async with stack.deps.database.system_session("simulated counts") as session:
        for name, statement in _COUNTS.items():
            rows = (await session.execute(text(statement))).all()
            found[name] = Counter({str(row.what): int(row.n) for row in rows})
    return found


async def _ledger(stack: Stack) -> list[str]:
    async with stack.deps.database.system_session("simulated proof") as session:
        found = await differences(session)
        balances = await account_totals(session)
    lines = [f"ledger: {difference}" for difference in found]
    if sum(balances.values()) != 0:
        lines.append(f"ledger: accounts add up to {sum(balances.values())}")
    return lines


async def _books(stack: Stack) -> list[str]:
    """Payment by payment, the provider's books and ours."""
    async with stack.deps.database.system_session("simulated books") as session:
        ours = {row.payment_id: row.amount for row in await session.execute(_OURS)}
    theirs = {
        UUID(key): (p.total or 0) - p.cancelled
        for key, p in stack.world.portone.payments.items()
        if p.paid_at is not None
    }
    return [
        f"books: payment {key}: theirs {theirs.get(key, 0)}, ours {ours.get(key, 0)}"
        for key in ours.keys() | theirs.keys()
        if theirs.get(key, 0) != ours.get(key, 0)
    ]


async def _sites(stack: Stack) -> list[str]:
    """Every open site at the groupware is what its membership says, at its newest revision."""
    async with stack.deps.database.system_session("simulated sites") as session:
        rows = (await session.execute(_SITES)).all()
    lines = []
    for row in rows:
        there = stack.world.groupware.sites.get(str(row.id))
        if there is None:
            lines.append(f"site {row.id} is not at the groupware")
            continue
        wanted = there.wanted
        if (wanted.revision, wanted.users) != (row.revision, row.users):
            lines.append(
                f"site {row.id}: revision {wanted.revision} users {wanted.users},"
                f" not {row.revision} {row.users}"
            )
    return lines


async def _strange(stack: Stack) -> list[str]:
    async with stack.deps.database.system_session("simulated states") as session:
        rows = await session.execute(_STRANGE, {"today": stack.now.date()})
        return [f"{row.what}: {row.number}" for row in rows]
