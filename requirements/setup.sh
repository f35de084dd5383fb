#!/usr/bin/env bash
# Make the environment from the hashed lock. $1: python, $2: the environment's folder.
set -euo pipefail
python=$1 venv=$2
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || {
    echo "setup: $python does not run. Install Python 3.11 (Debian: apt-get install python3 python3-venv)." >&2
    exit 1
}
if [ "$version" != 3.11 ]; then
    echo "setup: $python is Python $version; the locks are for 3.11. Call: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
anew=()
[ -e "$venv/.ready" ] || anew=(--clear)  # what a broken-off setup, or another Python, left there is no ground to build on
"$python" -m venv "${anew[@]}" "$venv" || {
    echo "setup: 'python -m venv' failed. On Debian: apt-get install python3-venv" >&2
    exit 1
}
echo "setup: installing the locked dependencies (about 360 packages)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements/all.txt
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
"$venv/bin/python" -c 'import lightgbm' 2>/dev/null || {
    echo "setup: LightGBM does not load: it needs the OpenMP runtime. On Debian: apt-get install libgomp1" >&2
    exit 1
}
