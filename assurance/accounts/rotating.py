"""Another secret for the installation: what was encrypted under an old one is encrypted anew, and nobody is locked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.accounts import authenticator
from assurance.accounts.keys import Keys
from assurance.accounts.proving import require_keys
from assurance.office import Office
from assurance.records import Account
from assurance.returned import OLD_ADDRESSES_COUNT_FOR
from engine.bookmarks import remember, remembered
from engine.fences import EVERY

BATCH = 200
_WORK = "another secret"


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did. `until_on` is the day until which mail may come back to an address made under an old secret."""

    apps: int
    renewed: int
    unreadable: int
    old_secrets: int
    until_on: date | None

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say it."""
        said = [
            f"{self.renewed} of {self.apps} authenticator apps were encrypted anew; the others were already.",
            f"Under an old secret stay {self.unreadable} that none of the secrets here opens: list the one that is "
            "missing in AUDITLOOP_OLD_SECRETS, or have these people set up their apps anew (`auditloop account reset`)."
            if self.unreadable
            else "Nothing that is kept needs an old secret any more.",
        ]
        if self.old_secrets and self.until_on is not None:
            said.append(
                f"Keep the old secrets in AUDITLOOP_OLD_SECRETS until {self.until_on.isoformat()}: until then mail can "
                "come back that was sent under them. Then take them out."
            )
        return tuple(said)


def rotate(office: Office) -> Rotated:
    """Encrypt every authenticator app's secret under the secret of today, some at a time.

    Whoever signs in meanwhile does so as before; called again after it was stopped, it goes on with what is left.
    Raises Refused where the installation has no secret.
    """
    keys, now = require_keys(office), office.clock.now()
    apps = renewed = unreadable = last = 0
    while rows := _some(office, after=last):
        last = rows[-1][0]
        apps += len(rows)
        anew: list[tuple[int, str, str]] = []
        for number, sealed in rows:
            if keys.is_of_today(authenticator.PURPOSE, sealed):
                continue
            secret = keys.unseal(authenticator.PURPOSE, sealed, at=now)
            if secret is None:
                unreadable += 1
            else:
                anew.append((number, sealed, keys.seal(authenticator.PURPOSE, secret, at=now)))
        renewed += _replace(office, anew)
    old = office.settings.old_secrets
    return Rotated(apps, renewed, unreadable, len(old), _until(office, keys) if old else None)


def still_old(office: Office) -> int:
    """Count the authenticator apps that are not encrypted under the secret of today."""
    keys = require_keys(office)
    number, last = 0, 0
    while rows := _some(office, after=last):
        last = rows[-1][0]
        number += sum(not keys.is_of_today(authenticator.PURPOSE, sealed) for _, sealed in rows)
    return number


def _some(office: Office, *, after: int) -> Sequence[tuple[int, str]]:
    query = sa.select(Account.id, Account.totp_secret).where(
        Account.id > after, Account.totp_secret.is_not(None)
    )
    with office.store.reading(group=EVERY) as session:
        rows = session.execute(query.order_by(Account.id).limit(BATCH))
        return [(number, str(sealed)) for number, sealed in rows]


def _replace(office: Office, anew: Sequence[tuple[int, str, str]]) -> int:
    """Store what was encrypted anew; whoever has set up another app meanwhile keeps that one."""
    changed = 0
    with office.store.begin(group=EVERY) as session:
        for number, before, after in anew:
            same = (Account.id == number, Account.totp_secret == before)
            change = sa.update(Account).where(*same).values(totp_secret=after)
            changed += session.connection().execute(change).rowcount
    return changed


def _until(office: Office, keys: Keys) -> date:
    """Give the last day on which mail may come back that was sent before the secret of today was first used."""
    place = keys.mark(_WORK, _WORK)[:32]
    with office.store.begin(group=EVERY) as session:
        known = remembered(session, _WORK).get(place)
        if known is None:
            known = office.clock.now().date().isoformat()
            remember(session, _WORK, place, known)
    return date.fromisoformat(known) + OLD_ADDRESSES_COUNT_FOR
