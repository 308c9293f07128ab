"""What `auditloop web` and `auditloop worker` share, of which any number run on one PostgreSQL."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version as version_of

from assurance.config import Settings
from assurance.migrate import lacks_job_tables
from assurance.office import Office, open_office
from cli.opening import BadInput, NothingThere, named, opened_store, settings_for, shown
from engine.store import database_url

LONGEST_NAME = 63  # of what PostgreSQL keeps of a program's name


def name_of(what: str) -> str:
    """Name this program for whoever looks at who is connected to a database: which, what version, where."""
    place = f"on {socket.gethostname().partition('.')[0][:24]}/{os.getpid()}"
    return f"auditloop {what} {version_of('auditloop')} {place}"[:LONGEST_NAME]


def settings_beside_others(database: str | None, what: str) -> Settings:
    """Read the settings; raises BadInput for a database that only one process can serve."""
    settings = settings_for(database)
    if database_url(settings.database).get_backend_name() == "sqlite":
        raise BadInput(
            f"`auditloop {what}` shares its work with others on PostgreSQL, and {settings.database} is a file. "
            "`auditloop serve` does everything there, in one process; or name a database such as postgresql://user@host/name."
        )
    # Read by PostgreSQL's own library for every connection that is opened from now on.
    os.environ["PGAPPNAME"] = name_of(what)
    return settings


@contextmanager
def opened_beside_others(settings: Settings) -> Iterator[Office]:
    """Open an installation of which others work too; raises NothingThere, naming the command that helps."""
    with opened_store(settings) as store:
        if lacks_job_tables(store):
            raise NothingThere(
                f"The database {shown(settings.database)} lacks the tables by which workers are called; run "
                "`auditloop migrate`."
            )
    with named(settings.database), closing(open_office(settings)) as office:
        yield office
