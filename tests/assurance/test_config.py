"""Settings come from the environment: read once, and refused with every reason at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assurance.config import HOME, BadSettings, settings_from


def test_without_a_word_everything_is_as_usual() -> None:
    settings = settings_from({})
    assert settings.database == str(Path("var") / "auditloop.sqlite")
    assert settings.workflows == (HOME / "workflows",)
    assert settings.rules == (HOME / "rules",)
    assert (settings.smtp_url, settings.maildir) == (None, Path("var") / "mail")
    assert settings.base_url == "http://127.0.0.1:8000"


def test_what_is_set_counts_and_an_argument_counts_more(tmp_path: Path) -> None:
    environment = {
        "AUDITLOOP_DATABASE": "postgresql://ann@host/audits",
        "AUDITLOOP_VAR": str(tmp_path),
        "AUDITLOOP_WORKFLOWS": os.pathsep.join([str(HOME / "workflows"), str(tmp_path)]),
        "AUDITLOOP_RULES": f"{HOME / 'rules'}{os.pathsep}",
        "AUDITLOOP_SMTP_URL": "smtp://mail.board.example",
        "AUDITLOOP_MAIL_FROM": "audits@board.example",
        "AUDITLOOP_BASE_URL": "https://audits.board.example/",
        "PATH": "/bin",
    }
    settings = settings_from(environment)
    assert settings.database == "postgresql://ann@host/audits"
    assert settings.workflows == (HOME / "workflows", tmp_path)
    assert settings.rules == (HOME / "rules",)
    assert settings.smtp_url == "smtp://mail.board.example"
    assert settings.base_url == "https://audits.board.example"
    assert settings.maildir == tmp_path / "mail"
    assert settings_from(environment, database="audits.sqlite").database == "audits.sqlite"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("AUDITLOOP_DATABSE", "x", "AUDITLOOP_DATABSE is not a setting; known: AUDITLOOP_DATABASE, "),
        (
            "AUDITLOOP_DATABASE",
            "mysql://host/x",
            "AUDITLOOP_DATABASE: 'mysql' is not a database that can be used",
        ),
        ("AUDITLOOP_WORKFLOWS", "/nowhere", "AUDITLOOP_WORKFLOWS is '/nowhere', which is not a folder"),
        ("AUDITLOOP_RULES", "/nowhere", "AUDITLOOP_RULES is '/nowhere', which is not a folder"),
        ("AUDITLOOP_MAIL_FROM", "audits", "AUDITLOOP_MAIL_FROM is 'audits'; give one address such as"),
        ("AUDITLOOP_MAIL_FROM", "a@b.example c@d.example", "give one address such as audits@board.example"),
        ("AUDITLOOP_MAIL_FROM", "a @b.example", "give one address such as audits@board.example"),
        ("AUDITLOOP_BASE_URL", "audits.example", "AUDITLOOP_BASE_URL is 'audits.example'; give the address"),
        ("AUDITLOOP_FILE_LIMIT", "ten", "AUDITLOOP_FILE_LIMIT is a whole number of MB from 1 to 20"),
        ("AUDITLOOP_FILE_LIMIT", "21", "AUDITLOOP_FILE_LIMIT is a whole number of MB from 1 to 20"),
        (
            "AUDITLOOP_SCANNER",
            "no-such-scanner -x",
            "begins with 'no-such-scanner', which is no command here",
        ),
        ("AUDITLOOP_SCANNER", "'half", "AUDITLOOP_SCANNER begins with"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_would_be_right(
    name: str, value: str, sentence: str
) -> None:
    with pytest.raises(BadSettings) as refused:
        settings_from({name: value})
    (problem,) = refused.value.problems
    assert sentence in problem


def test_files_have_a_limit_and_may_have_a_scanner() -> None:
    assert (settings_from({}).file_limit, settings_from({}).scanner) == (10, ())
    settings = settings_from({"AUDITLOOP_FILE_LIMIT": "15", "AUDITLOOP_SCANNER": "true --no-summary"})
    assert (settings.file_limit, settings.scanner) == (15, ("true", "--no-summary"))


def test_every_reason_is_given_at_once() -> None:
    with pytest.raises(BadSettings) as refused:
        settings_from({"AUDITLOOP_MAIL_FROM": "audits", "AUDITLOOP_BASE_URL": "x", "AUDITLOOP_COLOUR": "red"})
    assert len(refused.value.problems) == 3
    assert str(refused.value).count("\n") == 2


SECRET = "a secret of thirty-two letters or more"


def test_returned_mail_needs_an_address_a_secret_and_a_place(tmp_path: Path) -> None:
    environment = {
        "AUDITLOOP_BOUNCES": "bounces@board.example",
        "AUDITLOOP_BOUNCE_BOX": str(tmp_path),
        "AUDITLOOP_SECRET": SECRET,
    }
    settings = settings_from(environment)
    assert settings.returns is not None
    assert settings.returns.find(settings.returns.of(12, "bo@trust.example")) is not None
    assert settings.bounce_box == str(tmp_path)
    assert SECRET not in repr(settings)
    assert settings_from({}).returns is None


SIGN_ON = {
    "AUDITLOOP_OIDC_ISSUER": "https://login.trust.example/realm",
    "AUDITLOOP_OIDC_CLIENT_ID": "auditloop",
    "AUDITLOOP_OIDC_CLIENT_SECRET": "what the issuer knows us by",
}


def test_people_sign_in_elsewhere_once_all_three_settings_are_there() -> None:
    settings = settings_from(SIGN_ON)
    assert settings.oidc_issuer == "https://login.trust.example/realm"
    assert "what the issuer knows" not in repr(settings)
    assert (
        settings_from(SIGN_ON | {"AUDITLOOP_OIDC_ISSUER": "http://127.0.0.1:9"}).oidc_client_id == "auditloop"
    )
    assert settings_from({}).oidc_issuer is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "CLIENT_SECRET",
            "",
            "AUDITLOOP_OIDC_CLIENT_SECRET is missing: all three settings of OIDC, or none.",
        ),
        ("CLIENT_ID", "", "AUDITLOOP_OIDC_CLIENT_ID is missing"),
        ("ISSUER", "", "AUDITLOOP_OIDC_ISSUER is missing"),
        ("ISSUER", "login.trust.example", "give the issuer's address, https://..."),
        ("ISSUER", "http://login.trust.example", "http:// is taken for this machine only"),
        ("ISSUER", "https://login.trust.example/?a=b", "as it writes it itself"),
    ],
)
def test_an_issuer_that_cannot_be_used_is_refused(name: str, value: str, sentence: str) -> None:
    with pytest.raises(BadSettings) as refused:
        settings_from(SIGN_ON | {f"AUDITLOOP_OIDC_{name}": value})
    (problem,) = refused.value.problems
    assert sentence in problem


def test_a_secret_alone_does_nothing() -> None:
    assert settings_from({"AUDITLOOP_SECRET": "short"}).returns is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"AUDITLOOP_SECRET": ""},
            "AUDITLOOP_SECRET is needed for AUDITLOOP_BOUNCES: at least 32 characters",
        ),
        (
            {"AUDITLOOP_SECRET": "0123456789012345678901234567890"},
            "at least 32 characters that nobody can guess",
        ),
        ({"AUDITLOOP_SECRET": "changeme" * 8}, "at least 32 characters that nobody can guess"),
        ({"AUDITLOOP_BOUNCES": "bounces"}, "AUDITLOOP_BOUNCES: 'bounces' is not an e-mail address"),
        ({"AUDITLOOP_BOUNCES": f"{'b' * 40}@board.example"}, "return addresses leave room for 36"),
        ({"AUDITLOOP_BOUNCES": ""}, "AUDITLOOP_BOUNCE_BOX is read for AUDITLOOP_BOUNCES, which is not set"),
        (
            {"AUDITLOOP_BOUNCE_BOX": "imap://u:p@host/INBOX"},
            "AUDITLOOP_BOUNCE_BOX: a mailbox is read with TLS only",
        ),
    ],
)
def test_settings_of_returned_mail_that_cannot_be_used_are_refused(
    changes: dict[str, str], sentence: str
) -> None:
    good = {
        "AUDITLOOP_BOUNCES": "bounces@board.example",
        "AUDITLOOP_BOUNCE_BOX": "imaps://u:p@host/INBOX",
        "AUDITLOOP_SECRET": SECRET,
    }
    with pytest.raises(BadSettings) as refused:
        settings_from(good | changes)
    (problem,) = refused.value.problems
    assert sentence in problem
    assert SECRET not in problem
