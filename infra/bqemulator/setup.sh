#!/bin/sh
# Makes .venv-bqemulator: the BigQuery emulator that the warehouse's tests run against. It pins another DuckDB than
# the project does, so it can't share .venv. Nothing is done where the lock is installed already.
# Usage: infra/bqemulator/setup.sh [PYTHON], from anywhere; PYTHON is a Python 3.11 (default python3.11, else python3).
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
folder="$root/.venv-bqemulator"
lock="$root/requirements/bqemulator.txt"
done_mark="$folder/.installed"
python=${1:-$(command -v python3.11 || command -v python3)}

if [ -f "$done_mark" ] && cmp -s "$lock" "$done_mark"; then
    exit 0
fi
"$python" -m venv --clear "$folder"
"$folder/bin/python" -m pip install --quiet --require-hashes --no-deps --disable-pip-version-check -r "$lock"
# The emulator loads DuckDB's spatial extension at start; this puts the one from the registry where it looks.
"$folder/bin/python" -c 'import duckdb_extensions; duckdb_extensions.import_extension("spatial")'
cp "$lock" "$done_mark"
