"""Every table of every package, gathered so that migrations and checks see the whole."""

from __future__ import annotations

from assurance import records
from assurance.facts import NOUNS
from assurance.records import Matter
from engine import bookmarks, checkpoints, definitions, ledger, timers
from engine.moved import Moved
from engine.store import Base
from notifications import outbox, restored

# Importing a module is what registers its tables; naming them keeps that from looking like an accident.
MODULES = (records, bookmarks, checkpoints, definitions, ledger, timers, outbox, restored)
METADATA = Base.metadata
MOVED: tuple[type[Moved], ...] = (*(noun.table for noun in NOUNS.values()), Matter)
