"""deploy/prometheus and deploy/grafana fit the metrics of the code."""

import json
import re
from itertools import product

import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from tests.factories import ACCESS, DEAD_PORT, new_client
from tests.promtool import FOLDER, needs_promtool, promtool
from tests.running_service import ROOT
from wallet_api import alarms, metrics
from wallet_api.app import create_app  # noqa: F401 (the metrics of every module are initialized)
from wallet_api.policies.rules import METHODS
from wallet_api.services.signing.counters import REFUSALS, REFUSED_METHODS, initialize_counters

NOWHERE = {
    "DATABASE_URL": f"postgresql://x:x@127.0.0.1:{DEAD_PORT}/x",
    "DB_POOL_TIMEOUT": "1",
}
ALERTS = (FOLDER / "alerts.yml").read_text()
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
NAME = re.compile(r"\bwallet_api_\w+")
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}


def families():
    return [one for one in REGISTRY.collect() if one.name.startswith("wallet_api_")]


def samples():
    """Return the names of all samples of the service."""
    return {f"{one.name}{suffix}" for one in families() for suffix in SUFFIXES[one.type]}


def expressions():
    """Return every expression of the dashboard."""
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def test_alerts_and_dashboard_name_only_metrics_that_exist():
    told = set(NAME.findall(ALERTS)) | set(NAME.findall(json.dumps(DASHBOARD)))
    assert told - samples() == set()


def test_every_metric_is_on_the_dashboard_and_in_the_documentation():
    shown = set(NAME.findall(" ".join(expressions())))
    for family in families():
        assert shown & {f"{family.name}{suffix}" for suffix in SUFFIXES[family.type]}, family.name
        (suffix, *_) = SUFFIXES[family.type]
        told = family.name if family.type == "histogram" else f"{family.name}{suffix}"
        assert f"`{told}`" in OPERATIONS or "connections_max" in told, told


LABELS_OF_PROMETHEUS = {"instance", "job"}


def labels_by_sample():
    """Return the labels of every sample of the service, by its name."""
    found = {}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            for suffix in SUFFIXES[metric._type]:
                le = {"le"} if suffix == "_bucket" else set()
                found[f"{metric._name}{suffix}"] = {*metric._labelnames, *le}
    return found


def labels_used(expression, *texts):
    """Return the labels that an expression and the texts of its result name."""
    matched = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)
    kept = re.findall(r"\b(?:by|on|without|ignoring) \(([^)]*)\)", expression)
    shown = re.findall(r"{{\s*\$labels\.(\w+)|{{\s*(\w+)\s*}}", " ".join(texts))
    names = {*matched, *re.findall(r"\w+", " ".join(kept)), *("".join(pair) for pair in shown)}
    return names - LABELS_OF_PROMETHEUS


def questions():
    """Yield each expression of the alerts and of the dashboard, with the texts of its result."""
    for rule in yaml.safe_load(ALERTS)["groups"][0]["rules"]:
        yield rule["expr"], *rule["annotations"].values()
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"], target["legendFormat"]


def test_alerts_and_dashboard_name_only_labels_that_their_metrics_have():
    known = labels_by_sample()
    assert known.keys() == samples()
    for expression, *texts in questions():
        # The other side of a join only decides which results remain.
        for name in NAME.findall(expression.partition(" and on (")[0]):
            assert labels_used(expression, *texts) <= known[name], (expression, name)


def test_a_label_that_is_shown_survives_the_aggregation():
    for expression, *texts in questions():
        for kept in re.findall(r"\bby \(([^)]*)\)", expression):
            assert labels_used("", *texts) <= set(re.findall(r"\w+", kept)), expression


def test_the_series_of_the_rule_tests_have_the_labels_of_the_metrics():
    known = labels_by_sample()
    text = (FOLDER / "alerts_test.yml").read_text()
    series = re.findall(r"series: '(wallet_api_\w+){(.*?)}'", text)
    assert len(series) > 20
    for name, labels in series:
        given = set(re.findall(r"(\w+)=", labels)) - LABELS_OF_PROMETHEUS
        # Only the histograms are given in part.
        if name.startswith(metrics.REQUESTS._name):
            assert given <= known[name], (name, labels)
        else:
            assert given == known[name], (name, labels)


def test_every_label_value_that_an_alert_watches_exists_before_its_first_event():
    """Prometheus sees no increase in a counter that appears with its first event."""
    known = {
        metrics.ALARMS: {(code,) for code in alarms.CODES},
        metrics.KEY_READS: {("user",), ("client",)},
        metrics.RATE_LIMITED: {(limit,) for limit in ("ip", "user", "writes", "client")},
    }
    for metric, values in known.items():
        assert set(metric._metrics) >= values
    watched = set(re.findall(r"(?:increase|rate)\((wallet_api_\w+)_total", ALERTS))
    labelled = [metrics.POOL_TIMEOUTS, metrics.POOL_REFUSALS, metrics.SIGNING_REFUSALS]
    unlabelled = [metrics.FAILED_DECRYPTIONS, metrics.OVERLOADED]
    unlabelled += [metrics.REQUESTS_WITHOUT_PROBES, metrics.FAILURES]
    assert watched == {
        metric._name for metric in (metrics.ALARMS, metrics.KEY_READS, *labelled, *unlabelled)
    }
    # Those of a client begin with its first request, or before.
    initialize_counters("a-client-of-this-test")
    name = ["a-client-of-this-test"]
    assert set(metrics.SIGNATURES._metrics) >= set(product(METHODS, name))
    refusals = set(product(REFUSED_METHODS, REFUSALS, name))
    assert set(metrics.SIGNING_REFUSALS._metrics) >= refusals


def test_the_metrics_of_clients_begin_at_the_start_of_a_process(services, database):
    """A counter of a client that signs is 0 before its first request."""

    def counted():
        services.api_clients.report()
        return [
            REGISTRY.get_sample_value("wallet_api_clients", {"event": event})
            for event in ("created", "revoked")
        ]

    assert counted() == [0, 0]
    for name, scopes in (("bot-of-this-test", ["wallets:sign"]), ("reader", ["wallets:read"])):
        new_client(services.api_clients, *scopes, name=name, unrestricted=False)
    new_client(services.api_clients, "wallets:sign", name="gone", unrestricted=False)
    services.api_client_changes.revoke("gone", access=ACCESS)
    assert counted() == [3, 1]
    clients = {labels[1] for labels in metrics.SIGNATURES._metrics}
    assert "bot-of-this-test" in clients
    assert not {"reader", "gone"} & clients


def test_both_pools_have_their_counters_as_soon_as_they_are_open(make_app, environ):
    make_app(DATABASE_REPLICA_URL=environ["DATABASE_URL"])
    for metric in (metrics.POOL_TIMEOUTS, metrics.POOL_REFUSALS, metrics.POOL_IN_USE):
        assert {("primary",), ("replica",)} <= set(metric._metrics)


def test_every_alarm_code_is_described_and_every_critical_line_is_counted():
    table = re.findall(r"^\| `(\w+)` \|", OPERATIONS.partition("## Metrics")[0], re.MULTILINE)
    assert set(alarms.CODES) <= set(table)
    sources = {path: path.read_text() for path in (ROOT / "wallet_api").rglob("*.py")}
    logged = {path.name for path, text in sources.items() if re.search(r"\.critical\b", text)}
    # The second writes the line that ends an alarm.
    assert logged == {"alarms.py", "readiness.py"}


def test_the_dashboard_has_no_panel_without_a_query_and_no_two_in_one_place():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        assert panel["type"] == "row" or panel["targets"], panel["title"]
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_the_dashboard_shows_the_times_of_which_an_alert_is_made():
    without_probes = re.search(r'route!~"[^"]+"', ALERTS)[0]
    (panel,) = (one for one in DASHBOARD["panels"] if "Time of a request" in one["title"])
    assert all(without_probes in target["expr"] for target in panel["targets"])


@needs_promtool
def test_the_alerts_are_valid_and_fire_when_they_must():
    for command in (("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")):
        done = promtool(*command)
        assert done.returncode == 0, done.stdout + done.stderr
    tested = set(re.findall(r"WalletApi\w+", (FOLDER / "alerts_test.yml").read_text()))
    assert tested == set(re.findall(r"alert: (\w+)", ALERTS))


@needs_promtool
def test_the_expressions_of_the_dashboard_are_valid(tmp_path):
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$instance", ".*")}
        for number, expression in enumerate(expressions())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_requests_and_failures_are_counted_without_probes(make_app):
    token = "a token of Prometheus that only this test knows"
    app = make_app(METRICS_TOKEN=token, **NOWHERE)
    app.add_url_rule("/bug", view_func=lambda: 1 / 0)
    client = app.test_client()

    def counted(path):
        """Return the status, and how many requests and failures it was."""
        names = ("wallet_api_requests_total", "wallet_api_request_failures_total")
        before = [REGISTRY.get_sample_value(name) for name in names]
        status = client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code
        after = [REGISTRY.get_sample_value(name) for name in names]
        return status, *(new - old for new, old in zip(after, before, strict=True))

    assert counted("/readyz") == (503, 0, 0)
    assert counted("/healthz") == (200, 0, 0)
    assert counted("/metrics") == (200, 0, 0)
    assert counted("/nowhere") == (404, 1, 0)
    assert counted("/api/wallet/user-wallets") == (401, 1, 0)
    assert counted("/bug") == (500, 1, 1)


@needs_promtool
def test_the_metrics_are_as_prometheus_wants_them(make_app):
    token = "a token of Prometheus that only this test knows"
    client = make_app(METRICS_TOKEN=token).test_client()
    assert client.get("/readyz").status_code == 200
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    # Those of the Python process are not ours.
    ours = [line for line in answer.text.splitlines() if "wallet_api_" in line]
    done = promtool("check", "metrics", input="\n".join(ours) + "\n")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
