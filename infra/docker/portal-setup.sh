#!/bin/sh
# Before the portal starts: its tables, its static files, its webhook key. Each does nothing where it is done.
set -eu
python /app/portal/manage.py migrate --noinput
python /app/portal/manage.py collectstatic --noinput --clear
python /app/portal/manage.py make_webhook_key
