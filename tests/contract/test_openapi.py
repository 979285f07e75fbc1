"""Meta's own OpenAPI file against the contracts; an extra, for machines that have it beside the repository."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from localwaba_contracts import routes
from localwaba_contracts.validate import message_contract, violation

BESIDE = Path(__file__).resolve().parents[3]
FOUND = next(BESIDE.glob("*/meta/business-messaging-api_v23.0.yaml"), None)
pytestmark = pytest.mark.skipif(FOUND is None, reason="Meta's OpenAPI file is not beside the repository")

PARAMETERS = {
    "Application-ID": "app_id",
    "Business-ID": "business_id",
    "Phone-Number-ID": "phone_number_id",
    "Media-ID": "media_id",
    "Media-URL": "media_url",
    "Message-History-ID": "message_history_id",
    "Migration-Intent-ID": "migration_intent_id",
    "Pre-Verified-Phone-Number-ID": "preverified_id",
    "Solution-ID": "solution_id",
    "User-ID": "user_id",
    "WhatsApp-Account-Number-ID": "account_number_id",
    "WhatsApp-Business-Account-ID": "waba_id",
    "WABA-ID": "waba_id",
    "Flow-ID": "flow_id",
    "OBO-Mobility-Intent-ID": "obo_mobility_intent_id",
    "TEMPLATE_ID": "template_id",
    "WABA-Bot-ID": "bot_id",
    "WhatsApp-Business-Profile-ID": "profile_id",
    "QR-Code-ID": "code",
}
FILLED = {"message": "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA", "origin": "https://example.com"}


@cache
def spec():
    return yaml.load(FOUND.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def checker():
    """The check beside the file, for its list of what has to be repaired in Meta's examples."""
    module_spec = importlib.util.spec_from_file_location("check", FOUND.with_name("check.py"))
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


def local_path(path):
    path = path.replace("/{Version}", "").replace("/whatsapp/webhooks", "/{callback_url}")
    return re.sub(r"\{([\w-]+)\}", lambda name: "{" + PARAMETERS.get(name[1], name[1]) + "}", path)


def test_routes_cover_every_operation():
    """Each of the 113 operations of the file has a route."""
    methods = ("get", "post", "delete", "put", "patch")
    listed = {
        (method.upper(), local_path(path))
        for path, item in spec()["paths"].items()
        for method in methods
        if method in item
    }
    assert len(listed) == 113
    assert listed - {(row.method, row.path) for row in routes()} == set()


def repaired(name, body):
    """An example after the repairs that the platform itself would demand."""
    text = json.dumps(body, ensure_ascii=False)
    for scope, pattern, replacement in checker().SUBSTITUTES:
        if scope in f"POST messages {name}":
            text = re.sub(pattern, replacement, text)
    return json.loads(re.sub("«(.+?)»", lambda place: FILLED.get(place[1], "15550001111"), text))


def test_every_message_example_passes():
    """The fifty messages that Meta shows keep the contracts."""
    path = "/{Version}/{Phone-Number-ID}/messages"
    cases = checker().Operation("post", path, spec()["paths"][path], spec()).cases()
    judged = {}
    for case in cases:
        message = repaired(case.name, case.body)
        judged[case.name] = violation(message_contract(message), message)
    assert len(cases) == 50
    assert {name: found for name, found in judged.items() if found} == {}
