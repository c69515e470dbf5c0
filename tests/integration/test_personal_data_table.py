"""The table of personal data is the schema's: nobody adds a column without saying what it holds."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.personal_data import FACTS, HARMLESS

COLUMNS = text(
    "SELECT c.relname || '.' || a.attname FROM pg_class c"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " JOIN pg_type t ON t.oid = a.atttypid"
    " WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace = 'public'::regnamespace"
    " AND (t.typcategory IN ('S', 'A', 'I', 'C') OR t.typname IN ('bytea', 'json', 'jsonb', 'xml'))"
)
"""Everything that can hold words or bytes: also arrays, internet addresses and composites."""


async def test_every_column_of_words_or_bytes_is_classified(owner_engine: AsyncEngine) -> None:
    async with owner_engine.connect() as connection:
        there = set((await connection.execute(COLUMNS)).scalars())
    facts = [fact.column for fact in FACTS]
    assert len(facts) == len(set(facts))
    assert set(facts) & set(HARMLESS) == set()
    assert there - set(facts) - set(HARMLESS) == set(), "classify them in app/domain/personal_data"
    assert set(facts) | set(HARMLESS) <= there


async def test_a_column_that_nobody_classified_is_found(owner_engine: AsyncEngine) -> None:
    async with owner_engine.connect() as connection:
        for kind in ("text", "bytea", "jsonb", "citext", "text[]", "inet", "varchar(9)"):
            await connection.execute(text(f'CREATE TABLE "t {kind}" (surname {kind}, n int)'))
        there = set((await connection.execute(COLUMNS)).scalars())
        assert len(there - {f.column for f in FACTS} - set(HARMLESS)) == 7
        await connection.rollback()


def test_what_law_keeps_names_its_law() -> None:
    by_law = {fact.keeping for fact in FACTS if fact.keeping.source}
    assert {keeping.code: keeping.days for keeping in by_law} == {
        "SIGN_IN_LOG": 92,  # the longest three months
        "CONTRACT": 1827,  # five years, the leap days with them
        "DISPUTE": 1096,  # three years, a leap day with them
        "INQUIRY": 1096,
    }
