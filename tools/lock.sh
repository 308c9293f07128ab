#!/bin/sh
# Compiles the lock files for every Python from 3.11 on: exact versions, hashes, no address of an index.
# To raise a version: sh tools/lock.sh --upgrade-package NAME, or --upgrade for all.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "The lock files are compiled by uv: pip install uv, then again." >&2; exit 1; }

compile() {
    uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet "$@"
}
compile pyproject.toml requirements.in "$@" -o requirements.lock
compile pyproject.toml requirements.in requirements-dev.in -c requirements.lock "$@" -o requirements-dev.lock
compile bench/peers/requirements.in -c requirements-dev.lock "$@" -o bench/peers/requirements.lock
echo "requirements.lock, requirements-dev.lock and that of the peers are compiled; now make test."
