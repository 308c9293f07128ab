"""A real office for tests: the cast on a database of its own, a clock that stands still, and the trade's own words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.accounts.tokens import token_in_place_of
from assurance.commands import acting, concluding, meetings, moving, programme, reading
from assurance.commands.approving import decide
from assurance.commands.founding import record_absence
from assurance.commands.moving import Done
from assurance.config import HOME, Settings
from assurance.facts import Known
from assurance.migrate import migrate
from assurance.office import Actor, Office, Tx, clock_of
from assurance.playbook import Shelf, read_shelf
from assurance.post import deliver
from assurance.records import (
    Action,
    Agency,
    AgencyReturn,
    Aim,
    Case,
    DigestItem,
    Meeting,
    Person,
    Post,
    PostHolding,
    RecordSet,
)
from assurance.story.cast import bring_on
from assurance.sweep import SweepTally, sweep
from assurance.tables import MOVED
from engine.clock import FrozenClock
from engine.conditions import Value
from engine.fences import EVERY
from engine.ledger import Entry, history, texts
from engine.moved import Ref
from engine.proof import Proof, verify
from engine.store import open_store
from notifications.delivery import Delivered
from notifications.mailer import MemoryMailer
from notifications.outbox import Message
from tests.cast import LONDON, MEETINGS, PEOPLE, cast

BEGIN = date(2014, 9, 1)  # a Monday
MID_MORNING = time(10, 0)
AIMS = ("Was information shared in time?", "Were men part of the assessment?")
STAGES = (
    "proposed",
    "theme_agreed",
    "cases_selected",
    "agency_audits",
    "findings",
    "recommendations",
    "actions",
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message of the outbox, as its reader would name its parts; `to` is a key of the cast."""

    to: str
    template: str
    subject: str
    said: str
    why: str
    items: tuple[Mapping[str, str], ...]
    thread: str
    severity: str
    key: str
    cause: str
    link: str
    everything: str


class Reminded(NamedTuple):
    """One reminder for somebody's digest; `to` is a key of the cast."""

    to: str
    rule: str
    told_as: str
    ref: Ref


class World:
    """An open office with the whole cast; people are named by their keys: `world.moves("bo", action, "begin")`."""

    def __init__(
        self,
        database: str | Path,
        *,
        at: datetime | None = None,
        shelf: Shelf | None = None,
        base_url: str = "https://audits.example",
    ) -> None:
        self.clock = FrozenClock(at or datetime.combine(BEGIN, MID_MORNING, LONDON))
        self.settings = Settings(
            database=str(database),
            var=HOME / "var",
            workflows=(HOME / "workflows",),
            rules=(HOME / "rules",),
            smtp_url=None,
            mail_from="audits@board.example",
            base_url=base_url,
            secret="what only this installation of the tests knows",
        )
        self.shelf = shelf or house_shelf()
        store = open_store(self.settings.database)
        migrate(store)
        self.office = Office(self.settings, store, self.shelf, clock=self.clock)
        if not self.office.groups():
            self.found("qa")
            sweep(self.office)  # the house's rules come into force: nothing is there yet that they could owe
        self.group_id = self.office.groups()[0]
        self.post = MemoryMailer()
        # That people were invited to the meetings of the cast is nobody's news.
        invited = sa.select(sa.func.max(Message.id)).where(Message.cause.like("meeting/% line 1"))
        self._mails_read = self.ask(invited)[0] or 0
        self._reminders_read = 0

    def found(self, key: str) -> int:
        """Bring on the whole cast as a group of its own and give the group's number."""
        with self.office.store.begin(group=EVERY) as session:
            number = bring_on(session, cast(key), self.office.playbook, at=self.clock.now())
        self.office.read_playbook()
        return number

    def close(self) -> None:
        """Close the office."""
        self.office.close()

    # -- days ----------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The group's civil day."""
        return self.clock.now().astimezone(LONDON).date()

    def on(self, day: date, at: time = MID_MORNING) -> None:
        """Let it be mid-morning of a day."""
        self.clock.move_to(datetime.combine(day, at, LONDON))

    def night(self, day: date) -> SweepTally:
        """Let the clock strike the hour of a day at which rules look."""
        self.on(day, self.office.playbook.book.clock.look_at)
        return sweep(self.office)

    def nights(self, until: date) -> SweepTally:
        """Let every day pass from tomorrow to a day, and rules look on each."""
        tally = SweepTally()
        while self.today < until:
            tally.add(self.night(self.today + timedelta(days=1)))
        return tally

    def working_days_from(self, day: date, number: int) -> date:
        """Give the day that lies so many of the group's working days later."""
        return self.office.playbook.calendar(self.group_id).add_working_days(day, number)

    def as_it_goes(self, link: str) -> str:
        """Give a link as it stands in a letter on its way: what is kept of it ends with a blank."""
        page, _, blank = link.rpartition("/")
        return f"{page}/{token_in_place_of(self.settings.secret, blank)}"

    # -- people do something -------------------------------------------------------------------------------

    def actor(self, who: str, *, group: str = "qa") -> Actor:
        """Give somebody of the cast as an actor."""
        return self.office.actor(who, group=group)

    @contextmanager
    def does(self, who: str, *, group: str = "qa") -> Iterator[Tx]:
        """Open one command of somebody of the cast."""
        with self.office.begin(self.actor(who, group=group)) as tx:
            yield tx

    def moves(
        self,
        who: str,
        ref: Ref,
        trigger: str,
        *,
        version: int | None = None,
        key: str | None = None,
        **given: Value,
    ) -> Done:
        """Let somebody take a subject through one move, or ask for it."""
        with self.does(who) as tx:
            return moving.move(tx, ref, trigger, version=version, key=key, given=given)

    def asks(self, who: str, ref: Ref, trigger: str, *, key: str | None = None, **given: Value) -> Ref:
        """Let somebody ask for a move that needs an approval, and give that approval."""
        approval = self.moves(who, ref, trigger, version=None, key=key, **given).approval
        assert approval is not None, f"{trigger} needs no approval"
        return approval

    def decides(
        self,
        who: str,
        approval: Ref,
        answer: str = "approve",
        *,
        reason: str = "",
        meeting: str | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> Done:
        """Let somebody answer a waiting approval."""
        meeting_id = None if meeting is None else self.number(Meeting, meeting)
        with self.does(who) as tx:
            return decide(
                tx, approval, answer, reason=reason, meeting_id=meeting_id, version=version, key=key
            )

    def is_granted(self, who: str, ref: Ref, trigger: str, *, by: str = "ada", **given: Value) -> Done:
        """Let somebody ask for a move, and the chair approve it."""
        return self.decides(by, self.asks(who, ref, trigger, key=None, **given))

    def is_away(self, who: str, *, until: date, reason: str = "On leave") -> None:
        """Record that somebody is away from today."""
        with self.does("sam") as tx:
            record_absence(tx, self.number(Person, who), self.today, until, reason)

    def delivers(self) -> Delivered:
        """Hand over the mail that may go now; every letter that went stands in `post.sent`."""
        return deliver(self.office, self.post)

    def leaves(self, post: str, *, successor: str | None = None) -> None:
        """Let the holder of a post leave it today; the successor begins tomorrow."""
        with self.office.store.begin(group=EVERY) as session:
            number = self.number(Post, post)
            session.execute(
                sa.update(PostHolding).where(PostHolding.post_id == number).values(until_on=self.today)
            )
            if successor is not None:
                session.add(
                    PostHolding(
                        group_id=self.group_id,
                        post_id=number,
                        person_id=self.number(Person, successor),
                        from_on=self.today + timedelta(days=1),
                    )
                )

    # -- what there is -------------------------------------------------------------------------------------

    audit = Ref("audit", 1)

    def number(self, table: type[Any], key: str) -> int:
        """Give the number of a row that has a key: an agency, a person, a post, a meeting, a record set."""
        with self.office.store.reading(group=EVERY) as session:
            query = sa.select(table.id).where(table.key == key, table.group_id == self.group_id)
            return int(session.execute(query).scalar_one())

    def aims(self, audit: Ref = audit) -> list[int]:
        """Give the aims of an audit."""
        return self.ask(sa.select(Aim.id).where(Aim.audit_id == audit.id).order_by(Aim.number))

    def cases(self, audit: Ref = audit) -> list[int]:
        """Give the cases of an audit."""
        return self.ask(sa.select(Case.id).where(Case.audit_id == audit.id).order_by(Case.id))

    def agency_return(self, records: str, *, case: int = 0) -> Ref:
        """Give the return of the first (or another) case from a record set."""
        query = sa.select(AgencyReturn.id).where(
            AgencyReturn.case_id == self.cases()[case],
            AgencyReturn.record_set_id == self.number(RecordSet, records),
        )
        return Ref("agency_return", self.ask(query)[0])

    def returns(self, *records: str) -> list[Ref]:
        """Give all returns, or those from some record sets."""
        query = sa.select(AgencyReturn.id).join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
        if records:
            query = query.where(RecordSet.key.in_(records))
        return [Ref("agency_return", number) for number in self.ask(query.order_by(AgencyReturn.id))]

    def action(self, agency: str) -> Ref:
        """Give an agency's first action."""
        query = sa.select(Action.id).join(Agency, Agency.id == Action.agency_id).where(Agency.key == agency)
        return Ref("action", self.ask(query.order_by(Action.id))[0])

    def ask(self, query: sa.Select[Any]) -> list[Any]:
        """Ask the database."""
        with self.office.store.reading(group=EVERY) as session:
            return list(session.scalars(query))

    def pairs(self, query: sa.Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Ask the database for more than one column."""
        with self.office.store.reading(group=EVERY) as session:
            return [tuple(row) for row in session.execute(query)]

    def row(self, table: type[Any], ref: Ref) -> Any:
        """Give a subject's row as it is stored now."""
        with self.office.store.reading(group=EVERY) as session:
            return session.get_one(table, ref.id)

    def known(self, ref: Ref) -> Known:
        """Give a subject with its facts."""
        return self.known_in(self.group_id, ref)

    def known_in(self, group_id: int, ref: Ref) -> Known:
        """Give a subject of another group with its facts."""
        with self.office.begin(clock_of(group_id)) as tx:
            known = tx.playbook.noun(ref.kind).load(tx.session, ref.id)
        assert known is not None
        return known

    def state(self, ref: Ref) -> str:
        """Give a subject's state."""
        return self.known(ref).standing.state

    def version(self, ref: Ref) -> int:
        """Give the number of the newest line of a subject's history."""
        return self.known(ref).standing.version

    def history(self, ref: Ref) -> tuple[Entry, ...]:
        """Give a subject's history."""
        with self.office.store.reading(group=EVERY) as session:
            return history(session, ref)

    def texts(self, ref: Ref) -> dict[tuple[int, str], str | None]:
        """Give what people wrote in a subject's history."""
        with self.office.store.reading(group=EVERY) as session:
            return texts(session, ref)

    def fired(self, ref: Ref) -> list[str]:
        """Give the rules that have spoken about a subject, in order, each with the number of its repeat."""
        return [
            f"{line.data['rule']} {line.data['number']}" for line in self.history(ref) if line.kind == "fired"
        ]

    def proof(self) -> Proof:
        """Check the whole history."""
        with self.office.store.reading(group=EVERY) as session:
            return verify(session, MOVED)

    def news(self) -> list[Mail]:
        """Give the mails that were written since somebody last asked for the news, but for digests: see `reminded`."""
        is_new = sa.and_(Message.id > self._mails_read, Message.template != "digest")
        query = sa.select(Message).where(is_new).order_by(Message.id)
        messages = self.ask(query)
        self._mails_read = max((message.id for message in messages), default=self._mails_read)
        return [_mail(message) for message in messages]

    def reminded(self) -> list[Reminded]:
        """Give the reminders that were kept for digests since somebody last asked."""
        with self.office.store.reading(group=EVERY) as session:
            items = sa.select(DigestItem, Person.key).join(Person, Person.id == DigestItem.person_id)
            rows = session.execute(items.where(DigestItem.id > self._reminders_read).order_by(DigestItem.id))
            found = list(rows.all())
        self._reminders_read = max((item.id for item, _ in found), default=self._reminders_read)
        return [
            Reminded(to, item.rule, item.told_as, Ref(item.subject_kind, item.subject_id))
            for item, to in found
        ]

    def told(self, template: str | None = None) -> list[str]:
        """Give who was written to since somebody last asked for the news."""
        return sorted(mail.to for mail in self.news() if template in (None, mail.template))

    # -- the life of an audit ------------------------------------------------------------------------------

    def audit_at(self, stage: str) -> Ref:
        """Bring the audit forward to a stage, as the group would; nothing happens where it stands there already."""
        for one in STAGES[self._stage() : STAGES.index(stage) + 1]:
            _ON_THE_WAY[one](self)
        return self.audit

    def _stage(self) -> int:
        with self.office.begin(clock_of(self.group_id)) as tx:
            known = tx.playbook.noun("audit").load(tx.session, self.audit.id)
        return 0 if known is None else STAGES.index(known.standing.state) + 1

    def fills(self, who: str, ref: Ref, *letters: str) -> None:
        """Let an agency begin a return and answer its aims, with yes where nothing else is said."""
        aims = self.aims()
        answers = [*letters, *["yes"] * (len(aims) - len(letters))]
        self.moves(who, ref, "start")
        with self.does(who) as tx:
            reading.answer_aims(tx, ref, {aim: (word, "") for aim, word in zip(aims, answers, strict=True)})

    def answers(self, who: str, ref: Ref, words: Mapping[int, str]) -> None:
        """Let an agency answer the named aims of a return, submit it, and the coordinator accept it."""
        self.moves(who, ref, "start")
        with self.does(who) as tx:
            reading.answer_aims(tx, ref, {aim: (word, "") for aim, word in words.items()})
        self.moves(who, ref, "submit")
        self.moves("sam", ref, "accept")

    def settles(self, who: str, ref: Ref, *letters: str) -> None:
        """Let an agency fill and submit a return, and the coordinator accept it."""
        self.fills(who, ref, *letters)
        self.moves(who, ref, "submit")
        self.moves("sam", ref, "accept")

    def plans(
        self,
        who: str,
        agency: str,
        *,
        recommendation: Ref,
        owner: str,
        due_on: date | None = date(2015, 2, 27),
    ) -> Ref:
        """Let an agency plan an action with owner and measure, and agree it."""
        plan = acting.Plan(
            self.number(Agency, agency),
            "Brief every team on sharing information",
            self.number(Post, owner),
            "Nine in ten of the staff asked can say what they must share",
            due_on,
        )
        with self.does(who) as tx:
            ref = acting.plan_action(tx, recommendation, plan)
        self.moves(who, ref, "agree")
        return ref

    def completes(self, who: str, ref: Ref, *, by: str = "ada") -> None:
        """Let an agency do its action, prove and confirm it, and the chair verify it."""
        with self.does(who) as tx:
            acting.add_evidence(tx, ref, "Attendance list", "All teams were briefed.")
        self.moves(who, ref, "confirm")
        self.moves(by, ref, "verify")


WHO_READS = {"health_visiting": "bo", "social_care": "dev", "school": "esme", "police": "fay", "gp": "gil"}


def _propose(world: World) -> None:
    world.on(BEGIN)
    theme = programme.Theme("2014-15", "Neglect", "review", "Review of Family L", "Open for two years", 12, 2)
    with world.does("sam") as tx:
        audit = programme.open_audit(tx, theme)
        for aim in AIMS:
            programme.add_aim(tx, audit, aim)


def _agree_theme(world: World) -> None:
    world.on(date(2014, 9, 2))
    world.is_granted("sam", world.audit, "agree_theme")


def _select_cases(world: World) -> None:
    world.on(date(2014, 9, 8))
    with world.does("sam") as tx:
        for kind in ("child", "family"):
            programme.draw_case(tx, world.audit, kind, "Drawn at random")
    world.is_granted("sam", world.audit, "select_cases")


def _start_agency_audits(world: World) -> None:
    world.on(date(2014, 9, 15))
    with world.does("sam") as tx:
        meeting = world.number(Meeting, "2014-12")
        meetings.set_meeting(tx, world.audit, meeting, date(2014, 11, 27))
    world.is_granted("sam", world.audit, "start_agency_audits")
    with world.does("sam") as tx:
        programme.request_returns(tx, world.audit)


def _open_findings(world: World) -> None:
    world.on(date(2014, 11, 24))
    for records, who in WHO_READS.items():
        for ref in world.returns(records):
            if world.state(ref) == "requested":
                world.settles(who, ref, "no")
    world.is_granted("sam", world.audit, "open_findings")


def _open_recommendations(world: World) -> None:
    world.on(MEETINGS["2014-12"], time(15, 0))
    meeting = world.number(Meeting, "2014-12")
    aims = world.aims()
    with world.does("sam") as tx:
        concluding.hold_moderation(tx, world.audit, "All ten returns", meeting_id=meeting)
        seen = concluding.Seen(aims[0], "area for development", "Schools heard late")
        concluding.record_finding(tx, world.audit, seen)
        concluding.record_finding(tx, world.audit, concluding.Seen(aims[1], "strength", "Fathers were asked"))
    world.is_granted("sam", world.audit, "open_recommendations")


def _open_actions(world: World) -> None:
    world.on(date(2014, 12, 15))
    aims = world.aims()
    asked = [world.number(Agency, agency) for agency in ("trust", "ccg")]
    with world.does("sam") as tx:
        wanted = concluding.Wanted("strategic", "Tell schools on the day", [aims[0]], [1], asked)
        recommendation = concluding.make_recommendation(tx, world.audit, wanted)
    world.is_granted("sam", recommendation, "agree")
    world.plans("bo", "trust", recommendation=recommendation, owner="health_visiting")
    world.plans("gil", "ccg", recommendation=recommendation, owner="named_gp")
    world.is_granted("sam", world.audit, "open_actions")


_ON_THE_WAY: dict[str, Callable[[World], None]] = dict(
    zip(
        STAGES,
        (
            _propose,
            _agree_theme,
            _select_cases,
            _start_agency_audits,
            _open_findings,
            _open_recommendations,
            _open_actions,
        ),
        strict=True,
    )
)


class Templates:
    """SQLite files with the audit at each stage, made once and copied for every test that asks for one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, datetime] = {}

    def world(
        self, file: Path, stage: str | None = None, *, base_url: str = "https://audits.example"
    ) -> World:
        """Give a world of one's own in a file, with the audit at a stage or with no audit yet."""
        name = stage or "founded"
        if name not in self._made:
            self._make(name)
        shutil.copyfile(self._path(name), file)
        return World(file, at=self._made[name], base_url=base_url)

    def _make(self, name: str) -> None:
        if name == "founded":
            world = World(self._path(name))
        else:
            before = STAGES.index(name)
            world = self.world(self._path(name), STAGES[before - 1] if before else None)
            world.audit_at(name)
        world.close()
        self._made[name] = world.clock.now()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite"


@cache
def house_shelf() -> Shelf:
    """Give the house's own workflows and rules, read once a run."""
    return read_shelf((HOME / "workflows",), (HOME / "rules",))


_KEYS = {name: key for key, name in PEOPLE.items()}


def _mail(message: Message) -> Mail:
    context = json.loads(message.context)
    return Mail(
        to=_KEYS[message.to_name],
        template=message.template,
        subject=message.subject,
        said=context["said"],
        why=context["why"],
        items=tuple(context["items"]),
        thread=message.thread,
        severity=message.severity,
        key=message.key,
        cause=message.cause,
        link=context["link"],
        everything=f"{message.subject}\n{message.context}",
    )
