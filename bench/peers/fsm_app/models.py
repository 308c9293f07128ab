"""A subject with a protected state, its six transitions, each logged by django-fsm-log, and an outbox."""

from __future__ import annotations

from typing import Any

from django.db import models
from django_fsm import ConcurrentTransitionMixin, FSMField, transition
from django_fsm_log.decorators import fsm_log_by

from bench.peers.contract import STATES


def is_named(instance: Instance) -> bool:
    """Guard each move."""
    return bool(instance.title)


class Instance(ConcurrentTransitionMixin, models.Model):
    """A subject; the mixin compares its state as it changes it."""

    state = FSMField(default=STATES[0], protected=True, db_index=True)
    title = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Where it lives."""

        app_label = "fsm_app"

    @fsm_log_by
    @transition(field=state, source=STATES[0], target=STATES[1], conditions=[is_named])
    def submit(self, by: Any = None) -> None:
        """Submit it."""

    @fsm_log_by
    @transition(field=state, source=STATES[1], target=STATES[2], conditions=[is_named])
    def look_through(self, by: Any = None) -> None:
        """Check it; `check` is a word of Django's own."""

    @fsm_log_by
    @transition(field=state, source=STATES[2], target=STATES[3], conditions=[is_named])
    def approve(self, by: Any = None) -> None:
        """Approve it."""

    @fsm_log_by
    @transition(field=state, source=STATES[3], target=STATES[4], conditions=[is_named])
    def plan(self, by: Any = None) -> None:
        """Plan it."""

    @fsm_log_by
    @transition(field=state, source=STATES[4], target=STATES[5], conditions=[is_named])
    def deliver(self, by: Any = None) -> None:
        """Deliver it."""

    @fsm_log_by
    @transition(field=state, source=STATES[5], target=STATES[6], conditions=[is_named])
    def close(self, by: Any = None) -> None:
        """Close it."""


class Outbox(models.Model):
    """A mail to be sent."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE)
    topic = models.CharField(max_length=100)
    payload = models.TextField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        """Where it lives, and what is asked of it."""

        app_label = "fsm_app"
        indexes = [
            models.Index(fields=["id"], condition=models.Q(sent_at__isnull=True), name="fsm_outbox_unsent")
        ]
