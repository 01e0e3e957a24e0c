"""Runs Kusto queries over log lines: {"lines": […], "queries": {"name": "query", …}} in, the rows of each out.

A process of its own: DuckDB's bindings report leaks at the end of a long test run.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta

import duckdb
import duckdb_kql

START = datetime.fromisoformat("2026-11-21T09:00:00")


def main() -> None:
    given = json.load(sys.stdin)
    connection = duckdb.connect()
    connection.execute("create table traces (timestamp timestamp, message varchar)")
    rows = [(START + timedelta(seconds=number), line) for number, line in enumerate(given["lines"])]
    connection.executemany("insert into traces values (?, ?)", rows)
    answers = {}
    for name, query in given["queries"].items():
        answer = duckdb_kql.query(connection, query)
        answers[name] = [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main()
