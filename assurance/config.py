"""Settings from the environment: read once, frozen, every error at once."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from engine.store import database_url
from notifications.imap_settings import ImapSettings
from notifications.verp import ReturnAddress

HOME = Path(__file__).resolve().parent.parent
PREFIX = "AUDITLOOP_"
OF_THE_TESTS = (f"{PREFIX}TEST_", f"{PREFIX}FAULT_")
KNOWN = (
    "DATABASE",
    "VAR",
    "WORKFLOWS",
    "RULES",
    "SMTP_URL",
    "MAIL_FROM",
    "BASE_URL",
    "BOUNCES",
    "BOUNCE_BOX",
    "SECRET",
    "OLD_SECRETS",
    "SIGNING_KEY",
    "CHECKPOINTS",
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "FILE_LIMIT",
    "SCANNER",
    "LOG",
    "METRICS_TOKEN",
)
SHORTEST_SECRET = 32
SHORTEST_TOKEN = 20
LOG_FORMS = ("lines", "json")
LARGEST_FILE = 20  # MB; the largest body of a request that pages read lies above it
FEWEST_LETTERS = 12  # different ones: a sentence or a key has more, `changeme` repeated has fewer


class BadSettings(Exception):
    """Names every setting that cannot be used, and what would be right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation chooses. `smtp_url` empty: mail goes to a maildir under `var`.

    `workflows` and `rules` are the house's own folders first, then those of further families. `bounces` is the address
    to which undeliverable mail comes back, `bounce_box` where it is read: a maildir, or imaps://user:password@host/FOLDER.
    With the three `oidc` settings people can sign in with an account that they have with that issuer.
    `old_secrets` still open what was encrypted before the secret was changed. `signing_key` is the file of the key that
    signs checkpoints, `checkpoints` the folder into which each is written as well.
    `file_limit` is the largest file that is taken, in MB; `scanner` the command that looks at each before it is stored.
    `log` is `lines` or `json`; with `metrics_token` a monitor reads figures at /metrics, without it nobody does.
    """

    database: str
    var: Path
    workflows: tuple[Path, ...]
    rules: tuple[Path, ...]
    smtp_url: str | None
    mail_from: str
    base_url: str
    bounces: str | None = None
    bounce_box: str | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)
    old_secrets: tuple[str, ...] = field(default=(), repr=False)
    signing_key: Path | None = None
    checkpoints: Path | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    file_limit: int = 10
    scanner: tuple[str, ...] = ()
    log: str = "lines"
    metrics_token: str = field(default="", repr=False)

    @property
    def maildir(self) -> Path:
        """Where mail goes while no mail server is set."""
        return self.var / "mail"

    @property
    def returns(self) -> ReturnAddress | None:
        """What makes the return address of each mail; None while no address for bounces is set."""
        return None if self.bounces is None else ReturnAddress(self.bounces, self.secret, self.old_secrets)


def settings_from(environment: Mapping[str, str], *, database: str | None = None) -> Settings:
    """Read the settings; an argument wins over the environment.

    Raises BadSettings with every problem at once: unknown names beginning with AUDITLOOP_, folders that
    are not there, addresses that are none.
    """
    known = ", ".join(PREFIX + name for name in KNOWN)
    problems = [
        f"{name} is not a setting; known: {known}."
        for name in sorted(environment)
        if name.startswith(PREFIX) and not name.startswith(OF_THE_TESTS)
        if name.removeprefix(PREFIX) not in KNOWN
    ]
    var = Path(environment.get("AUDITLOOP_VAR", "var"))
    usual = environment.get("AUDITLOOP_DATABASE") or str(var / "auditloop.sqlite")
    settings = Settings(
        database=usual if database is None else database,
        var=var,
        workflows=_folders(environment.get("AUDITLOOP_WORKFLOWS"), HOME / "workflows"),
        rules=_folders(environment.get("AUDITLOOP_RULES"), HOME / "rules"),
        smtp_url=environment.get("AUDITLOOP_SMTP_URL") or None,
        mail_from=environment.get("AUDITLOOP_MAIL_FROM", "auditloop@localhost"),
        base_url=environment.get("AUDITLOOP_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        bounces=environment.get("AUDITLOOP_BOUNCES") or None,
        bounce_box=environment.get("AUDITLOOP_BOUNCE_BOX") or None,
        secret=environment.get("AUDITLOOP_SECRET", ""),
        old_secrets=tuple(_lines(environment.get("AUDITLOOP_OLD_SECRETS", ""))),
        signing_key=_path(environment.get("AUDITLOOP_SIGNING_KEY")),
        checkpoints=_path(environment.get("AUDITLOOP_CHECKPOINTS")),
        oidc_issuer=environment.get("AUDITLOOP_OIDC_ISSUER") or None,
        oidc_client_id=environment.get("AUDITLOOP_OIDC_CLIENT_ID") or None,
        oidc_client_secret=environment.get("AUDITLOOP_OIDC_CLIENT_SECRET") or None,
        file_limit=_megabytes(environment.get("AUDITLOOP_FILE_LIMIT", "")),
        scanner=_command(environment.get("AUDITLOOP_SCANNER", "")),
        log=environment.get("AUDITLOOP_LOG") or "lines",
        metrics_token=environment.get("AUDITLOOP_METRICS_TOKEN", ""),
    )
    folders = [("WORKFLOWS", folder) for folder in settings.workflows]
    for name, folder in (*folders, *(("RULES", folder) for folder in settings.rules)):
        if not folder.is_dir():
            problems.append(
                f"{PREFIX}{name} is {str(folder)!r}, which is not a folder; give the folder of the YAML files."
            )
    try:
        database_url(settings.database)
    except ValueError as error:
        named = f"{PREFIX}DATABASE" if database is None else "--database"
        problems.append(f"{named}: {error}.")
    if settings.mail_from.count("@") != 1 or any(letter.isspace() for letter in settings.mail_from):
        problems.append(
            f"{PREFIX}MAIL_FROM is {settings.mail_from!r}; give one address such as audits@board.example."
        )
    if not settings.base_url.startswith(("http://", "https://")):
        problems.append(
            f"{PREFIX}BASE_URL is {settings.base_url!r}; give the address of the pages, https://..."
        )
    problems += _wrong_about_bounces(settings) + _wrong_about_sign_on(settings)
    problems += _wrong_about_files(settings) + _wrong_about_watching(settings)
    problems += _wrong_about_seals(settings)
    if problems:
        raise BadSettings(problems)
    return settings


def weakness_of(secret: str, needed_for: str) -> str:
    """Say what is wrong with the installation's secret, for whatever needs it; nothing where it is good."""
    if len(secret) >= SHORTEST_SECRET and len(set(secret)) >= FEWEST_LETTERS:
        return ""
    return (
        f"{PREFIX}SECRET is needed for {needed_for}: at least {SHORTEST_SECRET} characters that nobody can "
        'guess, such as those of python3 -c "import secrets; print(secrets.token_urlsafe(32))".'
    )


def _wrong_about_sign_on(settings: Settings) -> list[str]:
    """Name what keeps people from signing in with an account elsewhere, where that was begun to be set."""
    given = {
        "OIDC_ISSUER": settings.oidc_issuer,
        "OIDC_CLIENT_ID": settings.oidc_client_id,
        "OIDC_CLIENT_SECRET": settings.oidc_client_secret,
    }
    missing = [PREFIX + name for name, value in given.items() if not value]
    if len(missing) == len(given):
        return []
    problems = [f"{name} is missing: all three settings of OIDC, or none." for name in missing]
    if settings.oidc_issuer and not _is_issuer(settings.oidc_issuer):
        problems.append(
            f"{PREFIX}OIDC_ISSUER is {settings.oidc_issuer!r}; give the issuer's address, https://..., as it writes it "
            "itself; http:// is taken for this machine only."
        )
    return problems


def _is_issuer(address: str) -> bool:
    parts = urlsplit(address)
    is_here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_here)
    return is_safe and bool(parts.hostname) and not parts.query and not parts.fragment


def _wrong_about_bounces(settings: Settings) -> list[str]:
    """Name what keeps returned mail from being known for what it is; a secret is never written out."""
    problems = []
    if settings.bounces is not None:
        try:
            ReturnAddress(settings.bounces, settings.secret)
        except ValueError as error:
            problems.append(f"{PREFIX}BOUNCES: {error}; give one address such as bounces@board.example.")
        weakness = weakness_of(settings.secret, f"{PREFIX}BOUNCES")
        if weakness:
            problems.append(weakness)
    if settings.bounce_box is not None and settings.bounces is None:
        problems.append(
            f"{PREFIX}BOUNCE_BOX is read for {PREFIX}BOUNCES, which is not set; give the address to which mail comes back."
        )
    if settings.bounce_box is not None and "://" in settings.bounce_box:
        try:
            ImapSettings.from_url(settings.bounce_box)
        except ValueError as error:
            problems.append(f"{PREFIX}BOUNCE_BOX: {error}.")
    return problems


def _wrong_about_files(settings: Settings) -> list[str]:
    """Name what keeps files from being taken, or from being looked at."""
    problems = []
    if not 1 <= settings.file_limit <= LARGEST_FILE:
        problems.append(f"{PREFIX}FILE_LIMIT is a whole number of MB from 1 to {LARGEST_FILE}, such as 10.")
    if settings.scanner and shutil.which(settings.scanner[0]) is None:
        problems.append(
            f"{PREFIX}SCANNER begins with {settings.scanner[0]!r}, which is no command here; give one such as "
            "clamdscan --no-summary --fdpass, to which the path of a file is added."
        )
    return problems


def _wrong_about_watching(settings: Settings) -> list[str]:
    """Name what keeps logs from being written, or would let everybody guess their way to the figures."""
    problems = []
    if settings.log not in LOG_FORMS:
        problems.append(f"{PREFIX}LOG is {settings.log!r}; give {' or '.join(LOG_FORMS)}.")
    token = settings.metrics_token
    if token and (len(token) < SHORTEST_TOKEN or len(set(token)) < FEWEST_LETTERS):
        problems.append(
            f"{PREFIX}METRICS_TOKEN is too easily guessed: at least {SHORTEST_TOKEN} characters that nobody can guess."
        )
    return problems


def _wrong_about_seals(settings: Settings) -> list[str]:
    """Name what keeps checkpoints from being signed or kept, and old secrets that were none; no secret is written out."""
    problems = []
    if settings.signing_key is not None and not settings.signing_key.is_file():
        problems.append(
            f"{PREFIX}SIGNING_KEY is {str(settings.signing_key)!r}, which is no file; `auditloop keys make FILE` makes one."
        )
    if settings.checkpoints is not None and not settings.checkpoints.is_dir():
        problems.append(
            f"{PREFIX}CHECKPOINTS is {str(settings.checkpoints)!r}, which is no folder; give one that somebody else keeps."
        )
    if any(len(old) < SHORTEST_SECRET for old in settings.old_secrets):
        problems.append(
            f"{PREFIX}OLD_SECRETS lists secrets that were {PREFIX}SECRET once, each of {SHORTEST_SECRET} characters or "
            "more, each on a line of its own."
        )
    return problems


def _lines(written: str) -> list[str]:
    return [line.strip() for line in written.splitlines() if line.strip()]


def _path(written: str | None) -> Path | None:
    return Path(written) if written else None


def _megabytes(written: str) -> int:
    """Read the limit of files; what is no number counts as none."""
    return 10 if not written else int(written) if written.isdecimal() and len(written) < 6 else 0


def _command(written: str) -> tuple[str, ...]:
    """Read a command as a shell would; what cannot be read stays whole, and is then no command."""
    try:
        return tuple(shlex.split(written))
    except ValueError:
        return (written,)


def _folders(listed: str | None, usual: Path) -> tuple[Path, ...]:
    """Read folders separated as the operating system separates paths."""
    if not listed:
        return (usual,)
    return tuple(Path(part) for part in listed.split(os.pathsep) if part)
