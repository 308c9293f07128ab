"""Six human tasks in a row."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.views.generic import TemplateView
from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.models import Process, Task

VIEW = TemplateView.as_view()


class Life(flow.Flow):
    """From the start through six tasks to the end; a process is locked as the documentation advises."""

    process_class = Process
    task_class = Task
    lock_impl = lock.SelectForUpdateLock(nowait=False) if connection.vendor == "postgresql" else lock.NoLock()

    start = flow.StartHandle(this.begun).Next(this.submit)
    submit = flow.View(VIEW).Next(this.check)
    check = flow.View(VIEW).Next(this.approve)
    approve = flow.View(VIEW).Next(this.plan)
    plan = flow.View(VIEW).Next(this.deliver)
    deliver = flow.View(VIEW).Next(this.close)
    close = flow.View(VIEW).Next(this.end)
    end = flow.End()

    def begun(self, activation: Any) -> Any:
        """Give the new process."""
        return activation.process
