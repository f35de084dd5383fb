#!/usr/bin/env bash
# Compile the locks. $1: the folder of uv. No lock names a registry's host.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { "$1/uv" pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.11 "${@:2}"; }
compile "$1" requirements/uv.in -o requirements/uv.txt
compile "$1" pyproject.toml --all-extras -o requirements/all.txt
compile "$1" pyproject.toml --extra quality --extra database --extra rekey -c requirements/all.txt -o requirements/kit.txt
compile "$1" pyproject.toml --extra portal -c requirements/all.txt -o requirements/portal.txt
compile "$1" pyproject.toml --extra room --extra lookout --extra gcp --extra airflow -c requirements/all.txt -o requirements/room.txt
compile "$1" requirements/bqemulator.in -o requirements/bqemulator.txt
