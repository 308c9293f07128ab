"""The second belt, on PostgreSQL: a transaction reads and writes the rows of the group that it names, and no others.

The first belt is the filter in every query. This one holds where a filter was forgotten: every table with a `group_id`
has row-level security, for its owner too. Whoever names no group gets nothing and may write nothing. What works for all
groups at once, such as delivery, says so: it names EVERY.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

EVERY: Final = "every"
Whose: TypeAlias = int | Literal["every"]
GROUPS = "tenant"
# Lines that are only ever added to.
SEALED = ("event", "account_event", "checkpoint", "removed_group")
# Tables that only a migration changes.
_BOOKS = ("alembic_version", "oldest_shape")
_POLICY = "own_group"
_SETTING = "current_setting('auditloop.group', true)"
# One CASE, so that the planner leaves the other conditions their weight. Without a group it is NULL or empty: no row.
_OWN = f"CASE {_SETTING} WHEN '{EVERY}' THEN true WHEN '' THEN false ELSE {{column}} = {_SETTING}::int END"
_TABLES = sa.text(
    "SELECT c.relname AS table, c.relrowsecurity AND c.relforcerowsecurity AND p.polname IS NOT NULL AS is_fenced "
    "FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = :policy "
    "WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND (c.relname = :groups OR EXISTS ("
    "SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'group_id' AND NOT a.attisdropped)) "
    "ORDER BY c.relname"
)
_SELF = sa.text(
    "SELECT r.rolname AS name, r.rolsuper AS is_super, r.rolbypassrls AS passes, "
    "EXISTS (SELECT FROM pg_class c WHERE c.relname = :groups AND c.relowner = r.oid "
    "AND c.relnamespace = current_schema()::regnamespace) AS owns FROM pg_roles r WHERE r.rolname = current_user"
)
_HAS_ROLE = sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :role")


class Role(NamedTuple):
    """As whom the program works: `passes` where no fence holds it, `owns` where it could take fences down."""

    name: str
    passes: bool
    owns: bool


class Unfit(Exception):
    """Says in a sentence why a role cannot be the one as whom the program runs."""


def name_group(connection: sa.Connection, whose: Whose) -> None:
    """Name the group for which a connection works until its transaction ends; on SQLite there is nothing to name."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text("SELECT set_config('auditloop.group', :whose, true)"), {"whose": str(whose)}
        )


def put_up_fences(connection: sa.Connection) -> None:
    """Fence every table that holds rows of groups, in the caller's transaction; nothing is done twice."""
    for table in unfenced(connection):
        column = "id" if table == GROUPS else "group_id"
        name = connection.dialect.identifier_preparer.quote(table)
        connection.exec_driver_sql(f"DROP POLICY IF EXISTS {_POLICY} ON {name}")
        connection.exec_driver_sql(f"CREATE POLICY {_POLICY} ON {name} USING ({_OWN.format(column=column)})")
        connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def take_down_fences(connection: sa.Connection) -> None:
    """Take every fence down, for whoever goes back to a shape before there were any."""
    for row in connection.execute(_TABLES, {"policy": _POLICY, "groups": GROUPS}).all():
        name = connection.dialect.identifier_preparer.quote(row.table)
        connection.exec_driver_sql(f"DROP POLICY IF EXISTS {_POLICY} ON {name}")
        connection.exec_driver_sql(
            f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
        )


def unfenced(where: sa.Connection | Session) -> tuple[str, ...]:
    """Name the tables that hold rows of groups and have no fence."""
    rows = where.execute(_TABLES, {"policy": _POLICY, "groups": GROUPS})
    return tuple(row.table for row in rows if not row.is_fenced)


def role_of(where: sa.Connection | Session) -> Role:
    """Say as whom the program works on PostgreSQL, and what that means for the fences."""
    row = where.execute(_SELF, {"groups": GROUPS}).one()
    return Role(row.name, row.is_super or row.passes, row.owns)


def admit(connection: sa.Connection, role: str) -> bool:
    """Let a role run the program on this database, and no more; give whether it was made for that.

    It gets no password here. It may add to what is sealed, and neither change nor take away; of the migrations' own
    tables it may read. Tables that are there afterwards need another call. Raises Unfit for a role that no fence holds.
    """
    quoted = connection.dialect.identifier_preparer.quote(role)
    passes = connection.execute(_HAS_ROLE, {"role": role}).scalar_one_or_none()
    if passes:
        raise Unfit(
            f"{role} is a superuser or has BYPASSRLS, so that no fence between groups holds it; name another role."
        )
    if passes is None:
        connection.exec_driver_sql(f"CREATE ROLE {quoted} LOGIN")
    if role_of(connection).name == role:
        raise Unfit(
            f"{role} owns the tables and could take every fence down; name a role that owns nothing here."
        )
    spaces = [connection.scalar(sa.text("SELECT current_schema()")), *_spaces_of_jobs(connection)]
    for space in spaces:
        name = connection.dialect.identifier_preparer.quote(space)
        for grant in (
            f"USAGE ON SCHEMA {name}",
            f"SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name}",
            f"USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {name}",
        ):
            connection.exec_driver_sql(f"GRANT {grant} TO {quoted}")
    there = set(sa.inspect(connection).get_table_names())
    for table in sorted(there & {*SEALED}):
        connection.exec_driver_sql(f"REVOKE UPDATE, DELETE ON {table} FROM {quoted}")
    for table in sorted(there & {*_BOOKS}):
        connection.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {quoted}")
    return passes is None


def _spaces_of_jobs(connection: sa.Connection) -> list[str]:
    return [name for name in sa.inspect(connection).get_schema_names() if name == "procrastinate"]
