# SPDX-License-Identifier: Apache-2.0
"""Reads pages with the parsers of prometheus_client, for a test to compare.

Each line of standard input, or of the file named, is `text PATH` or `openmetrics PATH`. The answer to each is a line of
JSON on standard output: a list of families, or an object with the error. Numbers are strings, since JSON has no NaN.
"""

import json
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as text


def number(value):
    return None if value is None else repr(float(value))


def exemplar(found):
    return None if found is None else [found.labels, number(found.value), number(found.timestamp)]


def read(kind, path):
    with open(path, encoding="utf-8", newline="") as file:
        page = file.read()
    parse = {"text": text, "openmetrics": openmetrics}[kind].text_string_to_metric_families
    return [
        [
            family.name,
            family.type,
            family.documentation,
            family.unit,
            [[s.name, s.labels, number(s.value), exemplar(s.exemplar), number(s.timestamp)] for s in family.samples],
        ]
        for family in parse(page)
    ]


with open(sys.argv[1], encoding="utf-8") as requests:
    for line in requests:
        kind, path = line.split()
        try:
            answer = read(kind, path)
        except Exception as error:  # whatever a parser throws is its opinion of the page
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, ensure_ascii=True))
