#!/bin/sh
# Finds the newest Python that serves and hands over to tools/set_up.py, which does the work.
set -eu
cd "$(dirname "$0")/.."

serves='import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'
for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
    if "$name" -c "$serves" >/dev/null 2>&1; then
        exec "$name" tools/set_up.py "$@"
    fi
done

echo "auditloop needs Python 3.11 or newer with its venv module, and none was found on the PATH." >&2
echo "Install one (on Debian and Ubuntu: apt install python3 python3-venv) and run make again." >&2
exit 1
