"""The engines that the money-flow cases are asked of."""

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from cleanroom.moneyflow.reference import nearest_layers
from cleanroom.stores.warehouse_bigquery import BigQueryWarehouse
from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.dbt_models import BigQueryBench, DuckDbBench, compile_models
from tests.spec.moneyflow.engines import COMPILED, LISTED, ask_models, ask_reference

PROJECT = "spec"


@pytest.fixture(scope="session")
def duckdb_bench(tmp_path_factory):
    return DuckDbBench(compile_models(tmp_path_factory.mktemp("dbt_duckdb"), select=COMPILED))


@pytest.fixture(scope="session")
def bigquery_bench(tmp_path_factory):
    if not PROGRAM.exists():
        pytest.skip(ABSENT)
    folder = tmp_path_factory.mktemp("dbt_bigquery")
    with running_emulator(folder) as endpoint:
        warehouse = BigQueryWarehouse.from_address(f"bigquery://{PROJECT}/room?endpoint={endpoint}")
        models = compiled_for(warehouse.dbt_target(), folder)
        client = bigquery.Client(PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint})
        yield BigQueryBench(models, warehouse, client)
        warehouse.close()
        client.close()


def compiled_for(target, folder):
    """The variables that point dbt at the emulator must be gone again before the next test."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in target.environment.items():
            patch.setenv(name, value)
        return compile_models(folder, target=target.name, select=COMPILED)


@pytest.fixture(params=["duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def bench(request):
    """The dbt models on each engine."""
    return request.getfixturevalue(f"{request.param}_bench")


@pytest.fixture(params=["reference", "duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def ask(request):
    """Arrivals of a flow: `ask(flow, listed, direction=..., as_of=...)`, from the reference or an engine."""
    if request.param == "reference":
        return ask_reference
    engine = request.getfixturevalue(f"{request.param}_bench")
    return lambda *args, **options: ask_models(engine, *args, **options)


@pytest.fixture
def layers_of(ask):
    """Each account's nearest layer."""

    def answer(flow, *, start, layers=6, **options):
        arrivals = ask(flow, dict.fromkeys(start, options.pop("listed_at", LISTED)), **options)
        return {a: k for a, k in nearest_layers(arrivals).items() if k <= layers}

    return answer
