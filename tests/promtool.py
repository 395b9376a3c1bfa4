"""promtool, Prometheus's checker of rules, run in the folder of the alerts."""

import json
import shutil
import subprocess

import pytest

from tests.running_service import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None,
    reason="NO PROMTOOL: THE ALERTS AND /metrics WERE NOT CHECKED. Install Debian's prometheus.",
)


def promtool(*arguments, **options):
    """Run promtool in the folder of the alerts."""
    return subprocess.run(
        [PROMTOOL, *arguments],
        cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False, **options,
    )  # fmt: skip


def expect(path, series, *, interval, minutes, expected):
    """Assert the values of expressions after some minutes, None for no result.

    `series` maps a name with labels to its values, of which there is one for each interval.
    """
    test = {
        "interval": interval,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": expression,
                "eval_time": f"{minutes}m",
                "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
            }
            for expression, value in expected.items()
        ],
    }
    rules = [str(FOLDER / "alerts.yml")]
    path.write_text(json.dumps({"rule_files": rules, "evaluation_interval": "1m", "tests": [test]}))
    done = promtool("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr
