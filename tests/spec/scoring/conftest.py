"""The engines that features and the graph are asked of."""

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from cleanroom.stores.warehouse_bigquery import BigQueryWarehouse
from tests.factories.dbt_models import BigQueryBench, DuckDbBench, compile_models
from tests.spec.scoring.models import SELECTED

PROJECT = "scoring-spec"


@pytest.fixture(scope="session")
def duckdb_scoring(tmp_path_factory):
    return DuckDbBench(compile_models(tmp_path_factory.mktemp("scoring_duckdb"), select=SELECTED))


@pytest.fixture(scope="session")
def bigquery_scoring(emulator, tmp_path_factory):
    warehouse = BigQueryWarehouse.from_address(f"bigquery://{PROJECT}/room?endpoint={emulator}")
    target = warehouse.dbt_target()
    with pytest.MonkeyPatch.context() as patch:  # the next test must not be pointed at the emulator
        for name, value in target.environment.items():
            patch.setenv(name, value)
        models = compile_models(tmp_path_factory.mktemp("scoring_bigquery"), target=target.name, select=SELECTED)
    client = bigquery.Client(PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": emulator})
    yield BigQueryBench(models, warehouse, client)
    warehouse.close()
    client.close()
