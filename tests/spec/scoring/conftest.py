"""The engines that features and the graph are asked of."""

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from cleanroom.stores.warehouse_bigquery import BigQueryWarehouse
from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.dbt_models import BigQueryBench, DuckDbBench, compile_models
from tests.spec.scoring.models import SELECTED

PROJECT = "scoring-spec"


@pytest.fixture(scope="session")
def duckdb_scoring(tmp_path_factory):
    return DuckDbBench(compile_models(tmp_path_factory.mktemp("scoring_duckdb"), select=SELECTED))


@pytest.fixture(scope="session")
def bigquery_scoring(tmp_path_factory):
    if not PROGRAM.exists():
        pytest.skip(ABSENT)
    folder = tmp_path_factory.mktemp("scoring_bigquery")
    with running_emulator(folder) as endpoint, pytest.MonkeyPatch.context() as patch:
        warehouse = BigQueryWarehouse.from_address(f"bigquery://{PROJECT}/room?endpoint={endpoint}")
        target = warehouse.dbt_target()
        for name, value in target.environment.items():
            patch.setenv(name, value)
        models = compile_models(folder, target=target.name, select=SELECTED)
        patch.undo()  # the next test must not be pointed at the emulator
        client = bigquery.Client(PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint})
        yield BigQueryBench(models, warehouse, client)
        warehouse.close()
        client.close()
