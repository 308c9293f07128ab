"""A letter: text first and complete, then HTML that says the same, and headers that nobody can add to."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import compose as composing
from notifications.compose import TEMPLATES, Addressee, Sender, compose, render
from notifications.headers import one_line
from tests.notifications.examples import MORNING, SENDER, context, html_of, read, text_of
from tests.notifications.test_headers import ANY_TEXT, NASTY

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
]


def _compose(template: str = "reminder", sender: Sender = SENDER, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "to": Addressee("Bo Adeyemi", "bo@trust.example.org"),
        "subject": "Audit A2-2014",
        "thread": "audit/2",
        "message_id": "<abc@board.example.org>",
        "at": MORNING,
    }
    filled = changes.pop("context", context())
    return compose(template, filled, sender=sender, **(values | changes))


def test_a_letter_has_exactly_the_intended_headers() -> None:
    mail = read(_compose())
    assert mail.keys() == HEADERS
    assert mail["From"] == "Quality Assurance Sub Group <audits@board.example.org>"
    assert mail["To"] == "Bo Adeyemi <bo@trust.example.org>"
    assert mail["Subject"] == "Audit A2-2014"
    assert mail["Date"] == "Mon, 02 Mar 2015 07:45:00 +0000"
    assert mail["Message-ID"] == "<abc@board.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_answers_go_to_whoever_reads_them() -> None:
    mail = read(_compose(sender=Sender("Audits", "audits@board.example.org", "office@board.example.org")))
    assert mail.keys() == [*HEADERS, "Reply-To"]
    assert mail["Reply-To"] == "office@board.example.org"


def test_mails_of_one_thread_share_a_root_and_differ_in_their_own_identifier() -> None:
    first, second = read(_compose()), read(_compose(message_id="<def@board.example.org>"))
    assert first["References"] == second["References"]
    assert first["References"] != read(_compose(thread="audit/3"))["References"]


def test_the_same_arguments_make_the_same_bytes() -> None:
    assert _compose() == _compose()


def test_the_text_comes_first_and_says_all_that_the_html_says() -> None:
    content = _compose()
    assert [part.get_content_type() for part in read(content).iter_parts()] == ["text/plain", "text/html"]
    shown = _Reader.words(html_of(content))
    labels = re.compile(r"^(\* |  Due: |  Note: |Audit: )| \(action/\d+\)$|:$", re.MULTILINE)
    lines = [line for line in labels.sub("", text_of(content)).splitlines() if line]
    assert len(lines) > 10
    assert [line for line in lines if line not in shown] == []


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_every_template_reads_well_with_and_without_a_list(template: str) -> None:
    for filled in (
        context(),
        context(items=[]),
        {k: v for k, v in context().items() if k not in ("items", "audit")},
    ):
        content = _compose(template, context=filled)
        text, html = text_of(content), html_of(content)
        assert text.startswith("Dear Bo Adeyemi,\n\nTwo actions are past their date\n\n")
        assert "https://audits.example.org/audits/2" in text
        assert "Why you receive this: The rule “action-overdue” fired" in text
        assert "\n\n\n" not in text
        assert "  \n" not in text
        assert "{{" not in text + html
        assert ("<table width" in html) == bool(filled.get("items"))
        due = "When" if template.startswith(("invitation", "digest")) else "Due"
        item = f"Brief all team managers (action/12)\n  {due}: 27 February 2015\n  Note: late"
        assert (item in text) == bool(filled.get("items"))


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_every_template_is_calm_and_accessible(template: str) -> None:
    html = html_of(_compose(template))
    assert html.startswith("<!DOCTYPE html>")
    assert '<html lang="en-GB">' in html
    assert "<title>Audit A2-2014</title>" in html
    assert not re.search(r"<(img|script|style|link|iframe|form|video)\b", html)
    assert "class=" not in html
    tables = re.findall(r"<table[^>]*>", html)
    assert [table for table in tables if 'role="presentation"' not in table] == [tables[2]]
    assert len(re.findall(r'<th scope="(?:col|row)"', html)) == len(re.findall(r"<th\b", html)) == 5
    assert html.count("<caption") == html.count("<h1") == 1
    (link_words,) = re.findall(r'<a href="https://audits.example.org/audits/2"[^>]*>([^<]*)</a>', html)
    assert len(link_words.split()) >= 3
    assert not re.search(r"\b(click|here)\b", link_words, re.IGNORECASE)


def test_every_colour_stands_out_from_its_background() -> None:
    styles = (Path(composing.__file__).parent / "templates" / "styles.css").read_text(encoding="utf-8")
    on_white = set(re.findall(r"(?<!-)color: (#\w{6})", styles)) - {"#ffffff"}
    assert on_white
    for colour in on_white:
        assert _contrast(colour, "#ffffff") >= 7
    assert _contrast("#ffffff", "#1f5a7a") >= 4.5


def test_a_list_without_dates_and_notes_has_no_columns_for_them() -> None:
    html = html_of(_compose(context=context(items=[{"ref": "aim/3", "what": "3 returns"}])))
    assert "Due" not in html
    assert "Note" not in html
    dated = html_of(_compose(context=context(items=[{"what": "One", "due": "1 May"}, {"what": "Two"}])))
    assert "No date" in dated
    assert "<br>" not in dated


def test_html_in_a_title_is_shown_and_not_obeyed() -> None:
    filled = context(
        said="<script>alert(1)</script>", items=[{"what": "<b>bold</b>", "note": '"><img src=x>'}]
    )
    html = html_of(_compose(context=filled))
    assert "<script" not in html
    assert "<b>" not in html
    assert "<img" not in html
    assert "<script>alert(1)</script>" in text_of(_compose(context=filled))


def test_numbers_may_stand_in_a_context() -> None:
    assert "Note: 3" in text_of(_compose(context=context(items=[{"what": "Returns", "note": 3}])))


def test_long_lines_and_other_letters_travel_safely() -> None:
    filled = context(said="Ein langer Satz über Zoë " * 80, why="x" * 3000)
    content = _compose(context=filled)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert text_of(content).count("Zoë") == 80
    assert "x" * 3000 in html_of(content)


def test_a_body_that_holds_the_boundary_is_encoded() -> None:
    boundary = read(_compose()).get_boundary()
    assert boundary is not None
    filled = context(why=f"--{boundary}--")
    content = _compose(context=filled)
    assert content.count(f"--{boundary}".encode()) == 3
    assert f"--{boundary}--" in text_of(content)
    assert f"--{boundary}--" in html_of(content)


@pytest.mark.parametrize(
    "link", ["", "javascript:alert(1)", "/audits/2", 'https://x.org/"onclick="', "https://x y"]
)
def test_a_link_that_is_not_a_full_address_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="full https"):
        _compose(context=context(link=link))


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_a_letter_leads_to_all_that_can_be_said_about_why_it_was_sent(template: str) -> None:
    content = _compose(template, context=context(why_link="https://audits.example.org/why/12"))
    assert text_of(content).count("who decided that you are told: https://audits.example.org/why/12\n") == 1
    assert '<a href="https://audits.example.org/why/12"' in html_of(content)
    assert "who decided that you are told" not in text_of(_compose(template)) + html_of(_compose(template))


def test_the_link_to_the_reason_is_a_full_address_too() -> None:
    with pytest.raises(ValueError, match="full https"):
        _compose(context=context(why_link="/why/12"))


def test_an_unknown_template_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no mail template 'remind'; known: .*reminder"):
        _compose("remind")


def test_a_word_that_is_missing_is_refused() -> None:
    with pytest.raises(jinja2.UndefinedError, match="said"):
        render("stage", {"name": "Bo", "link": "https://x.org", "subject": "s", "group": "g", "why": "w"})


@pytest.mark.parametrize(
    ("message_id", "words"),
    [
        ("<abc@x>\r\nBcc: eve@example.com", "Bcc"),
        ("<abc@x>\r\n\r\nbody", "would read"),
        ("<" + "a" * 999 + ">", "longer"),
    ],
)
def test_headers_that_do_not_read_back_as_intended_are_not_sent(message_id: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _compose(message_id=message_id)


@given(
    st.fixed_dictionaries(
        {name: st.one_of(ANY_TEXT, NASTY) for name in ("name", "subject", "said", "why", "group")}
    ),
    st.one_of(ANY_TEXT, NASTY),
)
def test_no_text_from_outside_changes_the_shape_of_a_letter(texts: dict[str, str], what: str) -> None:
    name, subject = texts.pop("name"), texts.pop("subject")
    content = _compose(
        to=Addressee(name, "bo@trust.example.org"),
        subject=subject,
        context=context(items=[{"ref": what, "what": what, "due": what, "note": what}], **texts),
    )
    mail = read(content)
    assert mail.keys() == HEADERS
    assert [address.addr_spec for address in mail["To"].addresses] == ["bo@trust.example.org"]
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert all(part.keys() == ["Content-Type", "Content-Transfer-Encoding"] for part in parts)
    assert not any(part.defects for part in [mail, *parts])
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert one_line(texts["said"]) in text_of(content)
    assert text_of(content).splitlines()[0] == f"Dear {one_line(name)},"


class _Reader(HTMLParser):
    """Reads what a person sees."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    @classmethod
    def words(cls, html: str) -> str:
        reader = cls()
        reader.feed(html)
        return " ".join(" ".join(reader.seen).split())

    def handle_data(self, data: str) -> None:
        self.seen.append(data)


def _contrast(one: str, other: str) -> float:
    lights = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_digest_has_a_list_for_each_audit_whose_lines_lead_to_their_pages() -> None:
    late = "This should have reached you on Monday 3 November 2014."
    line = {"what": "An action is overdue", "ref": "Action 12", "due": "Due 1 October 2014, 33 days late"}
    lists = [
        {"title": "Audit 2014-15/1", "lines": [line | {"link": "https://audits.example.org/action/12"}]},
        {"title": "Audit 2014-15/2", "lines": [{"what": "A return is late"}]},
        {"title": "Nothing stands here", "lines": []},
    ]
    content = _compose("digest", context=context(lists=lists, late=late))
    text, html = text_of(content), html_of(content)
    assert text.index(late) < text.index("Audit 2014-15/1:") < text.index("Audit 2014-15/2:")
    assert (
        "* An action is overdue (Action 12)\n  When: Due 1 October 2014, 33 days late\n"
        "  https://audits.example.org/action/12\n\n"
    ) in text
    assert "Brief all team managers" not in text
    assert html.count("<caption") == 2
    assert re.search(
        r'<a href="https://audits.example.org/action/12" style="[^"]+">An action is overdue</a>', html
    )
    assert f">{late}</p>" in html
    assert "Nothing stands here" not in text + html


def test_a_line_of_a_digest_leads_nowhere_but_to_a_page() -> None:
    lists = [{"title": "", "lines": [{"what": "An action", "link": "javascript:alert(1)"}]}]
    with pytest.raises(ValueError, match="full https"):
        _compose("digest", context=context(lists=lists))
