"""The engines that questions of money flow are asked of."""

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from cleanroom.stores.warehouse_bigquery import BigQueryWarehouse
from tests.factories.dbt_models import BigQueryBench, DuckDbBench, compile_models
from tests.spec.moneyflow.engines import ask_online, ask_reference
from tests.spec.moneyflow.linked_models import ask_linked_models
from tests.spec.moneyflow.models import ask_models
from tests.spec.moneyflow.questions import Engine

PROJECT = "spec"
COMPILED = ("intermediate.moneyflow", "intermediate.graph", "intermediate.linked", "staging")


@pytest.fixture(scope="session")
def duckdb_bench(tmp_path_factory):
    return DuckDbBench(compile_models(tmp_path_factory.mktemp("dbt_duckdb"), select=COMPILED))


@pytest.fixture(scope="session")
def bigquery_bench(emulator, tmp_path_factory):
    warehouse = BigQueryWarehouse.from_address(f"bigquery://{PROJECT}/room?endpoint={emulator}")
    models = compiled_for(warehouse.dbt_target(), tmp_path_factory.mktemp("dbt_bigquery"))
    client = bigquery.Client(PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": emulator})
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


@pytest.fixture(scope="session")
def ask(request):
    """Any engine, many questions at once: `ask(engine, [Asked(...), ...])`, an answer for each."""

    def answers(engine, asked):
        if engine is Engine.REFERENCE:
            return ask_reference(asked)
        if engine is Engine.ONLINE:
            return ask_online(asked)
        return ask_either_models(request.getfixturevalue(f"{engine}_bench"), asked)

    return answers


def ask_either_models(bench, asked):
    """Walks with link steps have models of their own."""
    parts = {False: {}, True: {}}
    for place, one in enumerate(asked):
        parts[one.links is not None][place] = one
    found = {}
    for is_linked, part in parts.items():
        answers = (ask_linked_models if is_linked else ask_models)(bench, list(part.values()))
        found |= dict(zip(part, answers, strict=True))
    return [found[place] for place in range(len(asked))]
