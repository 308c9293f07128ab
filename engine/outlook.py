"""What the rules make of one subject from day to day: each condition is asked again only when time can have changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from operator import itemgetter

from engine.condition_tree import facts_in
from engine.conditions import Calendar, Comparison, Facts
from engine.opinions import SPEAKS, Answer, day_after, values_set, weigh
from engine.rule import Opinion, Past, RightOfReply, Rule, Verdict


class Outlook:
    """One subject as its rules see it on one day after another, while nobody touches it.

    Begins on `today`. `says` gives what is due and counts it as said; `next_day` names the next day on which
    something new can be due, and `go_to` goes there. `facts` are those of the subject with what rules have set.
    """

    __slots__ = ("_calendar", "_day", "_judged", "_rules", "_watches", "facts", "past", "today")

    def __init__(
        self,
        rules: Sequence[Rule],
        facts: Facts,
        past: Past,
        *,
        today: date,
        calendar: Calendar,
        day: Day | None = None,
    ) -> None:
        """Begin on a day; of many subjects a Day remembers what was asked of it before."""
        self.today, self.past, self.facts = today, past, facts
        self._judged = facts
        self._rules, self._calendar, self._day = rules, calendar, day
        self._watches = self._watched()

    def opinions(self) -> tuple[Opinion, ...]:
        """Return what each rule makes of the subject today; a rule whose condition is not true has no opinion."""
        answers = [
            Answer(one.rule, one.is_true, one.occasion)
            for one in self._watches
            if one.is_true or one.is_true_ahead
        ]
        if not answers:
            return ()
        if self._day is not None:
            answers.sort(key=self._day.place)
        return weigh(answers, today=self.today, calendar=self._calendar, past=self.past)

    def says(self) -> Iterator[Opinion]:
        """Give what is said today, firings and notices, one after the other, and go on as if each had been said.

        What a rule sets can make others speak: they follow on the same day. While one is given, `facts` are those
        that whoever is told of it knows.
        """
        facts: Facts | None = None
        while self.facts is not facts:
            facts = self._judged = self.facts
            due = [opinion for opinion in self.opinions() if opinion.outcome in SPEAKS]
            if due:
                self.past = self.past.after(due, today=self.today)
            for opinion in due:
                changed = values_set(opinion, facts, today=self.today, calendar=self._calendar)
                if any(self.facts[name] != value for name, value in changed.items()):
                    self.facts = {**self.facts, **changed}
                yield opinion
            if self.facts is not facts:
                self._watches = self._watched()

    def verdict(self, opinion: Opinion) -> Verdict:
        """Return what an opinion comes to while `says` gives it: a firing or a notice, with its reasons."""
        reasons = next(watch.reasons for watch in self._watches if watch.rule is opinion.rule)
        sets = values_set(opinion, self._judged, today=self.today, calendar=self._calendar)
        return Verdict(opinion.rule, opinion.occasion, opinion.number, reasons, sets, opinion.is_notice)

    def next_day(self) -> date | None:
        """Return the first day after today on which something new can be due; None means never.

        What is due today and not yet in the past is taken to be said today.
        """
        days = [day_after(hold.until_on) for hold in self.past.holds if hold.until_on >= self.today]
        # A condition that time cannot make true any more is not asked again.
        self._watches = [watch for watch in self._watches if watch.can_speak()]
        for watch in self._watches:
            change = watch.changes_on()
            if change is not None:
                days.append(change)
            if watch.is_true_ahead or (watch.is_true and (watch.rule.repeat or watch.rule.notice)):
                days += watch.days_of_telling(self.past, today=self.today)
        return min(days, default=None)

    def go_to(self, day: date) -> None:
        """Go on to a later day."""
        self.today = day
        if self._day is None:
            for watch in self._watches:
                watch.go_to(day)
        else:
            # What a day remembers is of many subjects, each of which goes on at its own pace.
            self._day = self._day.on(day)
            self._watches = self._watched()

    def _watched(self) -> list[_Watch]:
        if self._day is not None:
            return self._day.watches(self.facts)
        return [_Watch(rule, self.facts, self.today, self._calendar) for rule in self._rules]


class Day:
    """One kind's rules on one day, for many subjects: what a condition makes of the same facts is asked once."""

    def __init__(self, rules: Sequence[Rule], *, today: date, calendar: Calendar) -> None:
        self.today, self.calendar = today, calendar
        self._rules = rules
        self._places = {rule.id: place for place, rule in enumerate(rules)}
        by_facts: dict[tuple[str, ...], list[Rule]] = {}
        for rule in rules:
            asked = tuple(sorted({*facts_in(rule.when.tree), rule.once_per}))
            by_facts.setdefault(asked, []).append(rule)
        self._alike = [_Alike(names, some, today, calendar) for names, some in by_facts.items()]
        self._days = {today: self}

    def on(self, today: date) -> Day:
        """Give the same rules on another day, one and the same for all subjects that get there."""
        if today not in self._days:
            day = self._days[today] = Day(self._rules, today=today, calendar=self.calendar)
            day._days = self._days
        return self._days[today]

    def outlook(self, facts: Facts, past: Past) -> Outlook:
        """Begin with one subject."""
        return Outlook(self._rules, facts, past, today=self.today, calendar=self.calendar, day=self)

    def place(self, answer: Answer) -> int:
        """Give the place of a rule among the others: they speak in the order of the files."""
        return self._places[answer.rule.id]

    def watches(self, facts: Facts) -> list[_Watch]:
        """Give the watches of the rules that may have something to say of these facts, shared with all that are alike."""
        found: list[_Watch] = []
        for alike in self._alike:
            found += alike.watches(facts)
        return found


class _Alike:
    """The rules that ask for the same facts, and what they have made of each combination of values."""

    __slots__ = ("_calendar", "_known", "_rules", "_today", "_values")

    def __init__(self, names: Sequence[str], rules: Sequence[Rule], today: date, calendar: Calendar) -> None:
        self._values: Callable[[Facts], object] = itemgetter(*names)
        self._rules, self._today, self._calendar = rules, today, calendar
        self._known: dict[object, list[_Watch]] = {}

    def watches(self, facts: Facts) -> list[_Watch]:
        """Give the watches of the rules that may have something to say."""
        values = self._values(facts)
        known = self._known.get(values)
        if known is None:
            watches = (_Watch(rule, facts, self._today, self._calendar) for rule in self._rules)
            known = self._known[values] = [watch for watch in watches if watch.can_speak()]
        return known


class _Watch:
    """One rule's condition about one subject, for today and for the day on which the time of its notice is over."""

    __slots__ = (
        "_calendar",
        "_changes_on",
        "_facts",
        "_is_known",
        "_occasion",
        "_reasons",
        "_tellings",
        "_today",
        "is_true",
        "is_true_ahead",
        "rule",
    )

    def __init__(self, rule: Rule, facts: Facts, today: date, calendar: Calendar) -> None:
        self.rule, self._facts, self._calendar = rule, facts, calendar
        self._occasion: str | None = None
        self._reasons: tuple[Comparison, ...] | None = None
        self._is_known = False
        self._changes_on: date | None = None
        self._look(today)

    @property
    def occasion(self) -> str:
        """The occasion for which the rule would speak, spelled when it is asked for."""
        if self._occasion is None:
            self._occasion = self.rule.occasion(self._facts)
        return self._occasion

    @property
    def reasons(self) -> tuple[Comparison, ...]:
        """The comparisons of the condition with the values of this day, worked out when they are asked for."""
        if self._reasons is None:
            self._reasons = self.rule.when.comparisons(
                self._facts, today=self._today, calendar=self._calendar
            )
        return self._reasons

    def can_speak(self) -> bool:
        """Tell whether the rule may have something to say, today or on a later day."""
        return self.is_true or self.is_true_ahead or self.changes_on() is not None

    def changes_on(self) -> date | None:
        """Return the first day after today on which one of the two answers can change."""
        if not self._is_known:
            rule, today = self.rule, self._today
            self._changes_on = rule.when.next_change(self._facts, today=today, calendar=self._calendar)
            if rule.notice is not None:
                change = self._change_ahead(rule.notice)
                days = [day for day in (self._changes_on, change) if day is not None]
                self._changes_on = min(days, default=None)
            self._is_known = True
        return self._changes_on

    def days_of_telling(self, past: Past, *, today: date) -> tuple[date, ...]:
        """Return the days after today of the rule's next repeat, and of the end of its time of notice."""
        key = self.rule.id, self.occasion
        before, noticed_on = past.fired.get(key), past.noticed.get(key)
        first_on = None if before is None else before.first_on
        about = today, first_on, noticed_on
        known = self._tellings.get(about)
        if known is None:
            known = self._tellings[about] = tuple(self._telling(*about))
        return known

    def go_to(self, day: date) -> None:
        """Ask again if the answer can have changed by a day."""
        change = self.changes_on()
        if change is not None and change <= day:
            self._look(day)

    def _telling(self, today: date, first_on: date | None, noticed_on: date | None) -> Iterator[date]:
        rule, calendar = self.rule, self._calendar
        if rule.repeat and self.is_true:
            again = rule.repeat.next_day(first_on or today, today, calendar)
            if again is not None:
                yield again
        # Also where the condition will no longer be true by then, counted from today: notice was given earlier.
        if rule.notice and first_on is None and (self.is_true or self.is_true_ahead):
            over_on = rule.notice.before.after(noticed_on or today, calendar)
            if over_on > today:
                yield over_on

    def _look(self, today: date) -> None:
        """Ask the condition on a day."""
        rule, facts, calendar = self.rule, self._facts, self._calendar
        self._today, self._is_known, self._reasons = today, False, None
        self._tellings: dict[tuple[date, date | None, date | None], tuple[date, ...]] = {}
        self.is_true = rule.when.holds(facts, today=today, calendar=calendar)
        self.is_true_ahead = rule.notice is not None and rule.when.holds(
            facts, today=rule.notice.before.after(today, calendar), calendar=calendar
        )

    def _change_ahead(self, notice: RightOfReply) -> date | None:
        """Return the first day after today on which the condition can change as it is after the time of notice."""
        ahead = notice.before.after(self._today, self._calendar)
        change = self.rule.when.next_change(self._facts, today=ahead, calendar=self._calendar)
        reached = None if change is None else notice.before.first_reaching(change, self._calendar)
        return None if reached is None else max(day_after(self._today), reached)
