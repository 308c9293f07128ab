"""What happened to one subject, in sentences: who did what, when and why, what was written, and who was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, reads_texts_of, require_sight
from assurance.office import Tx
from assurance.past import NOTICED
from assurance.queries.details import Spoken, details_of
from assurance.queries.erasures import told_of_erasure, why_erased
from assurance.queries.holds import replied_before, told_of_hold
from assurance.reasons import day_in_words
from assurance.records import Approval, DigestItem, Person, RuleHold
from engine import definitions
from engine.ledger import ERASED, SEALED_COLUMNS, Entry, Event, EventText, commitment_of, entry_of, seal_of
from engine.moved import Ref
from engine.refusals import all_of
from engine.rules import Rule, Severity
from engine.workflow import Workflow
from notifications.outbox import Message, State

CLOCK = "The clock"
_LOUD = {Severity.ESCALATION: ", an escalation", Severity.URGENT: ", urgent"}
UNREADABLE = "This line can no longer be read."
BY_LINK = "By a link from a mail, without signing in."
_LINKS = {"return": "with which to answer", "confirm": "with which to confirm it"}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a history. `words` are texts by name, None where one was erased; `told` names who got a mail.

    `erased` says of texts that were erased when and why, by name.
    """

    number: int
    at: datetime
    by: str
    kind: str
    sentence: str
    details: tuple[str, ...]
    words: Mapping[str, str | None]
    because: tuple[str, ...]
    told: tuple[str, ...]
    is_sealed: bool
    erased: Mapping[str, str] = field(default_factory=dict)


def history_of(tx: Tx, viewer: Viewer, ref: Ref) -> tuple[Told, ...]:
    """Tell every line of a subject's history, oldest first.

    Raises Refused where there is no such subject, or none for this viewer.
    """
    require_sight(tx.session, viewer, ref)
    return tuple(_Teller(tx, viewer, ref).lines())


def line_of(tx: Tx, viewer: Viewer, ref: Ref, number: int) -> Told | None:
    """Tell one line of a subject's history, without whom it was mailed to; None where there is no such line.

    Raises Refused where there is no such subject, or none for this viewer.
    """
    require_sight(tx.session, viewer, ref)
    return next(_Teller(tx, viewer, ref).lines(only=number), None)


class _Teller:
    """Knows the names that one history speaks of."""

    def __init__(self, tx: Tx, viewer: Viewer, ref: Ref) -> None:
        self._tx, self._viewer, self._ref = tx, viewer, ref
        known = tx.playbook.noun(ref.kind).load_many(tx.session, [ref.id])[0]
        self._published = {one.hash: one for one in tx.playbook.pinned.values()}
        self._workflow: Workflow = tx.playbook.definition(known.standing.definition_id)
        self._reads = reads_texts_of(viewer, known.belongs.agency_id)
        people = sa.select(Person.id, Person.name).where(Person.group_id == tx.actor.group_id)
        self._people = {f"person/{number}": name for number, name in tx.session.execute(people)}
        self._rules: Mapping[str, Rule] = {rule.id: rule for rule in tx.playbook.book.rules}

    def lines(self, *, only: int | None = None) -> Iterator[Told]:
        """Tell every line, or one; also then all before it are read, since they say what things were called."""
        events = sa.select(Event).where(
            Event.subject_kind == self._ref.kind, Event.subject_id == self._ref.id
        )
        texts = sa.select(EventText).where(
            EventText.subject_kind == self._ref.kind, EventText.subject_id == self._ref.id
        )
        if only is not None:
            events, texts = events.where(Event.seq <= only), texts.where(EventText.seq == only)
        rows = self._tx.session.scalars(events.order_by(Event.seq)).all()
        words = self._tx.session.scalars(texts).all()
        mailed, previous = self._mailed() if only is None else {}, ""
        entries = {row.seq: _read(row) for row in rows}
        self._gone = self._erasures() if any(text.text is None for text in words) else {}
        told = (entry for entry in entries.values() if entry is not None and only in (None, entry.seq))
        self._spoken = Spoken(self._tx, self._viewer, told)
        for row in rows:
            own = {text.name: text for text in words if text.seq == row.seq}
            entry = entries[row.seq]
            if entry is None:
                if only in (None, row.seq):
                    yield Told(
                        row.seq,
                        self._tx.now,
                        row.actor,
                        row.kind,
                        UNREADABLE,
                        (),
                        {},
                        (),
                        (),
                        is_sealed=False,
                    )
            else:
                # States and steps are called as the definition of that day calls them.
                self._workflow = self._published.get(entry.data.get("definition", ""), self._workflow)
                if only in (None, row.seq):
                    yield self._told(entry, own, mailed, is_sealed=_is_sealed(row, previous, entry, own))
            previous = row.seal

    def _told(
        self,
        entry: Entry,
        words: Mapping[str, EventText],
        mailed: Mapping[int, tuple[str, ...]],
        *,
        is_sealed: bool,
    ) -> Told:
        return Told(
            number=entry.seq,
            at=entry.at.astimezone(self._tx.calendar.zone),
            by=self._by(entry.actor),
            kind=entry.kind,
            sentence=self._sentence(entry),
            details=(
                *details_of(self._spoken, entry, reads=self._reads),
                *self._values(entry),
                *([BY_LINK] if "by_link" in entry.data else []),
            ),
            words={name: text.text for name, text in words.items()} if self._reads else {},
            because=tuple(_reasons(entry.data.get("reasons", ()))),
            told=mailed.get(entry.seq, ()),
            is_sealed=is_sealed,
            erased={
                name: self._gone.get((entry.seq, name), "erased")
                for name, text in words.items()
                if self._reads and text.text is None
            },
        )

    def _erasures(self) -> dict[tuple[int, str], str]:
        """Say of every text of the subject that was erased when, and why, as the lines about it say."""
        query = sa.select(Event).where(
            Event.subject_kind == self._ref.kind, Event.subject_id == self._ref.id, Event.kind == ERASED
        )
        told = [entry for row in self._tx.session.scalars(query) if (entry := _read(row)) is not None]
        return {
            (
                line,
                name,
            ): f"erased on {day_in_words(self._tx.calendar.today(entry.at))} {why_erased(entry.data)}"
            for entry in told
            for line, name in entry.data.get("erased", ())
        }

    def _sentence(self, entry: Entry) -> str:
        by, data = self._by(entry.actor), entry.data
        match entry.kind:
            case "opened":
                sentence = f"{by} {self._opened(data)}: {self._state(data['to'])}."
            case "moved":
                way = f"from {self._state(data['from'])} to {self._state(data['to'])}"
                sentence = f"{self._took(by, data)}: {way}."
            case "entered":
                sentence = f"{self._took(by, data)}."
            case "asked":
                sentence = f"{by} asked for ‘{self._step(data['asked'])}’ (approval/{data['approval']})."
            case "answered" if "voice" in data:
                sentence = f"{by} answered {_voice(data)}."
            case "answered":
                sentence = f"{by} answered approval/{data['approval']}: {_spoken(data['answer'])}."
            case "invited" | "resent" | "taken_back":
                sentence = _of_mail(entry.kind, by, data)
            case "fired" | "noticed":
                sentence = self._spoke(entry.kind, data)
            case definitions.MIGRATED:
                sentence = f"{by} moved it to {self._migrated(data)}. Nobody was told."
            case _:
                sentence = (
                    self._of_link(by, data) or self._of_erasure(entry) or told_of_hold(entry.kind, by, data)
                )
        return sentence

    def _of_erasure(self, entry: Entry) -> str:
        """Say what was erased; nothing of a line about anything else."""
        if entry.kind != ERASED:
            return ""
        agreed = self._by(entry.data["agreed_by"]) if "agreed_by" in entry.data else ""
        return told_of_erasure(self._by(entry.actor), entry.data, agreed)

    def _opened(self, data: Mapping[str, Any]) -> str:
        if self._ref.kind == RuleHold.noun:
            return f"placed it on {data.get('about', 'everything of which the rule speaks')}"
        if self._ref.kind != Approval.noun:
            return "opened it"
        title = self._tx.session.get_one(Approval, self._ref.id).title
        return f"asked for ‘{title}’ on {data['about']}"

    def _took(self, by: str, data: Mapping[str, Any]) -> str:
        step = f"‘{self._step(data['trigger'])}’"
        if "asked_by" in data:
            return f"{self._decided(by, data)} the step {step}{self._request(data)}"
        voice = data.get("voice")
        if voice is None or data["answer"] == data["trigger"]:
            instead = f" in place of the {_spoken(voice['role'])}" if voice and voice["deputy"] else ""
            return f"{by} took the step {step}{instead}"
        # Of several the last has answered, and what all of them come to is something else.
        return f"{by} answered {_voice(data)}; that was counted with the others"

    def _decided(self, by: str, data: Mapping[str, Any]) -> str:
        if "agreed_by" not in data:
            return f"{by} decided"
        return f"{all_of(self._by(who) for who in data['agreed_by'])} agreed to"

    def _request(self, data: Mapping[str, Any]) -> str:
        return f", which {self._by(data['asked_by'])} had asked for (approval/{data['approval']})"

    def _migrated(self, data: Mapping[str, Any]) -> str:
        """Say to which definition it was moved, and what its state is called there."""
        query = sa.select(definitions.Definition.published_at)
        at = self._tx.session.scalar(query.where(definitions.Definition.hash == data["definition"]))
        on = "" if at is None else f" of {day_in_words(self._tx.calendar.today(at))}"
        title = f"the workflow ‘{self._workflow.title}’{on}"
        if "to" not in data:
            return f"{title}; its state stays as it was"
        before = self._published.get(data["from_definition"], self._workflow)
        return f"{title}: from {_title(before, data['from'])} to {self._state(data['to'])}"

    def _spoke(self, kind: str, data: Mapping[str, Any]) -> str:
        rule = self._rules.get(data["rule"])
        title = "" if rule is None else f": {rule.title}"
        if kind == NOTICED:
            return f"The rule ‘{data['rule']}’ gave notice to the {_spoken(data['heard'])}{title}."
        again = f", repeat {data['number']}" if data["number"] else ""
        loud = _LOUD.get(data["severity"], "")
        return f"The rule ‘{data['rule']}’ spoke{again}{loud}{title}.{replied_before(data)}"

    def _of_link(self, by: str, data: Mapping[str, Any]) -> str:
        """Say what became of a link in a mail; nothing of a line about anything else."""
        if "link" not in data:
            return ""
        to = self._by(data["whose"])
        if "purpose" not in data:
            return f"{by} withdrew the link that {to} had got."
        until = day_in_words(date.fromisoformat(data["until"]))
        return f"{by} sent {to} a link {_LINKS[data['purpose']]}, good until {until}."

    def _values(self, entry: Entry) -> Iterator[str]:
        """Say what was given and what was set; a day that is only the day of the line itself says nothing new."""
        fields, own_day = self._workflow.vocabulary.fields, self._tx.calendar.today(entry.at).isoformat()
        changed = entry.data.get("set", {})
        given = {
            name: value
            for name, value in entry.data.get("given", {}).items()
            if value not in changed.values()
        }
        for name, value in {**given, **changed}.items():
            if value != own_day:
                title = fields[name].title if name in fields else ""
                yield f"{title or _spoken(name)}: {_shown(value)}"

    def _mailed(self) -> dict[int, tuple[str, ...]]:
        rows = self._tx.session.execute(
            sa.select(Message.cause, Message.to_name)
            .where(Message.group_id == self._tx.actor.group_id, Message.cause.like(f"{self._ref} line %"))
            .where(Message.state != State.WITHDRAWN)
            .order_by(Message.id)
        )
        found: dict[int, list[str]] = {}
        for cause, name in rows:
            found.setdefault(int(cause.rpartition(" ")[2]), []).append(name)
        for line, name in self._tx.session.execute(self._told_in_digests()):
            found.setdefault(line, []).append(name)
        return {number: tuple(dict.fromkeys(names)) for number, names in found.items()}

    def _told_in_digests(self) -> sa.Select[int, str]:
        return (
            sa.select(DigestItem.seq, Person.name)
            .join(Person, Person.id == DigestItem.person_id)
            .where(DigestItem.subject_kind == self._ref.kind, DigestItem.subject_id == self._ref.id)
            .where(DigestItem.dropped_because.is_(None))
            .order_by(DigestItem.id)
        )

    def _by(self, actor: str) -> str:
        return CLOCK if actor == "clock" else self._people.get(actor, actor)

    def _state(self, name: str) -> str:
        return _title(self._workflow, name)

    def _step(self, trigger: str) -> str:
        return next((way.title for way in self._workflow.moves if way.trigger == trigger), _spoken(trigger))


def _read(row: Event) -> Entry | None:
    """Read one line; None where whoever changed it left something that cannot be read."""
    try:
        return entry_of(row)
    except ValueError:
        return None


def _voice(data: Mapping[str, Any]) -> str:
    """Say as whom somebody answered, and what."""
    voice = data["voice"]
    role = _spoken(voice["role"])
    return f"{f'in place of the {role}' if voice['deputy'] else f'as {role}'}: {_spoken(data['answer'])}"


def _title(workflow: Workflow, name: str) -> str:
    state = workflow.states.get(name)
    return name if state is None else state.title


def _of_mail(kind: str, by: str, data: Mapping[str, Any]) -> str:
    if kind == "invited":
        return f"{by} let the invitations follow who belongs to the group."
    if kind == "taken_back":
        return f"{by} took mail/{data['mail']} back before it had arrived."
    return f"{by} had mail/{data['mail']} sent again."


def _is_sealed(row: Event, previous: str, entry: Entry, words: Mapping[str, EventText]) -> bool:
    """Say whether a line and the texts that belong to it are those that were sealed."""
    if row.seal != seal_of(previous, [getattr(row, name) for name in SEALED_COLUMNS]):
        return False
    return all(
        name in words and _is_kept(words[name], promised)
        for name, promised in entry.data.get("texts", {}).items()
    )


def _is_kept(text: EventText, promised: str) -> bool:
    if text.text is None:
        return text.erased_at is not None
    return commitment_of(text.salt, text.text) == promised


def _reasons(reasons: Sequence[str]) -> Iterator[str]:
    """Turn `due_on < today: true (2014-09-02; 2014-09-03)` into words: what held, what did not, on which values."""
    for reason in reasons:
        text, _, rest = reason.rpartition(": ")
        verdict, _, values = rest.partition(" ")
        shown = ", ".join(_shown(value) for value in values.strip("()").split("; "))
        yield f"{'' if verdict == 'true' else 'not '}{text} ({shown})" if text else reason


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return day_in_words(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def _spoken(word: str) -> str:
    return word.replace("_", " ")
