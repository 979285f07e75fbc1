"""What the checks send: pure, new in each run, and as Meta would send it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.operations.checks import catalogue
from localwaba.operations.checks.judging import refused
from localwaba.operations.checks.model import Check, Request, Scene
from localwaba.operations.checks.payloads import PEOPLE, person
from localwaba.operations.checks.sources import link_of
from localwaba.wire.signature import matches
from localwaba_contracts import webhooks
from localwaba_contracts.validate import violation

SCENE = Scene(
    run="a run",
    host="127.0.0.1:8000",
    target="/webhook?tenant=1",
    secret=b"secret",
    verify_token="token",
    waba_id="102290129340398",
    phone_number_id="106540352242922",
    digits="15550783881",
    seed=0,
    now=1_790_000_000_000,
    own=("wamid.b25l", "wamid.dHdv"),
)
BY_NAME = {check.name: check for check in catalogue.CHECKS}
NOT_SIGNED = {"signature-garbage", "other-methods", *(one.name for one in catalogue.CHECKS if one.judge is refused)}
LISTED = tuple(one for one in catalogue.CHECKS if one.group in ("messages", "statuses", "fields"))
INVENTED = {
    f"shape-{name}"
    for name in (
        "empty-entries",
        "empty-messages",
        "empty-statuses",
        "failed-without-errors",
        "status-unknown",
        "status-unknown-members",
        "text-without-contacts",
        "text-without-name",
        "unknown-field",
        "unknown-members",
        "unknown-object",
        "unknown-type",
    )
}
"""What Meta does not send today: an app should not break on it all the same."""
SIGNED = [one for one in catalogue.CHECKS if one.name not in NOT_SIGNED]


def sent(check: Check, scene: Scene = SCENE) -> tuple[Request, ...]:
    """All requests of a check."""
    slot = catalogue.CHECKS.index(check)
    return tuple(one for step in check.script(replace(scene, slot=slot)) for one in step.requests)


def changes(request: Request) -> list[dict[str, Any]]:
    """What a webhook tells."""
    return [one for entry in json.loads(request.body).get("entry", []) for one in entry.get("changes", [])]


def test_every_check_can_be_named_and_explained() -> None:
    """Names are unique; each rule is a sentence, each check has a source and tries something."""
    assert len(BY_NAME) == len(catalogue.CHECKS)
    for check in catalogue.CHECKS:
        assert check.rule[0].isupper(), check.name
        assert check.rule.endswith("."), check.name
        assert check.sources, check.name
        assert sent(check), check.name


def test_scripts_are_pure() -> None:
    """The same scene gives the same bytes, so that a finding can be told and sent again."""
    for check in catalogue.CHECKS:
        assert [one.raw for one in sent(check)] == [one.raw for one in sent(check)]


def test_each_run_has_ids_and_users_of_its_own() -> None:
    """An app that remembers the ids of the last run does not take a new run for duplicates."""
    again = replace(SCENE, run="another run")
    greeting = BY_NAME["answer-200"]
    (first,), (second,) = sent(greeting), sent(greeting, again)
    ids = [changes(one)[0]["value"]["messages"][0]["id"] for one in (first, second)]
    assert ids[0] != ids[1]
    assert first.user != second.user


def test_no_two_checks_share_a_user() -> None:
    """What the app sends belongs to one check; the numbers are reserved for fiction, so nobody real is written to."""
    numbers = [
        person(replace(SCENE, slot=slot), place).wa_id
        for slot in range(len(catalogue.CHECKS))
        for place in range(PEOPLE)
    ]
    assert len(set(numbers)) == len(numbers)
    assert {number[4:9] for number in numbers} == {"55501"}
    assert not any(number.startswith("1555") for number in numbers)


@pytest.mark.parametrize(
    "check", [one for one in catalogue.CHECKS if one.name not in NOT_SIGNED], ids=lambda one: one.name
)
def test_webhooks_are_signed_over_their_bytes(check: Check) -> None:
    """Each POST has the right signature over its bytes and is no longer than Meta allows."""
    for request in sent(check):
        headers = dict(request.headers)
        if request.method == "POST":
            assert matches(headers["X-Hub-Signature-256"], SCENE.secret, request.body)
            assert len(request.body) <= 3_000_000
            assert request.target == SCENE.target


@pytest.mark.parametrize("check", [one for one in catalogue.CHECKS if one.judge is refused], ids=lambda one: one.name)
def test_forged_webhooks_are_forged(check: Check) -> None:
    """No webhook that an app has to refuse carries a signature of its bytes that counts."""
    for request in sent(check):
        assert not matches(dict(request.headers).get("X-Hub-Signature-256", ""), SCENE.secret, request.body)


@pytest.mark.parametrize("check", [one for one in LISTED if one.name not in INVENTED], ids=lambda one: one.name)
def test_shapes_keep_their_contracts(check: Check) -> None:
    """What an app is asked to take is what Meta may send: each value keeps the contract of its field."""
    for request in sent(check):
        for change in changes(request):
            contract = webhooks.contract_of(change["field"])
            assert contract is not None
            assert violation(contract, change["value"]) is None


def test_every_field_and_shape_is_tried() -> None:
    """All listed samples of all fields are sent."""
    names = {check.name for check in LISTED}
    assert {f"shape-{name.replace('_', '-')}" for name in webhooks.variants("messages")} <= names
    for row in webhooks.fields():
        assert len(row.variants) == (len(sent(BY_NAME[f"field-{row.field}"])) if row.variants else 0)


def test_big_webhooks_are_as_big_as_they_say() -> None:
    """The biggest body has three million bytes, the batch a thousand updates."""
    assert [len(one.body) for one in sent(BY_NAME["big-bodies"])] == [131_072, 1_228_800, 3_000_000]
    values = [change["value"] for change in changes(sent(BY_NAME["batch-of-1000"])[0])]
    assert sum(len(value.get("statuses", ())) + len(value.get("messages", ())) for value in values) == 1000


def test_handshakes_keep_the_query_of_the_url() -> None:
    """Parameters are appended to what the URL has, and a + in its path arrives as a space, as from Meta."""
    request = sent(BY_NAME["handshake-echo"], replace(SCENE, target="/a+b?tenant=1"))[0]
    assert request.target.startswith("/a%20b?tenant=1&hub.mode=subscribe&hub.challenge=")


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("david-lev/pywa#229", "https://github.com/david-lev/pywa/issues/229"),
        ("RFC 9112", "https://www.rfc-editor.org/rfc/rfc9112"),
        ("captured webhook, 2026", ""),
        (
            "Meta: webhooks/create-webhook-endpoint#validate-payloads",
            "https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/"
            "create-webhook-endpoint/#validate-payloads",
        ),
    ],
)
def test_sources_lead_somewhere(source: str, link: str) -> None:
    """Pages of Meta, reports and RFCs are links; what is told in words is none."""
    assert link_of(source) == link


def test_checks_are_chosen_by_name_beginning_and_group() -> None:
    """`only` and `skip` take a name, what names begin with, or a group; a word that means nothing is refused."""
    assert {one.name for one in catalogue.chosen(("burst",))} == {"burst"}
    assert {one.group for one in catalogue.chosen(("handshake",))} == {"handshake"}
    assert {one.group for one in catalogue.chosen(("not for the app",))} == {"not for the app"}
    assert "shape-sent" in {one.name for one in catalogue.chosen(("statuses",), ("shape-read",))}
    assert "shape-read" not in {one.name for one in catalogue.chosen(("statuses",), ("shape-read",))}
    with pytest.raises(ValueError, match="brust"):
        catalogue.chosen(("brust",))
