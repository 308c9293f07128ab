"""django-post-office: mails as rows, sent in batches by threads of one process, each with its own connection."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from time import perf_counter

from django.core.management import call_command

from bench.peers import django_site
from bench.peers.contract import Database, NotTheSameWork

SENDER = "auditloop@example.org"
BATCH = 100
TEXT = "Action %d is for you.\n\nRewrite the guidance on sharing information.\n" + "x" * 900
HTML = (
    "<html lang='en'><body><h1>Action %d is for you</h1><p>Rewrite the guidance.</p></body></html>"
    + " " * 4_000
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Queue so many mails, send them, and print what it took as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--journal", default="TRUNCATE")
    parser.add_argument("--port", type=int, required=True, help="of the mail server on this machine")
    parser.add_argument("--number", type=int, default=2_000)
    parser.add_argument("--connections", type=int, default=1)
    asked = parser.parse_args(arguments)
    _configure(Database(asked.database, asked.journal), asked.port, asked.connections)
    call_command("migrate", verbosity=0, run_syncdb=True)
    mail, models = import_module("post_office.mail"), import_module("post_office.models")
    mail.send_many(
        [
            {
                "sender": SENDER,
                "recipients": [f"member{number}@example.org"],
                "subject": f"Action {number}",
                "message": TEXT % number,
                "html_message": HTML % number,
            }
            for number in range(asked.number)
        ]
    )
    began = perf_counter()
    mail.send_queued_mail_until_done(processes=1)
    spent = perf_counter() - began
    sent = models.Email.objects.filter(status=models.STATUS.sent).count()
    if sent != asked.number:
        raise NotTheSameWork(f"of {asked.number} mails {sent} were sent")
    print(json.dumps({"letters_per_second": sent / spent}))
    return 0


def _configure(database: Database, port: int, connections: int) -> None:
    words = {"APP_DIRS": True, "DIRS": [], "OPTIONS": {}}
    engine = "django.template.backends.django.DjangoTemplates"
    own_engine = "post_office.template.backends.post_office.PostOfficeTemplates"
    django_site.configure(
        database,
        ["post_office"],
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        TEMPLATES=[
            {"BACKEND": own_engine, **words, "OPTIONS": {"context_processors": []}},
            {"BACKEND": engine, **words},
        ],
        POST_OFFICE={
            "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
            "BATCH_SIZE": BATCH,
            "THREADS_PER_PROCESS": connections,
            "LOG_LEVEL": 1,
            "CELERY_ENABLED": False,
        },
    )


if __name__ == "__main__":
    sys.exit(main())
