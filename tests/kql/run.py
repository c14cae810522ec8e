"""Asks the queries of infra/queries of log lines, in a local engine for the Kusto query language.

    run.py                    of lines.jsonl, whose answers are written below by hand: fails where they differ
    run.py --lines FILE       of what a handler wrote (`-` is the standard input); prints the answers as JSON

The engine is duckdb-kql, which translates queries for DuckDB. It is not Azure's: that Azure takes a query is what
check.mjs is for. What it cannot do stands in NOT_HERE.
"""

import argparse
import json
import sys
from pathlib import Path

import duckdb_kql

HERE = Path(__file__).parent
QUERIES = HERE / "../../infra/queries"

# Constructs that this engine does not have; such a query is only parsed, by check.mjs.
NOT_HERE = {"reconcile-gaps": "prev("}

TYPES = {"string": "VARCHAR", "real": "DOUBLE", "int": "INTEGER", "long": "BIGINT", "datetime": "TIMESTAMP",
         "bool": "BOOLEAN", "dynamic": "JSON"}

# Column by column, in the order in which the query gives them; `...` is whatever stands there.
EXPECTED = {
    "outcomes": [
        ("book", "booked", 3), ("book", "providerTimeout", 1), ("book", "providerUnavailable", 1),
        ("book", "slotTaken", 1), ("cancel", "callerLeft", 1), ("get-slots", "ok", 1),
        ("reschedule", "providerFailed", 1),
    ],
    "bookings": [
        ("09:00", "bookings booked", 1), ("09:00", "bookings providerTimeout", 1),
        ("09:00", "bookings providerUnavailable", 1), ("09:00", "embedded booked", 2),
        ("09:00", "embedded slotTaken", 1),
    ],
    "booked": [("bookings", 1, 0, 0, 2, 66.67), ("embedded", 2, 1, 0, 0, 0.0)],
    "faults": [
        ("09:00", "providerTimeout", 1), ("09:00", "providerUnavailable", 1), ("10:00", "callerLeft", 1),
        ("10:00", "providerFailed", 1),
    ],
    "latency": [
        ("book", 6, ..., ..., ..., 20000), ("cancel", 1, 70, 70, 70, 70), ("get-slots", 1, 10, 10, 10, 10),
        ("reschedule", 1, 800, 800, 800, 800),
    ],
    "vendors": [
        ("graph", "create appointment", 2, ..., ..., ..., 1, 2),
        ("graph", "getStaffAvailability", 2, ..., ..., ..., 0, 0),
    ],
    "vendor-troubles": [
        ("graph", "create appointment", "answered 429", 1, ..., ...),
        ("graph", "create appointment", "gave no answer: not in time", 1, ..., ...),
    ],
    "pending": [("09:00", 1200, 1, 1), ("09:30", 0, 0, 0)],
    "reconcile": [("09:00", 3, 1, 1, 0, 1, 3, 120)],
    "cache": [("09:00", "catalogue", 75.0)],
    "instances": [("09:00", 2, 1), ("09:30", 1, 0), ("10:00", 1, 0)],
    "versions": [("0.4.0", 1, ..., ...)],
    "configuration": [
        ("10:00", "b", "secret", "failed", "graph-client-secret", "the vault answered 403", ..., ..., ..., ...),
        ("10:00", "b", "config", "kept_last_good", ..., "one problem", ..., ..., ..., ...),
        ("10:00", "b", ..., ..., ..., ..., "scheduling.toml", 12, "service[0].id", "is there twice"),
        ("09:00", "a", "config", "read", ..., ..., ..., ..., ..., ...),
        ("09:00", "a", "secret", "fetched", "ledger-secret", ..., ..., ..., ..., ...),
    ],
    "audit-in-the-log": [("10:20", "cancel", "RHB0Vt0-Dw_l", "cancelled", "i9", "t9")],
}

# Alerts, asked of all lines, of those until a quarter past nine, and of none at all; a row is an alert.
ALERTS = {
    "alert-failed-bookings": {"all": [(3, 8)], "early": [], "none": []},
    "alert-stale-pending": {"all": [], "early": [...], "none": []},
    "alert-no-reconcile": {"all": [], "early": [], "none": [(0,)]},
    "alert-set-up": {
        "all": [("config", "kept_last_good", ..., 1, ...), ("secret", "failed", "graph-client-secret", 1, ...)],
        "early": [],
        "none": [],
    },
}
EARLY = "2026-12-01T09:15:00Z"



def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lines", metavar="FILE")
    lines = arguments.parse_args().lines
    if lines:
        text = sys.stdin.read() if lines == "-" else Path(lines).read_text(encoding="utf-8")
        answers = ask(workspace(written(text)))
        print(json.dumps(json.loads(json.dumps(answers, default=str), parse_constant=lambda _: None)))
        return 0
    rows = list(known())
    everything = ask(workspace(rows))
    early, none = ask(workspace(row for row in rows if row[0] < EARLY)), ask(workspace([]))
    wrong = unasked(everything) + compare("", everything, EXPECTED)
    for when, answers in {"all": everything, "early": early, "none": none}.items():
        wrong += compare(f"{when}: ", answers, {name: rows[when] for name, rows in ALERTS.items() if name in answers})
    for problem in wrong:
        print(problem, file=sys.stderr)
    compared = len(EXPECTED) + sum(name in everything for name in ALERTS)
    print(f"{len(everything)} queries asked, {compared} of them with a known answer; {len(wrong)} answered otherwise")
    return 1 if wrong else 0


def known():
    """Rows of AppTraces: when, on which instance, how severe, and the message."""
    for row in (HERE / "lines.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(row)
        message = row["text"] if "text" in row else json.dumps(row["line"], separators=(",", ":"))
        yield row["at"], row["on"], row.get("severity", 1), message


def written(text):
    """The same of what a handler wrote, one line each, as the host takes it."""
    for line in text.splitlines():
        if line.startswith("{"):
            told = json.loads(line)
            severity = {"error": 3, "warning": 2}.get(told.get("level"), 1)
            yield told.get("time", "2026-01-01T00:00:00Z"), "a", severity, line


def workspace(rows):
    connection = duckdb_kql.connect()
    tables = json.loads((HERE / "tables.json").read_text(encoding="utf-8"))["tables"]
    for name, columns in tables.items():
        described = ", ".join(f'"{column}" {TYPES[kind]}' for column, kind in columns.items())
        connection.execute(f"CREATE TABLE {name} ({described})")
    insert = "INSERT INTO AppTraces (TimeGenerated, AppRoleInstance, SeverityLevel, Message) VALUES (?, ?, ?, ?)"
    for at, instance, severity, message in rows:
        connection.execute(insert, [at.replace("T", " ").rstrip("Z"), instance, severity, message])
    return connection


def ask(connection):
    """What each query answers, or why it could not be asked."""
    answers = {}
    for path in sorted(QUERIES.glob("*.kql")):
        query = path.read_text(encoding="utf-8")
        try:
            answers[path.stem] = [list(row) for row in duckdb_kql.query(connection, query).fetchall()]
        except Exception as error:  # whatever the engine throws is told with the query's name
            answers[path.stem] = f"{type(error).__name__}: {error}"
    return answers


def unasked(answers):
    """Queries that cannot be asked, but for those that are known for it; and those that can be by now."""
    wrong = []
    for name, answer in answers.items():
        failed = isinstance(answer, str)
        excused = name in NOT_HERE and NOT_HERE[name] in (QUERIES / f"{name}.kql").read_text(encoding="utf-8")
        if failed and not excused:
            wrong.append(f"{name}: {answer}")
        elif excused and not failed:
            wrong.append(f"{name}: works now: take it out of NOT_HERE")
    return wrong


def compare(when, answers, expected):
    wrong = []
    for name, rows in expected.items():
        answer = answers.get(name)
        if answer is None:
            wrong.append(f"{name}: there is no such query")
        elif not isinstance(answer, str) and not alike(answer, rows):
            wrong.append(f"{when}{name}: expected {rows}, and the answer is {answer}")
    return wrong


def alike(answer, rows):
    """In any order: of rows that sort alike, a query may tell any first."""
    left = list(answer)
    for row in rows:
        found = next((one for one in left if row is ... or fits(one, row)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def fits(one, row):
    return len(one) == len(row) and all(want is ... or same(got, want) for got, want in zip(one, row))


def same(got, want):
    if hasattr(got, "strftime"):
        return got.strftime("%H:%M") == want
    if isinstance(want, float):
        return got is not None and abs(got - want) < 0.005
    return got == want


sys.exit(main())
