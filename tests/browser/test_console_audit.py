"""The console's audit explorer: filters, pages, exports."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.operators import READS, SCOPES, USER, has_heading, rows
from tests.browser.visitor import PHONE

pytestmark = pytest.mark.slow

ENTRIES = READS + 2


def exported(page, kind):
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Export {kind}").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes().decode()


def test_filters_find_entries_newest_first_and_pages_have_urls(enter):
    page = enter(*SCOPES, view="#/audit").page
    page.get_by_label("FID", exact=True).fill(f" {USER} ")
    page.get_by_role("button", name="Apply").click()
    entries = rows(page, "entries")
    expect(entries).to_have_count(50)
    assert page.url.endswith(f"#/audit?fid={USER}")
    expect(entries.first).to_contain_text("Private key read")
    expect(entries.first).to_contain_text(f"=sign swap {READS - 1}")
    expect(entries.first).to_contain_text(re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"))
    assert "Local time" in entries.first.locator("time").get_attribute("title")
    page.get_by_role("link", name="Older entries").click()
    expect(entries.first).to_contain_text(f"=sign swap {READS - 51}")
    page.get_by_role("link", name="Older entries").click()
    expect(entries).to_have_count(ENTRIES - 100)
    expect(entries.last).to_contain_text("Base Account stored")
    expect(page.get_by_role("link", name="Older entries")).to_have_count(0)
    page.reload()
    expect(entries).to_have_count(ENTRIES - 100)
    page.go_back()
    expect(entries.first).to_contain_text(f"=sign swap {READS - 51}")
    page.get_by_role("link", name="Newest entries").click()
    expect(entries.first).to_contain_text(f"=sign swap {READS - 1}")
    entries.first.get_by_role("link", name="client:engine").click()
    expect(page.get_by_label("By", exact=True)).to_have_value("client:engine")
    page.get_by_label("Action").select_option("Keys: read or used to sign")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Action")).to_have_value(re.compile("^key.read,"))
    expect(entries.first).to_contain_text(re.compile("Private key read|signed"))
    page.get_by_label("Action").select_option("Wallet created")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#entries")).to_contain_text("No entry matches the filters.")


def test_times_are_written_as_in_a_log_and_become_part_of_the_url(enter):
    page = enter(*SCOPES, view="#/audit").page
    for written, exact in (
        ("2026-01-01 02:00", "2026-01-01T02:00Z"),
        ("2026-01-01T02:00:05.123Z", "2026-01-01T02:00:05.123Z"),
        ("2026-01-01 02:00:05 UTC", "2026-01-01T02:00:05Z"),
        ("2026-01-01T03:00:00+01:00", "2026-01-01T03:00:00+01:00"),
        ("2026-01-01", "2026-01-01T00:00Z"),
    ):
        page.get_by_label("To (UTC)").fill(written)
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("#entries")).to_contain_text("No entry matches the filters.")
        expect(page.get_by_label("To (UTC)")).to_have_value(exact)
    for relative in ("-90m", "00:00"):
        page.get_by_label("From (UTC)").fill(relative)
        page.get_by_label("To (UTC)").fill("")
        page.get_by_role("button", name="Apply").click()
        expect(page.get_by_label("From (UTC)")).to_have_value(re.compile(r"^20\d\d-.*T.*Z$"))
        expect(rows(page, "entries")).to_have_count(50)
    page.get_by_role("link", name="Last hour").click()
    expect(page.get_by_label("From (UTC)")).to_have_value(re.compile(r"^20\d\d-.*T.*Z$"))
    # With a relative time, the cursor of a page would not be valid for the next one.
    page.get_by_role("link", name="Older entries").click()
    expect(page.get_by_role("link", name="Newest entries")).to_be_visible()
    for wrong in ("yesterday", "2026-13-01", "25:00", "2026-01-01 2:00"):
        page.get_by_label("From (UTC)").fill(wrong)
        page.get_by_role("button", name="Apply").click()
        alert = page.locator("#filters").get_by_role("alert")
        expect(alert).to_contain_text(f"“{wrong}” is not a time.")
    page.goto(page.url.split("#")[0] + "#/audit?from=yesterday")
    expect(page.locator("#filters").get_by_role("alert")).to_contain_text("is not a time")


def test_what_is_filtered_is_exported_and_no_spreadsheet_runs_it(enter, behind, shared_sql):
    page = enter(*SCOPES, view=f"#/audit?fid={USER}&actor=client:engine", viewport=PHONE).page
    expect(rows(page, "entries")).to_have_count(50)
    name, text = exported(page, "CSV")
    assert re.fullmatch(rf"audit-client_engine-{USER}-as-of-\d{{14}}\.csv", name)
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["reason"] for row in found] == [
        f"'=sign swap {number}" for number in reversed(range(READS))
    ]
    recorded = shared_sql.execute(
        "select id::text, host(ip), request_id from wallet_audit_log"
        " where fid = %s and actor = 'client:engine' order by wallet_audit_log.id desc",
        [USER],
    ).fetchall()
    assert [(row["id"], row["ip"] or None, row["requestId"]) for row in found] == recorded
    assert {row["action"] for row in found} == {"key.read"}
    expect(page.get_by_text(f"{READS} entries exported.")).to_be_visible()
    name, text = exported(page, "JSON")
    assert name.endswith(".json")
    entries = json.loads(text)
    assert [entry["id"] for entry in entries] == [row["id"] for row in found]
    # Unchanged: a program reads it.
    assert entries[0]["reason"] == f"=sign swap {READS - 1}"


def test_a_cell_is_quoted_and_is_no_formula(enter):
    page = enter(*SCOPES).page
    for value, cell in (
        *((f"{begin}cmd", f'"\'{begin}cmd"') for begin in "=+-@\t\r"),
        ('a "b", c\nd', '"a ""b"", c\nd"'),
        # Where a spreadsheet separates cells by semicolons, a text may contain cells and lines.
        ("swap;=cmd", '"swap;\'=cmd"'),
        ('swap; "=cmd";-1', '"swap;\' ""=cmd"";\'-1"'),
        ("swap\n=cmd", '"swap\n\'=cmd"'),
        (" @cmd", '"\' @cmd"'),
        ("a-b+c=d; e", '"a-b+c=d; e"'),
        (None, ""),
        (8, '"8"'),
        ({"a": [1]}, '"{""a"":[1]}"'),
    ):
        written = page.evaluate(
            "async (reason) => (await import('/assets/export.js')).csv([{ reason }])", value
        )
        assert written.split("\r\n", 1)[1] == f",,,,,,,{cell},,,,\r\n"


def test_an_export_has_a_bound_and_says_when_it_is_reached(enter):
    page = enter(*SCOPES).page
    kept = page.evaluate(
        """async () => {
          const { collect, LARGEST_EXPORT } = await import("/assets/export.js");
          let asked = 0;
          window.fetch = async () => {
            asked += 1;
            const data = Array.from({ length: 100 }, (_, id) => ({ id }));
            return new Response(JSON.stringify({ data, next_cursor: "more" }), {
              headers: { "Content-Type": "application/json" },
            });
          };
          const { entries, complete } = await collect({}, () => {});
          return [asked, entries.length, LARGEST_EXPORT, complete];
        }"""
    )
    assert kept == [100, 10_000, 10_000, False]


def test_an_export_that_fails_saves_no_file(enter):
    page = enter(*SCOPES, view="#/audit").page
    expect(rows(page, "entries")).to_have_count(50)
    downloads = []
    page.on("download", lambda download: downloads.append(download.url))
    page.route("**/v1/audit?*cursor=*", lambda route: route.abort())
    page.get_by_role("button", name="Export CSV").click()
    expect(page.get_by_text("Nothing was exported.")).to_be_visible()
    expect(page.locator("#outlet").get_by_role("alert")).to_contain_text("cannot be reached")
    assert downloads == []
    has_heading(page, "Audit log")
