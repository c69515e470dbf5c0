"""Alembic's environment: runs on the connection that `app.db.migrate` (or a test) hands over."""

from alembic import context

from app.db.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
