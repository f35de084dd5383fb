#!/bin/sh
# Before Airflow starts: its tables, the pool of one that guards the embedded warehouse's file, and its passwords:
# Airflow opens that file for writing, so it works on a copy.
set -eu
install -m 0600 /run/secrets/airflow_passwords "$AIRFLOW_HOME/passwords.json"
airflow db migrate
airflow pools set warehouse 1 "what opens the warehouse file"
