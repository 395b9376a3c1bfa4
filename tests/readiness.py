"""What says whether a process can serve: /readyz, the log, the metrics, `doctor`, and requests."""

from prometheus_client import REGISTRY

from tests.factories import BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused
from wallet_api.alarms import NOT_READY
from wallet_api.services.diagnosis.environment import can_serve, examine_environment
from wallet_api.services.diagnosis.settings import State

BODY = {"amount": "20", "baseAddress": BASE_ACCOUNT}


def sample(name, **labels):
    """Return the value of a metric."""
    return REGISTRY.get_sample_value(name, labels)


def alarms(code):
    """Return how many alarms of this code there were."""
    return sample("wallet_api_alarms_total", code=code)


def reasons_in_metrics():
    """Return the reasons that the metrics give for not being ready."""
    return {
        code
        for code in NOT_READY
        if REGISTRY.get_sample_value("wallet_api_processes_not_ready", {"code": code})
    }


def assert_doctor_says(code, environ):
    diagnoses = examine_environment(environ)
    faults = [one for one in diagnoses if one.state is State.FAULT]
    assert [one.code for one in faults] == [code], faults
    assert not can_serve(diagnoses)


def assert_readyz_says(code, client, lines, *, times=3):
    """Ask repeatedly; `lines` are the captured log. One line of it names the reason."""
    before = alarms(code)
    problems = [refused(client.get("/readyz"), 503, longest=500) for _ in range(times)]
    assert {problem["code"] for problem in problems} == {code}, problems
    (line,) = [line for line in lines if line["log_level"] == "critical"]
    assert (line["event"], line["code"]) == ("not ready", code)
    assert f"Not ready: {line['reason']}" == problems[0]["error"]
    assert alarms(code) == before + 1
    assert reasons_in_metrics() == {code}


def deposit(client, fid=FID):
    """Ask for a deposit of a user."""
    return client.post("/api/wallet/deposit", json=BODY, headers=signed_in(fid))
