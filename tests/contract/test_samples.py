"""Every known shape of the field `messages` keeps its contract, and nothing can be missing from one unnoticed."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest

from localwaba_contracts.validate import findings, is_valid, violation
from localwaba_contracts.webhooks import NAMES, fields, variants, wanted

SAMPLES = variants("messages")
HOW = {"message", "action", "behaviour", "rule", ""}

# What may be left out, by its place; "*" stands for any place of a list. All else is required where it stands.
OPTIONAL = re.compile(
    r"""
    contacts\.\*\.(profile|wa_id|user_id|parent_user_id|identity_key_hash|profile\.(name|username))
    | conversation_context
    | messages\.\*\.(context|referral|from|from_user_id|from_parent_user_id|group_id|unsupported|interactive)
    | messages\.\*\.context\.(from|forwarded|frequently_forwarded|referred_product)
    | messages\.\*\.referral\.(body|headline|media_type|ctwa_clid|welcome_message|ref|thumbnail_url)
    | messages\.\*\.(edit\.message\.)?(image|video|audio|document|sticker)\.(caption|url|animated)
    | messages\.\*\.edit\.message\.context
    | messages\.\*\.location\.(address|name|url)
    | messages\.\*\.contacts\.\*\.(addresses|birthday|emails|name|org|phones|urls|vcard|origin)
    | messages\.\*\.contacts\.\*\.(addresses|emails|urls)\.\*\.\w+
    | messages\.\*\.contacts\.\*\.(org\.\w+|phones\.\*\.\w+|name\.(first|middle|last)_name|name\.(suffix|prefix))
    | messages\.\*\.reaction\.emoji
    | messages\.\*\.interactive\.(list_reply\.description|nfm_reply\.(body|name))
    | messages\.\*\.system\.(wa_id|parent_user_id|previous_user_id|previous_parent_user_id)
    | user_actions\.\*\.marketing_messages_link_click_data\.\w+
    | statuses\.\*\.(recipient_id|recipient_user_id|recipient_parent_user_id|parent_recipient_user_id|recipient_type)
    | statuses\.\*\.(recipient_participant_(user_)?id|participant_recipient_id|recipient_identity_key_hash)
    | statuses\.\*\.(biz_opaque_callback_data|template_id|conversation|pricing|contacts)
    | statuses\.\*\.conversation\.(expiration_timestamp|pricing)
    | statuses\.\*\.(conversation\.)?pricing\.(billable|type)
    | statuses\.\*\.payment\.(receipt|notes|notes\.table|udf1|additional_info1|refunds)
    | statuses\.\*\.payment\.(transaction\.(pg_transaction_id|method)|refunds\.\*\.(speed_processed|updated_timestamp))
    | (messages\.\*\.|statuses\.\*\.)?errors\.\*\.(href|details)
    """,
    re.VERBOSE,
)
OPTIONAL_HERE = {
    "image_not_fetched": {"messages.*.errors"},
    "interactive_not_rendered": {"errors"},
    "user_changed_number_2022": {"contacts"},
    "customer_identity_changed": {"contacts"},
}


def places(value: Any, path: tuple[Any, ...] = ()):
    """The path of every member of every object."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield (*path, key)
            yield from places(member, (*path, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from places(member, (*path, index))


def without(value: Any, path: tuple[Any, ...]) -> Any:
    """A copy with one member less."""
    found = deepcopy(value)
    holder = found
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return found


def spelled(path: tuple[Any, ...]) -> str:
    return ".".join("*" if isinstance(step, int) else step for step in path)


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_keeps_its_contract(name):
    """Both validators accept every known shape."""
    value = SAMPLES[name].filled()
    assert (violation("webhooks/messages", value), findings("webhooks/messages", value)) == (None, [])


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_required_is_missed(name):
    """A shape that lacks one member is refused, unless that member is listed as one that may be absent."""
    value = SAMPLES[name].filled()
    unnoticed = {spelled(path) for path in places(value) if is_valid("webhooks/messages", without(value, path))}
    here = OPTIONAL_HERE.get(name, set()) | ({"contacts"} if "statuses" in value else set())
    assert sorted(place for place in unnoticed - here if not OPTIONAL.fullmatch(place)) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_member_that_nobody_knows_is_refused(name):
    """No object of a shape takes a member that the platform does not send."""
    value = SAMPLES[name].filled()
    for path in [(), *places(value)]:
        changed = deepcopy(value)
        holder: Any = changed
        for step in path:
            holder = holder[step]
        if isinstance(holder, dict) and path[-1:] != ("notes",):
            holder["surprise"] = 1
            assert not is_valid("webhooks/messages", changed), spelled(path)


def test_what_is_said_of_a_sample():
    """Each has a name, a title, a source, a confidence, and a way to happen."""
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) and sample.title for name, sample in SAMPLES.items())
    assert all(sample.source and sample.confidence in ("M", "C", "U") for sample in SAMPLES.values())
    assert {sample.how for sample in SAMPLES.values()} == HOW


def test_placeholders_are_filled():
    """Nothing that is to be filled in remains, and what is given takes its place."""
    assert {name for sample in SAMPLES.values() for name in wanted(sample.value)} <= set(NAMES)
    assert not any(wanted(sample.filled()) for sample in SAMPLES.values())
    assert SAMPLES["text"].filled(wa_id="4915550001")["contacts"][0]["wa_id"] == "4915550001"
    with pytest.raises(KeyError):
        SAMPLES["text"].filled(waid="1")


def test_every_name_is_used():
    """Whatever samples can be about, one of them is."""
    known = (sample for field in ("messages", *(row.field for row in fields())) for sample in variants(field).values())
    assert {name for sample in known for name in wanted(sample.value)} - {"date", "month"} == set(NAMES)


def test_samples_are_copies():
    """Changing what was handed out changes nobody else's."""
    SAMPLES["text"].filled()["messages"].clear()
    variants("messages").clear()
    assert variants("messages")["text"].filled()["messages"]


def test_fields_without_samples():
    """A field that nobody knows has no variants, and says so by being empty."""
    assert variants("nothing") == {}
