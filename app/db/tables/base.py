"""What all tables share: naming of constraints, key and time columns, tenancy."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, MetaData, Text, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables. Times are aware UTC, given by the caller: no column defaults to now()."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text(), UUID: Uuid()}  # noqa: RUF012


Key = Annotated[UUID, mapped_column(Uuid(), primary_key=True, server_default=text("uuidv7()"))]
Won = Annotated[int, mapped_column(BigInteger())]
"""Integer KRW."""


class Timestamps:
    """When the row was made and last changed, in business time."""

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OfCompany:
    """A tenant's row: row-level security opens it to its company only."""

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"), index=True)


class BelowCompany:
    """A tenant's row that is always looked for by its parent: its index names both."""

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"))


def one_of(column: str, *values: str) -> CheckConstraint:
    """`column IN (…)`: an enumeration kept as text."""
    listed = ", ".join(f"'{name}'" for name in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
