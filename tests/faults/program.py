"""The program in a process of its own that says when it has read itself in, so that kills fall into its work."""

from __future__ import annotations

import sys
from importlib import import_module

from cli.main import BOOK, main

if __name__ == "__main__":
    import_module(BOOK[sys.argv[1]].module)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    main()
