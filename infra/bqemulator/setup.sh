#!/bin/sh
# Makes .venv-bqemulator: the BigQuery emulator that the warehouse's tests run against. It pins another DuckDB than
# the project does, so it can't share .venv. Needs `make setup` first (its Python and uv). Nothing is done where the
# lock is installed already.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
folder="$root/.venv-bqemulator"
lock="$root/requirements/bqemulator.txt"
done_mark="$folder/.installed"

if [ -f "$done_mark" ] && cmp -s "$lock" "$done_mark"; then
    exit 0
fi
echo "setup: installing the BigQuery emulator for tests"
"$root/.venv/bin/python" -m venv --clear --without-pip "$folder"
"$root/.venv/bin/uv" pip install --quiet --python "$folder/bin/python" --require-hashes -r "$lock"
# The emulator loads DuckDB's spatial extension at start. This puts the registry's copy where DuckDB looks for it,
# which is below HOME: the emulator's own folder, here and in the tests.
HOME="$folder" "$folder/bin/python" -c 'import duckdb_extensions; duckdb_extensions.import_extension("spatial")'
cp "$lock" "$done_mark"
