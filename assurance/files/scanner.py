"""Another program's look for malware at a file before it is stored: no answer is a no."""

from __future__ import annotations

import logging
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Reason, Refused

CLEAN, FOUND = 0, 1  # as clamscan and clamdscan answer
PATIENCE_SECONDS = 60.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scanner:
    """A command that gets the file's path as its last word, such as `clamdscan --no-summary --fdpass`."""

    command: tuple[str, ...]
    patience: float = PATIENCE_SECONDS

    def look(self, path: Path) -> None:
        """Let the command look at a file; raises Refused where it finds something, and where it does not answer."""
        answer = self._answer(path)
        if answer == CLEAN:
            return
        if answer == FOUND:
            log.warning("the scanner has found something in a file that was handed in; it was not stored")
            sentence = (
                "The scanner has found something harmful in the file; it was not stored. Tell your own IT."
            )
            raise Refused(Reason("file_harmful", sentence))
        sentence = (
            "The scanner that looks at files does not answer, so the file was not stored; "
            "try again later, and tell the administrator if it stays so."
        )
        raise Refused(Reason("file_unscanned", sentence))

    def _answer(self, path: Path) -> int | None:
        try:
            done = subprocess.run(
                [*self.command, str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self.patience,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("the scanner of files does not answer: %s", type(error).__name__)
            return None
        if done.returncode not in (CLEAN, FOUND):
            log.warning("the scanner of files ended with %d", done.returncode)
            return None
        return done.returncode
