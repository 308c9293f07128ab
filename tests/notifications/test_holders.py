"""A lease is taken from a holder only where it is certain that the holder is dead."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from engine.store import Store
from notifications.holders import is_gone, new_token
from notifications.leases import claim, heal
from notifications.outbox import put
from tests.notifications.examples import MORNING, notice

MAKE_TOKEN = "from notifications.holders import new_token; print(new_token())"


def token_of_a_dead_process() -> str:
    run = subprocess.run([sys.executable, "-c", MAKE_TOKEN], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_a_process_that_runs_is_not_gone() -> None:
    assert not is_gone(new_token())


def test_a_process_that_has_ended_is_gone() -> None:
    assert is_gone(token_of_a_dead_process())


def test_two_tokens_of_one_process_differ() -> None:
    assert new_token() != new_token()


def test_of_another_machine_nothing_is_certain() -> None:
    kernel, _, rest = token_of_a_dead_process().partition("|")
    assert kernel
    assert not is_gone(f"another-kernel|{rest}")


@pytest.mark.parametrize("token", ["", "0123abcd", "a|b|c", "a|b|c|d|e"])
def test_a_token_that_tells_nothing_is_held_until_its_lease_runs_out(token: str) -> None:
    assert not is_gone(token)


def test_a_number_that_another_process_has_now_does_not_keep_the_dead_alive() -> None:
    kernel, namespace, pid, started, mark = new_token().split("|")
    assert is_gone(f"{kernel}|{namespace}|{pid}|{int(started) + 1}|{mark}")


def test_a_system_that_tells_nothing_of_its_processes_makes_plain_tokens(tmp_path: Path) -> None:
    token = new_token(tmp_path)
    assert "|" not in token
    assert not is_gone(token, tmp_path)


def test_a_process_that_ended_and_was_not_yet_buried_is_gone(tmp_path: Path) -> None:
    kernel, namespace, *_ = new_token().split("|")
    boot = tmp_path / "sys/kernel/random"
    boot.mkdir(parents=True)
    (boot / "boot_id").write_text(kernel)
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to(namespace)
    (tmp_path / "77").mkdir()
    (tmp_path / "77/stat").write_text(
        "77 (a (strange) name) Z " + " ".join(str(number) for number in range(30))
    )
    assert is_gone(f"{kernel}|{namespace}|77|18|mark", tmp_path)


def test_what_a_killed_delivery_held_is_queued_at_once_and_what_a_living_one_holds_is_not(
    any_store: Store,
) -> None:
    lease = timedelta(minutes=20)
    with any_store.begin() as session:
        put(session, [notice("a"), notice("b"), notice("c")], at=MORNING)
        claim(session, at=MORNING, lease=lease, limit=2, token=token_of_a_dead_process())
        claim(session, at=MORNING, lease=lease, limit=1, token=new_token())
    with any_store.begin() as session:
        assert heal(session, at=MORNING + timedelta(seconds=1)) == 2
        assert heal(session, at=MORNING + timedelta(seconds=1)) == 0
