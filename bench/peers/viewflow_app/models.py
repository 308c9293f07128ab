"""An outbox beside Viewflow's own processes and tasks."""

from __future__ import annotations

from django.db import models


class Outbox(models.Model):
    """A mail to be sent."""

    process = models.ForeignKey("viewflow.Process", on_delete=models.CASCADE)
    topic = models.CharField(max_length=100)
    payload = models.TextField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        """Where it lives, and what is asked of it."""

        app_label = "viewflow_app"
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(sent_at__isnull=True), name="viewflow_outbox_unsent"
            )
        ]
