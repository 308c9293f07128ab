"""Makes `.venv` and installs the locked packages and the project: standard library only, run by any Python 3.11+."""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
import venv
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python"
INPUTS = ("pyproject.toml", "requirements.lock", "requirements-dev.lock")
LINES_SHOWN_ON_FAILURE = 40
SECONDS_BETWEEN_LINES = 5.0


def main() -> int:
    """Set up the environment unless it is up to date; return the exit code."""
    parser = argparse.ArgumentParser(description="Make .venv and install auditloop into it.")
    parser.add_argument("--dev", action="store_true", help="with the tools of `make test`")
    wanted = "requirements-dev.lock" if parser.parse_args().dev else "requirements.lock"

    if _is_up_to_date(wanted):
        print("The environment in .venv is up to date.")
        return 0
    began = time.perf_counter()
    progress = Progress()
    _make_environment(progress)
    packages = _locked_packages(ROOT / wanted)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    # The lock is complete. Left to look for dependencies, older pips find releases newer than those in it, and stop.
    installed = _watch(
        progress,
        f"install {packages} packages from {wanted}",
        [*pip, "--require-hashes", "--no-deps", "--requirement", wanted],
        packages,
    )
    if installed:
        # Everything that building needs is there by now, so nothing is looked up.
        here = [*pip, "--no-index", "--no-deps", "--no-build-isolation", "--editable", "."]
        installed = _watch(progress, "install auditloop itself", here, 1)
    if not installed:
        return 1
    _stamp(wanted).write_text(_fingerprint(), encoding="utf-8")
    version = subprocess.run([PYTHON, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"Set up in {time.perf_counter() - began:.1f} s: .venv with {version} and {packages} packages.")
    return 0


class Progress:
    """One line that grows while a person looks on; a line now and then where nobody does."""

    def __init__(self) -> None:
        self._is_live = sys.stdout.isatty()
        self._shown_at = time.perf_counter()

    def begin(self, step: str) -> None:
        """Name the step that starts now."""
        self._shown_at = time.perf_counter()
        self._show(f"  {step} ...", ends=False)

    def tell(self, step: str, done: int, of: int) -> None:
        """Say how far the step has come."""
        share = min(done / of, 1.0)
        bar = "#" * round(20 * share)
        now = time.perf_counter()
        if self._is_live or now - self._shown_at >= SECONDS_BETWEEN_LINES:
            self._shown_at = now
            self._show(f"  {step} [{bar:<20}] {min(done, of)}/{of}", ends=False)

    def end(self, step: str, seconds: float) -> None:
        """Close the step with the time that it took."""
        self._show(f"  {step}: {seconds:.1f} s", ends=True)

    def _show(self, text: str, *, ends: bool) -> None:
        if self._is_live:
            print(f"\r\033[K{text}", end="\n" if ends else "", flush=True)
        else:
            print(text, flush=True)


def _is_up_to_date(wanted: str) -> bool:
    # The environment for development holds all of the other one, at the same versions.
    enough = [_stamp(wanted), _stamp("requirements-dev.lock")]
    fingerprint = _fingerprint()
    return _runs(PYTHON) and any(
        stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint for stamp in enough
    )


def _fingerprint() -> str:
    digest = hashlib.sha256(str(ROOT).encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _stamp(wanted: str) -> Path:
    return ENVIRONMENT / f".installed-{wanted}"


def _runs(python: Path) -> bool:
    serves = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", serves], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _make_environment(progress: Progress) -> None:
    if _runs(PYTHON):
        return
    step = f"make .venv with Python {sys.version_info.major}.{sys.version_info.minor}"
    began = time.perf_counter()
    progress.begin(step)
    venv.create(ENVIRONMENT, clear=ENVIRONMENT.exists(), with_pip=True)
    progress.end(step, time.perf_counter() - began)


def _locked_packages(lock: Path) -> int:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return sum("==" in line and not line.startswith((" ", "#")) and "win32" not in line for line in lines)


def _watch(progress: Progress, step: str, command: list[str], packages: int) -> bool:
    """Run pip, follow its lines, and show the last of them only if it fails."""
    began = time.perf_counter()
    progress.begin(step)
    last: deque[str] = deque(maxlen=LINES_SHOWN_ON_FAILURE)
    collected = 0
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        for line in pip.stdout or ():
            last.append(line.rstrip())
            collected += line.startswith(("Collecting", "Requirement already satisfied"))
            progress.tell(step, collected, packages)
    if pip.returncode != 0:
        print(f"\nCould not {step}; pip ended with {pip.returncode} and these last lines:", file=sys.stderr)
        print("\n".join(last), file=sys.stderr)
        return False
    progress.end(step, time.perf_counter() - began)
    return True


if __name__ == "__main__":
    sys.exit(main())
