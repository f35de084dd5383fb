#!/bin/sh
# Read secrets from files, then become the program.
#
# NAME__FROM_FILE=/run/secrets/x sets NAME to that file's content: for settings that hold a password and have no file
# form of their own. A file that is missing or empty stops the start.
set -eu

for name in $(env | sed -n 's/^\([A-Z][A-Z0-9_]*\)__FROM_FILE=.*/\1/p'); do
    eval "file=\${${name}__FROM_FILE}"
    if [ ! -s "$file" ]; then
        echo "entrypoint: $name: the secret file $file is missing or empty" >&2
        exit 1
    fi
    value=$(cat "$file")
    export "$name=$value"
    unset "${name}__FROM_FILE"
done

exec "$@"
