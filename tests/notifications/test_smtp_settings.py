"""One URL says which mail server, and an unsafe one is refused with every reason."""

from __future__ import annotations

import pytest

from notifications.smtp_settings import SmtpSettings


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("smtp://127.0.0.1:2525", SmtpSettings("127.0.0.1", 2525, "smtp")),
        ("smtp://localhost", SmtpSettings("localhost", 25, "smtp")),
        ("smtp://[::1]:2525/", SmtpSettings("::1", 2525, "smtp")),
        (" smtps://mail.example.org ", SmtpSettings("mail.example.org", 465, "smtps")),
        (
            "smtp+starttls://audits%40board:p%40ss@mail.example.org?ca=/etc/ca.pem&hello=audits.example.org",
            SmtpSettings(
                "mail.example.org",
                587,
                "smtp+starttls",
                "audits@board",
                "p@ss",
                "/etc/ca.pem",
                "audits.example.org",
            ),
        ),
    ],
)
def test_a_url_is_read(url: str, settings: SmtpSettings) -> None:
    assert SmtpSettings.from_url(url) == settings


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "begins with 'nothing'"),
        ("mail.example.org:25", "begins with"),
        ("http://mail.example.org", "begins with 'http'"),
        ("smtp://mail.example.org", "would send mail to mail.example.org in clear"),
        ("smtp://10.0.0.1", "in clear"),
        ("smtp://u:secret@127.0.0.1", "would send the password in clear"),
        ("smtps://", "name is missing"),
        ("smtps://u:secret@[::1", "not the address of a mail server; write smtp"),
        ("smtps://u@mail.example.org", "given together"),
        ("smtps://mail.example.org:0", "port is a number"),
        ("smtps://mail.example.org:99999", "port is a number"),
        ("smtps://mail.example.org:x", "port is a number"),
        ("smtps://mail.example.org/inbox", "nothing may stand behind"),
        ("smtps://mail.example.org#x", "nothing may stand behind"),
        ("smtps://mail.example.org?verify=no", "unknown option verify"),
    ],
)
def test_an_unsafe_or_unclear_url_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal:
        SmtpSettings.from_url(url)
    assert "secret" not in str(refusal.value)


def test_all_reasons_come_at_once() -> None:
    with pytest.raises(ValueError, match=r"in clear.*password in clear.*unknown option x"):
        SmtpSettings.from_url("smtp://u:p@mail.example.org?x=1")


def test_a_password_never_shows() -> None:
    assert "secret" not in repr(SmtpSettings.from_url("smtps://u:secret@mail.example.org"))
