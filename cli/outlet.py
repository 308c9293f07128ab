"""Standard output of the program: a reader who leaves ends it quietly, a full disk with a sentence."""

from __future__ import annotations

import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any

FULL, READER_LEFT = 1, 141


class Outlet(FileIO):
    """A file of the system that ends the program when nothing more can be written to it."""

    def write(self, data: Any) -> int:
        """Write bytes; ends with 141, as the shell counts it, when the reader has left, and with 1 otherwise."""
        try:
            return super().write(data)
        except BrokenPipeError:
            self._leave()
            raise SystemExit(READER_LEFT) from None
        except OSError as error:
            self._leave()
            if self.fileno() != 2:
                sys.stderr.write(f"What there is to say cannot be written: {error.strerror}.\n")
            raise SystemExit(FULL) from None

    def _leave(self) -> None:
        """Let what is still to be written go nowhere, so that the end of the program does not fail on it again."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def stream_to(number: int) -> TextIOWrapper:
    """Give the text stream of an outlet; a terminal without our quotation marks still gets the sentence."""
    outlet = Outlet(number, "wb", closefd=False)
    return TextIOWrapper(
        BufferedWriter(outlet), errors="replace", line_buffering=outlet.isatty() or number == 2
    )
