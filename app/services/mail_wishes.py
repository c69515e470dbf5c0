"""Who wants a mail: the account it is to, and ADMINs who want copies of a company's (section 14).

Looked at when a mail is sent, so that what causes it pays for none of this.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.tables.plumbing import Mail
from app.db.vault import Vault
from app.domain.invitations import LINK_LASTS
from app.domain.notification_topics import COPIED, NotificationTopic, topic_of, wants_mail
from app.domain.roles import AccountKind

_CHOSEN = text(
    "SELECT a.kind, p.mail FROM accounts a LEFT JOIN notification_preferences p"
    " ON p.account_id = a.id AND p.topic = :topic WHERE a.id = :account"
)
_WHO_WANTS_COPIES = text(
    "SELECT a.id, a.email, a.email_index FROM notification_preferences p"
    " JOIN accounts a ON a.id = p.account_id AND a.status = 'ACTIVE'"
    " AND a.email IS NOT NULL AND a.email_verified_at IS NOT NULL"
    " JOIN company_members u ON u.account_id = a.id AND u.company_id = :company"
    " AND u.state = 'ACTIVE'"
    " WHERE p.topic = :topic AND p.mail AND a.id IS DISTINCT FROM :but AND EXISTS ("
    "   SELECT FROM groupware_links l JOIN sites s ON s.id = l.site_id AND s.state = 'OPEN'"
    "   WHERE l.account_id = a.id AND l.company_id = :company AND l.site_admin"
    "   AND l.confirmed_at > :links_since)"
)
"""Verified addresses of those who are ADMIN at this moment: what `portal_principal` asks."""


async def is_wanted(session: AsyncSession, mail: Mail) -> bool:
    """False where its account chose to be told in the portal only."""
    topic = topic_of(mail.kind)
    if topic in {None, NotificationTopic.SECURITY} or mail.account_id is None or mail.copy_of:
        return True
    assert topic is not None
    if topic in COPIED and topic is not NotificationTopic.USAGE:
        return True  # owed to whom it was written for; copies are another matter
    known = {"account": mail.account_id, "topic": str(topic)}
    found = (await session.execute(_CHOSEN, known)).one_or_none()
    return found is None or wants_mail(AccountKind(found.kind), topic, found.mail)


async def copies_of(
    session: AsyncSession, vault: Vault, mail: Mail, now: datetime
) -> Sequence[UUID]:
    """Queues the copies of a mail that went out, in the transaction that says so: once each.

    Returns their ids. Needs a session that sees the company's people.
    """
    topic = topic_of(mail.kind)
    if topic not in COPIED or mail.company_id is None or mail.copy_of is not None:
        return []
    known = {
        "company": mail.company_id,
        "topic": str(topic),
        "but": mail.account_id,
        "links_since": now - LINK_LASTS,
    }
    rows = [
        {
            "id": new_id(),
            "kind": mail.kind,
            "language": mail.language,
            "company_id": mail.company_id,
            "account_id": row.id,
            "about_account_id": None,
            "quote_id": None,
            "document_id": mail.document_id,
            "copy_of": mail.id,
            "recipient": vault.seal("mails.recipient", vault.open("accounts.email", row.email)),
            "recipient_index": row.email_index,
            "facts": mail.facts,
            "state": "QUEUED",
            "attempts": 0,
            "due_at": now,
            "sent_at": None,
            "created_at": now,
        }
        for row in await session.execute(_WHO_WANTS_COPIES, known)
    ]
    if rows:
        await session.execute(insert(Mail), rows)
    return [row["id"] for row in rows]
