"""The schema that editors hold scenario files against: it takes what the loader takes, refuses what that refuses."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import localwaba_scenarios
from localwaba.runtime.second_reading import mistakes_in
from localwaba_scenarios.loader import BadScenario, read
from localwaba_scenarios.nodes import parse
from localwaba_scenarios.reading import schema
from localwaba_scenarios.sentences import FORMS
from neighbours import load

LIBRARY = Path(localwaba_scenarios.__file__).parent / "library"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
seen: Any = load("contract/editors").as_editors_see_it
VALIDATOR = jsonschema_rs.validator_for(json.dumps(schema()))


STEPS = [step for step in re.findall(r"^\| `(.*?)` \|", PAGE, re.M) if " " in step or ":" in step]
HEAD = "name: x\nusers: [ana]\ntemplates: {order_update: {body: x}}\nsteps:\n"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(LIBRARY.glob("*.yaml"))}
TEXTS["steps of the page"] = HEAD + "".join(f"  - {step}\n" for step in STEPS if "file:" not in step)
DOCUMENTS = {name: seen(node) for name, text in TEXTS.items() for node in parse(text, name)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_wrong_rejections(name: str) -> None:
    """An editor finds nothing wrong with the library, nor with any step of the page."""
    assert [error.message[:300] for error in VALIDATOR.iter_errors(DOCUMENTS[name])] == []


def test_each_sentence_is_on_the_page() -> None:
    """So every sentence there is was held against the schema."""
    assert len(STEPS) == len(FORMS)


JUNK = [True, 5, -1, "5 s", "junk", "/x/", [], ["a"], {}, {"a": 1}, "", 1.5, [[1]], "read", "messages", 200]
WORDS = re.compile(
    "there is no (user|variable|file|variant|country|error code|type)|lies between|already|has to be known|"
    "is no (pattern|phone number)|stands here twice|each example names|a pattern ends|variables, here are"
)
"""What the schema does not say: what depends on another place of the file, on other files, on countries and codes."""
OF_FAULTS = re.compile(r"a fault of kind|match\.|when|is a whole number from \d+ to|is one of|status")


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands that could be something else."""
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*place, key)
            yield from places(value[key], (*place, key))


@st.composite
def slips(draw: st.DrawFn) -> Any:
    """A document of the library or the page, with one thing in it that is another, missing, misspelt or too much."""
    found = copy.deepcopy(DOCUMENTS[draw(st.sampled_from(sorted(DOCUMENTS)))])
    place = draw(
        st.sampled_from([one for one in places(found) if one[0] not in ("examples", "variables")] or [("name",)])
    )
    inside = found
    for key in place[:-1]:
        inside = inside[key]
    what = draw(st.sampled_from(["another", "missing", "misspelt", "too much"]))
    if what == "missing":
        del inside[place[-1]]
    elif what == "misspelt" and isinstance(inside, dict):
        inside[place[-1] + draw(st.sampled_from("sx "))] = inside.pop(place[-1])
    elif what == "too much" and isinstance(inside[place[-1]], dict):
        inside[place[-1]]["zzz"] = 1
    else:
        inside[place[-1]] = draw(st.sampled_from(JUNK))
    return found


@settings(max_examples=300, deadline=None, derandomize=True)
@given(slips())
def test_schema_and_loader_agree(document: Any) -> None:
    """What the loader refuses by shape, the schema refuses, and the other way round."""
    try:
        told = tuple(mistakes_in(read(json.dumps(document), "f")))
    except BadScenario as bad:
        told = bad.mistakes
    by_shape = [line for line in told if not WORDS.search(line)]
    is_taken = VALIDATOR.is_valid(document)
    if by_shape and not any(OF_FAULTS.search(line) for line in by_shape):
        assert not is_taken, by_shape
    if not told:
        assert is_taken, [error.message[:300] for error in VALIDATOR.iter_errors(document)]


def undescribed(value: Any, place: str = "") -> Iterator[str]:
    """The members that an editor has nothing to say of."""
    if isinstance(value, dict):
        members = value.get("properties")
        for name, one in members.items() if isinstance(members, dict) else ():
            target: Any = one
            if "description" not in one and "$ref" in one:
                target = schema()
                for part in one["$ref"].split("/")[1:]:
                    target = target[part]
            if "description" not in target:
                yield f"{place}/{name}"
        for name, one in value.items():
            yield from undescribed(one, f"{place}/{name}")
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from undescribed(one, f"{place}/{n}")


def test_everything_is_described() -> None:
    """Wherever an editor completes a member, it can say what the member is."""
    assert list(undescribed(schema())) == []


def test_names_with_letters_of_all_scripts() -> None:
    """A user may be called as people are; editors know no letters but a-z in \\\\w."""
    document = {"name": "x", "users": ["josé", "анна"], "steps": ["josé reads", {"анна says": "Hi"}]}
    assert VALIDATOR.is_valid(document)
    assert read(json.dumps(document, ensure_ascii=False))
    assert not VALIDATOR.is_valid(document | {"users": ["josé maria"]})
