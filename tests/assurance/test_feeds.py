"""A person's calendar feed: what is in it, for whom, for how long, and that it says nothing of cases or findings."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from assurance.commands.convening import Sitting
from assurance.commands.feeds import make_feed, revoke_feed
from assurance.commands.meetings import plan_meeting
from assurance.queries.feeds import feed_at, own_feed
from assurance.records import CalendarFeed, Case, Finding
from engine.errors import Refused
from engine.moved import Ref
from reports.calendar_feed import calendar_feed
from tests.assurance.conftest import At
from tests.world import World


def made(world: World, who: str) -> str:
    with world.does(who) as tx:
        return make_feed(tx)


def written(world: World, token: str) -> bytes:
    feed = feed_at(world.office, token)
    assert feed is not None
    return calendar_feed(feed, base_url=world.settings.base_url)


def events(world: World, who: str) -> list[Any]:
    return list(Calendar.from_ical(written(world, made(world, who))).walk("VEVENT"))


def titles(world: World, who: str) -> list[str]:
    return [str(event["summary"]) for event in events(world, who)]


def test_everybody_in_post_sees_the_meetings(world_at: At) -> None:
    world = world_at("agency_audits")
    for who in ("ada", "bo", "cleo", "una", "ida", "thea"):
        assert sum("Meeting of" in title for title in titles(world, who)) == 3


def test_an_agency_sees_the_days_of_its_own_returns_only(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    own = [title for title in titles(world, "bo") if "due" in title]
    assert own == ["Return due: audit 2014-15/1, Health visiting"] * 2
    assert "Return due: audit 2014-15/1, Schools" in titles(world, "esme")
    assert "Return due: audit 2014-15/1, Social care" not in titles(world, "esme")
    assert not any("due" in title for title in titles(world, "cleo"))


def test_an_owner_and_a_lead_see_the_days_of_their_actions_only(world_at: At) -> None:
    later = world_at("actions")
    assert "Action due: audit 2014-15/1, North Trust" in titles(later, "nell")
    assert "Action due: audit 2014-15/1, North Trust" in titles(later, "bo")
    assert not any("North Trust" in title for who in ("gil", "fay", "cleo") for title in titles(later, who))


def test_the_coordinator_and_the_chair_see_the_days_of_the_audits(world_at: At) -> None:
    world = world_at("agency_audits")
    for who in ("sam", "ada"):
        assert "Returns due: audit 2014-15/1" in titles(world, who)
    assert "Returns due: audit 2014-15/1" not in titles(world, "fay")


def test_what_is_done_is_not_in_the_calendar(world_at: At) -> None:
    world = world_at("agency_audits")
    first, _ = world.returns("health_visiting")
    world.fills("bo", first)
    world.moves("bo", first, "submit")
    assert sum("Return due" in title for title in titles(world, "bo")) == 1


def test_meetings_stand_at_their_hour_before_and_after_the_clocks_change(world: World) -> None:
    starts = {str(event["summary"]): event["dtstart"].dt for event in events(world, "bo")}
    assert starts["Meeting of December 2014"] == datetime(2014, 12, 11, 14, tzinfo=UTC)
    assert starts["Meeting of June 2015"] == datetime(2015, 6, 11, 13, tzinfo=UTC)


def test_a_due_day_is_a_whole_day_that_takes_nobody_s_time(world_at: At) -> None:
    world = world_at("agency_audits")
    event = next(one for one in events(world, "bo") if "Return due" in one["summary"])
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2014, 11, 27), date(2014, 11, 28))
    assert str(event["transp"]) == "TRANSPARENT"


def test_an_entry_keeps_its_name_when_its_day_moves(world_at: At) -> None:
    world = world_at("actions")
    ref = world.action("trust")

    def found() -> Any:
        return next(one for one in events(world, "nell") if str(one["url"]).endswith(str(ref)))

    before = found()
    world.is_granted("bo", ref, "extend", new_due_on=date(2015, 4, 17), reason="Staff on leave")
    after = found()
    assert after["uid"] == before["uid"]
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert after["dtstart"].dt == date(2015, 4, 17)


def test_a_meeting_has_the_name_of_its_invitation_and_is_cancelled_with_it(world: World) -> None:
    sitting = Sitting(date(2014, 10, 9), time(14), time(16), "Town Hall")
    with world.does("sam") as tx:
        ref = plan_meeting(tx, "Meeting of October", sitting)
    world.moves("sam", ref, "cancel", reason="Too few can come")
    event = next(one for one in events(world, "bo") if one["summary"] == "Meeting of October")
    assert str(event["status"]) == "CANCELLED"
    assert str(event["location"]) == "Town Hall"


def test_no_two_entries_have_one_name(world_at: At) -> None:
    world = world_at("actions")
    for who in ("sam", "ada", "bo", "nell"):
        uids = [str(event["uid"]) for event in events(world, who)]
        assert len(set(uids)) == len(uids)


def test_no_case_and_no_word_that_somebody_wrote_is_in_a_feed(world_at: At) -> None:
    world = world_at("actions")
    secrets = [
        *world.ask(sa.select(Case.case_ref)),
        *world.ask(sa.select(Finding.text)),
        "Neglect",
        "Brief every team",
    ]
    for who in ("sam", "bo", "nell", "cleo"):
        told = written(world, made(world, who)).decode()
        assert [secret for secret in secrets if secret in told] == []


def test_an_address_is_good_until_it_is_taken_back_or_renewed(world: World) -> None:
    first = made(world, "bo")
    second = made(world, "bo")
    assert first != second
    assert feed_at(world.office, first) is None
    assert feed_at(world.office, second) is not None
    with world.does("bo") as tx:
        revoke_feed(tx)
    assert feed_at(world.office, second) is None
    with pytest.raises(Refused, match="no calendar address of yours"), world.does("bo") as tx:
        revoke_feed(tx)


def test_taking_one_s_own_address_back_leaves_those_of_others(world: World) -> None:
    token = made(world, "fay")
    made(world, "bo")
    with world.does("bo") as tx:
        revoke_feed(tx)
    assert feed_at(world.office, token) is not None
    with world.office.reading(world.actor("fay")) as tx:
        assert own_feed(tx) == world.clock.now()
    with world.office.reading(world.actor("bo")) as tx:
        assert own_feed(tx) is None


def test_whoever_leaves_their_post_has_no_feed_any_more(world: World) -> None:
    token = made(world, "fay")
    world.leaves("policing")
    assert feed_at(world.office, token) is not None
    world.clock.advance(timedelta(days=1))
    assert feed_at(world.office, token) is None
    with pytest.raises(Refused, match="holds no post"), world.does("viv") as tx:
        make_feed(tx)


def test_the_secret_part_is_kept_nowhere(world: World) -> None:
    token = made(world, "bo")
    kept = world.pairs(sa.select(*CalendarFeed.__table__.c))
    assert token not in str(kept)
    for guess in ("", token[:-1], token.upper(), "é\ud800"):
        assert feed_at(world.office, guess) is None


def test_a_feed_knows_one_group_only(world: World) -> None:
    world.found("other")
    token = made(world, "bo")
    feed = feed_at(world.office, token)
    assert feed is not None
    assert [entry.ref for entry in feed.entries] == [Ref("meeting", number) for number in (1, 2, 3)]
