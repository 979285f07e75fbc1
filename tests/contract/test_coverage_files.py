"""Reports, journals and HAR files of coverage: the union of what they tell."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.runtime.coverage import as_json, html, table
from localwaba_contracts.coverage import count, measure, normal, units, words
from localwaba_contracts.coverage_files import Disagreement, Settings, Source, read_source, settled, union
from localwaba_contracts.journals import Unreadable
from localwaba_contracts.traffic import judge_document

NAMES = st.sampled_from(["id", "type", "code", "error", "errors", "data", "entry", "delivery", "statuses", "messages"])
URLS = st.sampled_from(["https://graph.facebook.com/v26.0/1/messages", "http://127.0.0.1/1", "http://[", "", "/me"])
KEYS = st.sampled_from([*(unit.key for unit in units()), "webhooks:<strange>", "errors:424242", "dropped"])
COUNTS = st.dictionaries(KEYS, st.integers(1, 9), max_size=12)


def send(kind: str, n: int = 1) -> dict[str, Any]:
    """An entry of a journal: a send that was accepted."""
    return {
        "n": n,
        "kind": "call",
        "method": "POST",
        "path": "/1/messages",
        "status": 200,
        "operation": "send_message",
        "request": {"type": kind},
    }


def report(counts: dict[str, int], *of: str, ignore: tuple[str, ...] = (), version: str = "") -> dict[str, Any]:
    """The JSON of a run that was measured so."""
    found: dict[str, Any] = json.loads(as_json(measure(counts, of or ("statuses",), ignore, version)))
    return found


@settings(max_examples=60, deadline=None)
@given(
    shards=st.lists(COUNTS, min_size=1, max_size=4),
    of=st.lists(st.sampled_from(words()), min_size=1, max_size=3),
    ignore=st.lists(st.sampled_from(["errors:1320*", "read", "messages:*"]), max_size=2),
    version=st.sampled_from(["", "v23.0", "v26.0"]),
)
def test_a_merged_report_is_that_of_one_run(
    shards: list[dict[str, int]], of: list[str], ignore: list[str], version: str
) -> None:
    """However a run was divided, the reports of its parts together are the report of the whole, byte for byte."""
    whole = measure(sum((Counter(one) for one in shards), Counter[str]()), of, ignore, version)
    files = [as_json(measure(one, of, ignore, version)) for one in shards]
    sources = [read_source(f"{n}.json", json.loads(text)) for n, text in enumerate(files)]
    asked = settled(sources)
    merged = measure(union(sources), asked.of, asked.ignore, asked.graph_version)
    assert as_json(merged) == as_json(whole)
    assert html(merged) == html(whole)
    assert table(merged, with_missing=True) == table(whole, with_missing=True)


def test_a_merged_report_can_be_merged_again() -> None:
    """The union of a union and a third is the union of all three."""
    one, two, three = ({"statuses:sent": n, "errors:190": 1} for n in (1, 2, 3))
    both = measure(union([read_source("a", report(one)), read_source("b", report(two))]), ["statuses"])
    assert union([read_source("ab", json.loads(as_json(both))), read_source("c", report(three))]) == {
        "statuses:sent": 6,
        "errors:190": 3,
    }


def test_kinds_of_files() -> None:
    """Reports, journals as an answer or a list of entries, and HAR files are told apart and can be mixed."""
    request = {"method": "POST", "url": "https://graph.facebook.com/v26.0/1/messages",
               "postData": {"mimeType": "application/json", "text": '{"type":"text"}'}}  # fmt: skip
    har = {"log": {"entries": [{"request": request, "response": {"status": 200, "content": {"text": "{}"}}}]}}
    journal = [send("text")]
    documents = [journal, {"entries": journal, "dropped": 0}, har, report(dict(count(journal)))]
    assert [read_source("x", one).counts for one in documents] == [
        {"messages:text": 1, "operations:send_message": 1}
    ] * 4
    assert union([read_source("x", one) for one in documents])["messages:text"] == 4


def test_what_did_not_count_is_kept() -> None:
    """A report keeps what its run was not asked for, so that the union can be asked for it."""
    (part,) = measure(read_source("x", report({"errors:190": 2}, "statuses")).counts, ["errors"]).parts
    assert part.covered == 1


def test_settings_are_those_of_the_reports() -> None:
    """The union is measured as its reports were, whatever words they were asked for by; journals say nothing."""
    sources = [
        read_source("a", report({}, "all-errors", "messages", ignore=("pin", "text"), version="v23.0")),
        Source(where="journal", counts=Counter()),
        read_source("b", report({}, "messages", "errors", "all-errors", ignore=("text", "pin"), version="v23.0")),
    ]
    asked = settled(sources)
    assert asked == Settings(of=("messages", "all-errors"), ignore=("pin", "text"), graph_version="v23.0")
    assert settled(sources, ["statuses"], [], "v26.0") == Settings(of=("statuses",), graph_version="v26.0")
    assert settled([]) == Settings()
    assert normal(["all"]) == ("messages", "all-webhooks", "all-statuses", "all-errors", "operations")


@pytest.mark.parametrize(
    ("one", "two", "text"),
    [
        (
            report({}, version="v23.0"),
            report({}, version="v26.0"),
            "a.json is pinned to v23.0, b.json is pinned to v26.0; --graph-version says what holds for all",
        ),
        (
            report({}),
            report({}, version="v26.0"),
            "a.json is pinned to no version, b.json is pinned to v26.0; --graph-version says what holds for all",
        ),
        (
            report({}, "statuses", "errors"),
            report({}, "statuses"),
            "a.json counts statuses, errors, b.json counts statuses; --of says what holds for all",
        ),
        (
            report({}, ignore=("read",)),
            report({}),
            "a.json ignores read, b.json ignores nothing; --ignore says what holds for all",
        ),
    ],
)
def test_reports_that_disagree(one: Any, two: Any, text: str) -> None:
    """Reports that were measured in different ways have no union until somebody says how it is measured."""
    with pytest.raises(Disagreement) as caught:
        settled([read_source("a.json", one), read_source("b.json", two)])
    assert str(caught.value) == text


def test_a_pinned_version() -> None:
    """Codes that a Graph version does not have do not count there; if they came all the same, they stand beyond."""
    (old,) = measure({"errors:131059": 1}, ["all-errors"], (), "v23.0").parts
    (new,) = measure({"errors:131059": 1}, ["all-errors"], (), "v24.0").parts
    assert [one.unit.name for one in old.beyond] == ["131059"]
    assert new.beyond == ()
    assert len(new.units) == len(old.units) + 1
    assert len(measure({}, ["all-errors"]).parts[0].units) == len(new.units)
    gone = {"134100", "134101", "134102", "134103", "132018", "131059"}
    older = {one.unit.name for one in measure({}, ["all-errors"], (), "v22.0").parts[0].units}
    assert older == {one.unit.name for one in new.units} - gone


def test_a_pin_is_told() -> None:
    """The table and the page say which Graph version they are of."""
    found = measure({}, ["statuses"], (), "v23.0")
    assert table(found)[-1] == "of what Graph v23.0 has"
    assert "0 of 4 were exercised, Graph v23.0, localwaba " in html(found)
    assert "Graph" not in html(measure({}, ["statuses"]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["text", "call", "POST", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
WHOLE = st.fixed_dictionaries({"method": st.sampled_from(["GET", "POST"]), "url": URLS}, optional={"postData": JSON})
EXCHANGE = st.fixed_dictionaries(
    {"request": WHOLE | JSON, "response": st.fixed_dictionaries({"status": JSON | st.just(200)}) | JSON}
)
ENTRY = st.fixed_dictionaries(
    {"n": JSON, "kind": st.sampled_from(["call", "event"])},
    optional=dict.fromkeys(("status", "operation", "request", "answer", "event", "data", "method", "path"), JSON),
)
CHANGE = st.fixed_dictionaries({"field": st.sampled_from(["messages", "security", "x"]), "value": JSON})
ENVELOPE = st.fixed_dictionaries(
    {
        "object": st.just("whatsapp_business_account"),
        "entry": JSON | st.lists(st.fixed_dictionaries({"changes": st.lists(CHANGE, max_size=2)}), max_size=2),
    }
)
HOOK = st.builds(
    lambda body: {
        "request": {"method": "POST", "url": "http://app/", "postData": {"text": json.dumps(body)}},
        "response": {"status": 200},
    },
    ENVELOPE,
)


@settings(max_examples=150, deadline=None)
@given(
    document=JSON
    | st.builds(lambda entries: {"log": {"entries": entries}}, st.lists(EXCHANGE | HOOK, max_size=3))
    | st.lists(ENTRY, max_size=3)
)
def test_whatever_a_file_holds(document: Any) -> None:
    """Any JSON at all is counted and judged, or is refused as unreadable; nothing breaks."""
    for read in (read_source, judge_document):
        with suppress(Unreadable):
            read("x.json", document)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"x": 1}, "x.json is no report of coverage, no HAR, and no journal, "
                   "which GET /_localwaba/journal and localwaba tail --json give"),
        (report({}) | {"counts": {"statuses:sent": -1}},
         "x.json is no report of coverage: Expected `int` >= 0 - at `$.counts[...]`"),
        (report({}) | {"graph_version": "new"},
         "x.json is no report of coverage: Expected `str` matching regex '^(v\\\\d+\\\\.\\\\d+)?$' - at "
         "`$.graph_version`"),
        ([send("text"), {"n": 2, "kind": "event", "event": "DeliveryQueued", "data": {}}],
         "x.json: entry 1 of the journal is none: Object missing required field `delivery`"),
        (report({}) | {"of": "statuses"},
         "x.json is no report of coverage: Expected `array`, got `str` - at `$.of`"),
        (report({}) | {"localwaba": "9.0", "counts": {"moods:happy": 1}},
         "x.json is of another localwaba, 9.0: nothing is known of moods:happy"),
        (report({}) | {"localwaba": "9.0", "of": ["moods"]},
         "x.json is of another localwaba, 9.0: nothing is known of moods"),
    ],
)  # fmt: skip
def test_unreadable(document: Any, text: str) -> None:
    """What cannot be counted is one clear line."""
    with pytest.raises(Unreadable) as caught:
        read_source("x.json", document)
    assert str(caught.value) == text
