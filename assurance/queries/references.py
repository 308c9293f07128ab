"""What people write when they mean a subject: action/12, return/3, an audit's own reference, a case's."""

from __future__ import annotations

import re

import sqlalchemy as sa

from assurance.access import Viewer, nothing_like, require_sight, visible
from assurance.office import Tx
from assurance.records import AgencyReturn, Audit, Case, DeadAddress, ImmediateConcern
from engine.errors import Reason, Refused
from engine.moved import Ref, ref_of
from engine.words import unknown

CASE = "case"
SHORT = {"return": AgencyReturn.noun, "concern": ImmediateConcern.noun, "address": DeadAddress.noun}
LARGEST_ID = 2**31 - 1  # no database is asked for more
_AUDIT = re.compile(r"\d{4}-\d{2}/\d+")
_CASE = re.compile(r"[A-Z]-[A-Z0-9]+")


def reference_of(tx: Tx, viewer: Viewer, text: str) -> Ref:
    """Find what is meant: `action/12`, `return/3`, the audit `2014-15/1`, the case `C-7KQ2MP`.

    Raises Refused for what does not exist, is not for the viewer, or is no reference at all.
    """
    written = text.strip()
    if _AUDIT.fullmatch(written):
        return _found(tx, viewer, Audit, Audit.reference == written, Audit.noun, written)
    if _CASE.fullmatch(written.upper()):
        return _found(tx, viewer, Case, Case.case_ref == written.upper(), CASE, written)
    ref = ref_of(written)
    if ref.kind == CASE:
        sentence = f"{written} is no case: a case is called by its own reference, such as C-7KQ2MP, which the list of cases gives."
        raise Refused(Reason("not_a_reference", sentence))
    ref = Ref(SHORT.get(ref.kind, ref.kind), ref.id)
    if ref.kind not in tx.playbook.nouns:
        raise Refused(
            Reason("unknown_kind", unknown(ref.kind, "something here", [*tx.playbook.nouns, *SHORT]) + ".")
        )
    if ref.id > LARGEST_ID:
        raise nothing_like(viewer, str(ref))
    require_sight(tx.session, viewer, ref)
    return ref


def subject_of(tx: Tx, viewer: Viewer, kind: str, number: int) -> Ref:
    """Give the subject of a kind and a number, as an address names it.

    Raises Refused for what does not exist, is not for the viewer, or is of no kind that there is.
    """
    ref = Ref(kind, number)
    if kind not in tx.playbook.nouns or number > LARGEST_ID:
        raise nothing_like(viewer, str(ref))
    require_sight(tx.session, viewer, ref)
    return ref


def audit_id_of(tx: Tx, viewer: Viewer, text: str) -> int:
    """Give the number of the audit that is meant; raises Refused for anything else."""
    ref = reference_of(tx, viewer, text)
    if ref.kind != Audit.noun:
        raise Refused(
            Reason("not_a_reference", f"{text!r} is not an audit; write it as 2014-15/1 or audit/1.")
        )
    return ref.id


def _found(
    tx: Tx,
    viewer: Viewer,
    table: type[Audit] | type[Case],
    where: sa.ColumnElement[bool],
    kind: str,
    written: str,
) -> Ref:
    number = tx.session.scalar(sa.select(table.id).where(visible(viewer, table), where))
    if number is None:
        raise nothing_like(viewer, f"{kind} {written}")
    return Ref(kind, number)
