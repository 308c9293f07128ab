"""SpiffWorkflow: six user tasks in BPMN; a subject is its serialised workflow, kept beside its state. Statements are Core's."""

from __future__ import annotations

import sys
from pathlib import Path

import sqlalchemy as sa
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from bench.peers import three_tables
from bench.peers.contract import (
    ACTOR,
    MOVES,
    STATES,
    Database,
    Mover,
    NotTheSameWork,
    Peer,
    in_processes,
    main,
)
from bench.peers.rows import History, Instance, Outbox, Sessions

PROCESS = Path(__file__).parent / "approval.bpmn"
ROW = sa.select(Instance.state, Instance.version, Instance.title, Instance.data).where(
    Instance.id == sa.bindparam("the_id")
)
CHANGE = (
    sa.update(Instance)
    .where(Instance.id == sa.bindparam("the_id"), Instance.version == sa.bindparam("seen"))
    .values(
        state=sa.bindparam("new_state"),
        data=sa.bindparam("new_data"),
        version=sa.bindparam("new_version"),
        updated_at=sa.bindparam("at"),
    )
)
NOTE, OWE = sa.insert(History).inline(), sa.insert(Outbox).inline()


class WithSpiff(Sessions):
    """One request after the other."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        parser = BpmnParser()
        parser.add_bpmn_file(str(PROCESS))
        self._process = parser.get_spec("approval")
        self._serializer = BpmnWorkflowSerializer()

    def create(self, number: int, *, data: str = "") -> int:
        """Enter a subject with a workflow that stands before its first task."""
        workflow = BpmnWorkflow(self._process)
        workflow.do_engine_steps()
        return super().create(number, data=self._serializer.serialize_json(workflow))

    def advance(self, subject: int, step: int) -> None:
        """Bring the workflow back, run the task that is ready, and write it down."""
        with self.db.begin() as connection:
            row = connection.execute(ROW, {"the_id": subject}).one()
            workflow = self._serializer.deserialize_json(row.data)
            task = workflow.get_tasks(state=TaskState.READY, manual=True)[0]
            if task.task_spec.name != MOVES[step] or not row.title:
                raise NotTheSameWork(f"{subject} cannot {MOVES[step]}")
            task.run()
            workflow.do_engine_steps()
            target, now = STATES[step + 1], self.now()
            change = {
                "the_id": subject,
                "seen": row.version,
                "new_state": target,
                "new_data": self._serializer.serialize_json(workflow),
                "new_version": row.version + 1,
                "at": now,
            }
            if connection.execute(CHANGE, change).rowcount != 1:
                raise NotTheSameWork(f"{subject} is not {row.state}")
            line = {"instance_id": subject, "seq": row.version + 1, "action": MOVES[step]}
            connection.execute(
                NOTE, line | {"from_state": row.state, "to_state": target, "actor": ACTOR, "at": now}
            )
            connection.execute(
                OWE,
                {
                    "instance_id": subject,
                    "topic": three_tables.TOPIC,
                    "payload": three_tables.mail(target),
                },
            )


def opened(database: Database) -> Mover:
    """Open a pool and read the process."""
    return WithSpiff(database)


if __name__ == "__main__":
    sys.exit(
        main(Peer(three_tables.set_up, three_tables.preload, three_tables.counted, in_processes(opened)))
    )
