"""Policy scanners, offline: checkov over the Bicep files, zizmor over the workflows. ``make policy``.

They have an environment of their own, since their dependencies would clash with the app's. A rule that does not hold
here is switched off where it does not, with the reason: ``// checkov:skip=RULE: reason``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.stack import ROOT

# checkov's parser does not support lambdas. It has no rules for these files: subscriptions and a workbook.
UNREADABLE = {"subscriptions.bicep", "system-topic-subscriptions.bicep", "workbook.bicep"}
FEWEST_WORDS = 4  # of a reason
FEWEST = 30  # checks that pass; with fewer, checkov has not read the files


def main(tools: Path) -> int:
    return max(_checkov(tools / "checkov"), _zizmor(tools / "zizmor"))


def _checkov(tool: Path) -> int:
    command = [str(tool), "--directory", "infra", "--framework", "bicep", "--skip-download", "--compact"]
    # Without these, checkov looks its version up, and offers to send its results to a service.
    quiet = os.environ | {"LOG_LEVEL": "ERROR", "CKV_SKIP_PACKAGE_UPDATE_CHECK": "1"}
    done = subprocess.run(
        [*command, "--output", "json"], cwd=ROOT, env=quiet, capture_output=True, text=True, check=False
    )
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        print(f"checkov did not run:\n{done.stderr[-2000:]}")
        return 1
    results = found["results"]
    problems = [f"{each['file_path']}: {each['check_id']} {each['check_name']}" for each in results["failed_checks"]]
    for each in results["skipped_checks"]:
        reason = each["check_result"].get("suppress_comment") or ""
        print(f"  left out  {each['check_id']} {each['file_path']}: {reason.strip()}")
        if len(reason.split()) < FEWEST_WORDS:
            problems.append(f"{each['file_path']}: {each['check_id']} is left out without a reason")
    unread = {Path(path).name for path in results["parsing_errors"]}
    problems += [f"{name} cannot be read by checkov" for name in sorted(unread - UNREADABLE)]
    problems += [f"{name} can be read: take it off the list" for name in sorted(UNREADABLE - unread)]
    if len(results["passed_checks"]) < FEWEST:
        problems.append(f"only {len(results['passed_checks'])} checks were made")
    for problem in problems:
        print(f"  WRONG     {problem}")
    passed = len(results["passed_checks"])
    print(f"checkov: {passed} passed, {len(results['skipped_checks'])} left out, {len(problems)} wrong")
    return 1 if problems else 0


def _zizmor(tool: Path) -> int:
    done = subprocess.run([str(tool), "--offline", "--no-progress", ".github/workflows"], cwd=ROOT, check=False)
    print(f"zizmor: {'nothing' if done.returncode == 0 else 'something'} found in the workflows")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
