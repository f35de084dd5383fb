"""Station times and results, as the locked room publishes them."""

from django.http import HttpRequest
from ninja import Router

from cleanroom.contracts.messages import ResultPublication, StationRun
from portal.results.actions.publish import publish_result, report_station

router = Router(tags=["results"])


@router.post("/station-runs", response=StationRun)
def station_run(request: HttpRequest, body: StationRun):
    report_station(body, by=request.auth)
    return body


@router.post("/results", response=ResultPublication)
def result(request: HttpRequest, body: ResultPublication):
    publish_result(body, by=request.auth)
    return body
