# SPDX-License-Identifier: Apache-2.0
"""run_tests.py [bazel flag ...] -- target ...: runs the tests with Bazel and counts test cases instead of targets.

What ran is taken from Bazel's own stream of events, so that results left by an earlier run are never counted; what
each run found is taken from the XML file that GoogleTest wrote. Ends with the line `N passed, N failed`.

BAZEL_OUTPUT_BASE in the environment is where Bazel keeps its outputs, if not in its usual place.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree


def read_cases(uri):
    """(passed, failed, skipped) in the XML file at `uri`; none of each where there is no such file or it is cut off."""
    passed = failed = skipped = 0
    try:
        root = xml.etree.ElementTree.parse(urllib.parse.unquote(urllib.parse.urlparse(uri).path)).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return 0, 0, 0
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.get("status") == "notrun":
            continue
        elif case.get("result") == "skipped" or case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def count(events):
    """(passed, failed, skipped) of the run that `events` tell of."""
    unfinished = set()  # Tests that were to run; one that does not build never does.
    results = {}  # Label, run and shard -> the result of the last attempt.
    for event in events:
        if "targetConfigured" in event["id"] and "testSize" in event.get("configured", {}):
            unfinished.add(event["id"]["targetConfigured"]["label"])
        elif "testResult" in event["id"] and "testResult" in event:
            key = event["id"]["testResult"]
            unfinished.discard(key["label"])
            results[key["label"], key.get("run", 1), key.get("shard", 1)] = event["testResult"]
    total = [0, len(unfinished), 0]
    for result in results.values():
        uris = [output["uri"] for output in result.get("testActionOutput", []) if output["name"] == "test.xml"]
        cases = read_cases(uris[0]) if uris else (0, 0, 0)
        if result["status"] != "PASSED" and cases[1] == 0:
            # It died outside of a test case or before the file was written.
            cases = (cases[0], 1, cases[2])
        total = [a + b for a, b in zip(total, cases)]
    return total


def main(arguments):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "events.json")
        base = os.environ.get("BAZEL_OUTPUT_BASE")
        command = ["bazel"] + (["--output_base=" + base] if base else [])
        command += ["test", "--keep_going", "--build_event_json_file=" + path]
        status = subprocess.call(command + arguments)
        events = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as lines:
                events = [json.loads(line) for line in lines]
    passed, failed, skipped = count(events)
    if status != 0 and failed == 0:
        failed = 1  # Something that is not a test does not build.
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return status or (1 if failed or not passed else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
