"""Every sample of a webhook goes through pywa's own parser, where pywa has a type for its field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from localwaba.wire.encoding import encode
from localwaba.wire.webhooks import envelope
from localwaba_contracts.webhooks import NAMES, NOW, Sample, fields, samples

pywa = pytest.importorskip("pywa")

from pywa import WhatsApp, handlers, types  # noqa: E402
from pywa.types.base_update import RawUpdate  # noqa: E402

pytestmark = pytest.mark.consumer

KNOWN: dict[str, tuple[str, ...]] = {
    "account_update": ("AccountUpdate",),
    "calls": ("CallConnect", "CallTerminate", "CallStatus"),
    "message_template_components_update": ("TemplateComponentsUpdate",),
    "message_template_quality_update": ("TemplateQualityUpdate",),
    "message_template_status_update": ("TemplateStatusUpdate",),
    "smb_message_echoes": ("OutgoingMessage", "OutgoingEditedMessage", "OutgoingDeletedMessage"),
    "template_category_update": ("TemplateCategoryUpdate",),
    "user_preferences": ("UserMarketingPreferences",),
}
"""Fields that pywa 4.5 has types for."""

UNKNOWN = (
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "automatic_events",
    "business_capability_update",
    "business_status_update",
    "business_username_updates",
    "consumer_profile",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "messaging_handovers",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "standby",
    "template_correct_category_detection",
    "tracking_events",
    "user_id_update",
)
"""Fields that pywa hands to `on_raw_update` only."""

UNREAD: dict[tuple[str, str], str] = {
    ("account_update", "certificate needed"): "an event that it does not know",
    ("account_update", "restriction of calling"): "needs an expiration, which Meta leaves out",
    ("account_update", "restriction without end"): "needs an expiration, which Meta leaves out",
    ("account_update", "verified"): "an event that it does not know",
    ("calls", "call over SIP"): "no type",
    ("calls", "recording"): "no type",
    ("calls", "transcript"): "no type",
    ("message_template_status_update", "disabled in 2021"): "needs a number for a date, which was a text in 2021",
    ("smb_message_echoes", "without contacts"): "needs contacts, which captured bodies lack",
}
"""Variants of known fields that pywa 4.5 does not read, and why."""


@pytest.fixture(scope="module")
def wa() -> Iterator[WhatsApp]:
    session = httpx.Client(trust_env=False)
    yield WhatsApp(
        phone_id=str(NAMES["phone_number_id"]),
        token="EAA",
        session=session,
        server=Starlette(),
        verify_token="x",
        validate_updates=False,
        waba_id=str(NAMES["waba_id"]),
        api_version=26.0,
    )
    session.close()


def arrived(sample: Sample) -> RawUpdate:
    """The webhook with a sample as it comes over the wire."""
    body = envelope(str(NAMES["waba_id"]), sample.field, sample.value, NOW if sample.timed else None)
    return RawUpdate(encode(body), hmac_header=None, update_hash="x")


def read(wa: WhatsApp, raw: RawUpdate) -> Any:
    """What pywa makes of a webhook."""
    handler: Any = wa._get_handler_type(raw)
    return handler._update.from_update(client=wa, update=raw)


def named(sample: Sample) -> str:
    return f"{sample.field}: {sample.variant}"


def test_the_tables_are_whole() -> None:
    """Each field is in one of the two tables, in the one where pywa has it."""
    assert sorted([*KNOWN, *UNKNOWN]) == [row.field for row in fields()]
    assert {*handlers.Handler._handled_fields()} - {"messages"} == {*KNOWN}


@pytest.mark.parametrize("sample", [one for one in samples() if one.field in KNOWN], ids=named)
def test_pywa_reads_it(wa: WhatsApp, sample: Sample) -> None:
    """pywa finds a type for it and makes an update, without a warning of words that it does not know."""
    raw = arrived(sample)
    if (sample.field, sample.variant) in UNREAD:
        with pytest.raises((KeyError, ValueError, AttributeError, Warning)):
            read(wa, raw)
        return
    assert type(read(wa, raw)).__name__ in KNOWN[sample.field]


@pytest.mark.parametrize("sample", [one for one in samples() if one.field in UNKNOWN], ids=named)
def test_pywa_passes_it_by(wa: WhatsApp, sample: Sample) -> None:
    """What pywa has no type for disturbs it in no way; its raw update has field and value."""
    raw = arrived(sample)
    assert wa._get_handler_type(raw) is None
    assert (raw.field, raw.value) == (sample.field, sample.value)
    assert issubclass(types.RawUpdate, dict)
