"""The assets by which the DAGs are wired: what one station leaves for the next. Names are the stations' own words."""

from airflow.sdk import Asset

UPLOADS = Asset(name="uploads", uri="cleanroom://objects/inbox")
LANDED = Asset(name="landed", uri="cleanroom://warehouse/landing")
GRAPH = Asset(name="moneyflow", uri="cleanroom://warehouse/moneyflow")
MODEL = Asset(name="model", uri="cleanroom://portal/releases")
SCORES = Asset(name="scores", uri="cleanroom://warehouse/scoring")
WARNINGS = Asset(name="warnings", uri="cleanroom://portal/warnings")
