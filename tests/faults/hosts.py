"""Three hosts on this machine: namespaces of the network with a line from each to the database's, which can be cut."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import ACCOUNTS, KEEPER, Server

DATABASE = "database"
HOSTS = ("web", "worker")
# A run that is killed cannot tidy up: a shell outlives it and takes the hosts away.
WATCH = """
( while kill -0 "$1"; do sleep 1; done
  shift; for host in "$@"; do ip netns del "$host"; done ) < /dev/null > /dev/null 2>&1 &
"""
WHY_NOT = "Needs root, ip, setpriv and namespaces of the network."


@dataclass(frozen=True, slots=True)
class Hosts:
    """A database's host and those that reach it, each over a line of its own."""

    prefix: str

    def on(self, host: str) -> tuple[str, ...]:
        """Give the words that start a program on a host."""
        return ("ip", "netns", "exec", self.name(host))

    def name(self, host: str) -> str:
        """Name the namespace of a host."""
        return f"{self.prefix}-{host}"

    def address(self, host: str) -> str:
        """Give the address at which a host reaches the database."""
        return f"10.211.{HOSTS.index(host) + 1}.1"

    def url(self, host: str, database: str) -> str:
        """Give the address of a database for a host."""
        return f"postgresql+psycopg://{KEEPER}@{self.address(host)}/{database}"

    def cut(self, host: str) -> None:
        """Cut a host off: whatever is sent is lost, and nobody is told."""
        _ip("-n", self.name(host), "link", "set", "line", "down")

    def heal(self, host: str) -> None:
        """Let a host reach the database again."""
        _ip("-n", self.name(host), "link", "set", "line", "up")


def are_possible() -> bool:
    """Say whether this machine lets us make hosts."""
    tools = all(map(shutil.which, ("ip", "setpriv")))
    if os.geteuid() != 0 or not tools:
        return False
    probe = f"auditloop-{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False).returncode == 0
    if made:
        _ip("netns", "del", probe)
    return made


@contextmanager
def open_hosts() -> Iterator[Hosts]:
    """Make the hosts and their lines; they go with the block."""
    hosts = Hosts(f"al{os.getpid()}")
    made: list[str] = []
    names = [hosts.name(host) for host in (DATABASE, *HOSTS)]
    watch = ["sh", "-c", WATCH, "watch", str(os.getpid()), *names]
    subprocess.run(watch, check=True, start_new_session=True)
    try:
        for host in (DATABASE, *HOSTS):
            _ip("netns", "add", hosts.name(host))
            made.append(host)
            _ip("-n", hosts.name(host), "link", "set", "lo", "up")
        for number, host in enumerate(HOSTS, 1):
            there = ("peer", "name", f"to-{host}", "netns", hosts.name(DATABASE))
            _ip("link", "add", "line", "netns", hosts.name(host), "type", "veth", *there)
            for where, line, last in ((host, "line", 2), (DATABASE, f"to-{host}", 1)):
                _ip("-n", hosts.name(where), "addr", "add", f"10.211.{number}.{last}/24", "dev", line)
                _ip("-n", hosts.name(where), "link", "set", line, "up")
        yield hosts
    finally:
        for host in made:
            _ip("netns", "del", hosts.name(host))


def start_on(hosts: Hosts, server: Server) -> None:
    """Start a server on the database's host, so that the other hosts reach it; this machine does through its socket."""
    data = server.folder / "data"
    rules = data / "pg_hba.conf"
    if "10.211." not in rules.read_text(encoding="utf-8"):
        with rules.open("a", encoding="utf-8") as file:
            file.write("host all all 10.211.0.0/16 trust\n")
    listens = ",".join(hosts.address(host) for host in HOSTS)
    options = f"-c listen_addresses={listens} -c unix_socket_directories='{server.folder}'"
    account = next(
        entry for entry in pwd.getpwall() if entry.pw_name in ACCOUNTS and entry.pw_uid == _owner(data)
    )
    who = ("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    start = (
        str(server.programs / "pg_ctl"),
        "start",
        "-w",
        "-D",
        str(data),
        "-l",
        str(server.folder / "log"),
    )
    with Path(os.devnull).open("w") as nowhere:
        subprocess.run(
            [*hosts.on(DATABASE), *who, *start, "-o", options],
            cwd=server.folder,
            stdout=nowhere,
            stderr=nowhere,
            check=True,
        )


def _owner(folder: Path) -> int:
    return folder.stat().st_uid


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
