"""Every migration goes up and down, and the tree's tables are what the migrations make."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.db.migrate import alembic_config, head_revision
from app.db.tables import Base
from tools.postgres import EmbeddedPostgres

QUEUE = {"pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"}


async def test_each_migration_goes_down_and_up_again(
    postgres: EmbeddedPostgres, database_name: str
) -> None:
    engine = create_async_engine(postgres.dsn(database_name))

    def walk(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        revisions = list(ScriptDirectory.from_config(config).walk_revisions())
        for revision in revisions:
            command.downgrade(config, revision.down_revision or "base")
            command.upgrade(config, revision.revision)
            command.downgrade(config, revision.down_revision or "base")
        left = connection.execute(
            text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        ).scalar_one()
        assert left == 1  # alembic_version
        command.upgrade(config, "head")

    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL ROLE portal_owner"))
        await connection.run_sync(walk)
    await engine.dispose()


async def test_tables_in_the_code_are_the_tables_of_the_migrations(
    postgres: EmbeddedPostgres, database_name: str
) -> None:
    engine = create_async_engine(postgres.dsn(database_name))

    def differences(connection: Connection) -> list[object]:
        def ours(_: object, name: str | None, kind: str, *__: object) -> bool:
            return not (kind == "table" and name in QUEUE)

        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": ours}
        )
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        revision = await connection.execute(text("SELECT version_num FROM alembic_version"))
        assert revision.scalar_one() == head_revision()
    await engine.dispose()
