"""The data files themselves: complete, portable, and read only when somebody asks."""

from __future__ import annotations

import re
import subprocess
import sys

import msgspec
import pytest
from jsonschema import Draft202012Validator

from localwaba_contracts import registry
from localwaba_contracts.checks import CHECKS
from localwaba_contracts.validate import findings

KEYWORDS = {
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "title",
    "type",
    "enum",
    "const",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "items",
    "minItems",
    "maxItems",
    "required",
    "properties",
    "minProperties",
    "additionalProperties",
    "dependentRequired",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "x-source",
    "x-confidence",
    "x-refusal",
    "x-check",
    "x-names",
}
REFUSAL = {"code", "subcode", "details", "message", "grammar", "param", "fix"}
GRAMMARS = {"required", "uri", "media_id", "phone_number"}
SCHEMAS = {place: msgspec.json.decode(raw) for place, raw in registry.raw_schemas().items()}


def subschemas(schema):
    """A schema and every schema within it."""
    if isinstance(schema, dict):
        yield schema
        for keyword in ("properties", "$defs"):
            for member in schema.get(keyword, {}).values():
                yield from subschemas(member)
        for keyword in ("items", "not", "if", "then", "else", "additionalProperties"):
            yield from subschemas(schema.get(keyword))
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield from subschemas(part)


@pytest.mark.parametrize("place", SCHEMAS)
def test_schema_uses_known_keywords_only(place):
    """A keyword that nobody reads is a typing error, and fails here."""
    assert {key for part in subschemas(SCHEMAS[place]) for key in part} <= KEYWORDS


@pytest.mark.parametrize("place", SCHEMAS)
def test_schema_says_what_it_is(place):
    """Each file has the address of its place, a title, a source and a confidence, and is itself valid."""
    schema = SCHEMAS[place]
    assert schema["$id"] == f"{registry.BASE}{place}.json"
    assert all(schema[key] for key in ("title", "x-source"))
    assert schema["x-confidence"] in {"M", "C", "U"}
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("place", SCHEMAS)
def test_refusals_name_keywords_that_are_there(place):
    """A refusal for a keyword that the schema lacks would never be given."""
    for part in subschemas(SCHEMAS[place]):
        for keyword, refusal in part.get("x-refusal", {}).items():
            assert keyword.partition(".")[0] in part
            assert set(refusal) <= REFUSAL
            assert refusal.get("grammar", "uri") in GRAMMARS
            assert registry.find_error(refusal.get("code", 100), refusal.get("subcode"))


def test_checks_are_those_that_schemas_name():
    """Every check that a schema names exists, and none exists for nothing."""
    named = {name for schema in SCHEMAS.values() for part in subschemas(schema) for name in part.get("x-check", ())}
    assert named == set(CHECKS)


@pytest.mark.parametrize("place", SCHEMAS)
def test_patterns_mean_the_same_to_both_validators(place):
    """Classes whose meaning differs between regex engines are not used, and `$` stands at the end only."""
    for part in subschemas(SCHEMAS[place]):
        pattern = part.get("pattern", "")
        assert not re.search(r"\\[dwsbDWSB]", pattern)
        re.compile(pattern)


@pytest.mark.parametrize("name", registry.names())
@pytest.mark.parametrize("version", ["", "v23.0", "v22.0", "v20.0"])
def test_references_resolve(name, version):
    """Whatever a contract refers to is there, in each version."""
    for part in subschemas(registry.schema(name, version)):
        assert not part.get("$ref", "").startswith("/")
    findings(name, {"messaging_product": "whatsapp"}, version)


def test_version_folder_holds_what_was_before():
    """A contract that changed is found as it was for old versions and as it is for new ones."""
    old, new = (registry.schema("answers/phone_number", version) for version in ("v23.0", "v24.0"))
    assert old["properties"]["whatsapp_business_manager_messaging_limit"] is False
    assert new["properties"]["messaging_limit_tier"] is False
    assert registry.schema("answers/phone_number") == new
    assert registry.located("requests/messages/text", "v19.0") == "requests/messages/text"


def test_schema_is_a_copy():
    """Changing what was handed out changes nobody else's."""
    registry.schema("answers/success")["title"] = "changed"
    assert registry.schema("answers/success")["title"] == "It is done"


def test_unknown_contract_is_a_key_error():
    """A name that is no contract fails at once."""
    with pytest.raises(KeyError):
        registry.schema("requests/messages/telegram")


def test_import_is_light():
    """Importing the package, or even the judge, loads no validator."""
    program = "import localwaba_contracts.validate, sys; print({'jsonschema', 'jsonschema_rs'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "set()"
