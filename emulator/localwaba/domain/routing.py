"""Which apps get a webhook, and at which URL."""

from __future__ import annotations

from localwaba.domain.model import App, Waba
from localwaba.domain.world import World

OVERRIDABLE = frozenset(
    {
        "messages",
        "message_echoes",
        "calls",
        "consumer_profile",
        "messaging_handovers",
        "group_lifecycle_update",
        "group_participants_update",
        "group_settings_update",
        "group_status_update",
        "smb_message_echoes",
        "smb_app_state_sync",
        "history",
        "account_settings_update",
    }
)
"""Fields that overrides apply to (Meta: webhook overrides, April 2026)."""

FIELDS = (
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_status_update",
    "business_username_updates",
    "calls",
    "consumer_profile",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "messaging_handovers",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "standby",
    "template_category_update",
    "template_correct_category_detection",
    "tracking_events",
    "user_id_update",
    "user_preferences",
)
"""Every field that an app can subscribe to."""

DASHBOARD = "0"
"""The account of the dashboard's tests, which go straight to every app's callback, subscribed or not (captured)."""


def subscribers(world: World, waba_id: str, field: str) -> list[App]:
    """The apps that are subscribed to the account and have ticked the field."""
    if waba_id == DASHBOARD:
        return [app for app in world.apps.values() if app.webhook is not None and app.webhook.active]
    waba = world.wabas.get(waba_id)
    if waba is None:
        return []
    found: list[App] = []
    for app_id in waba.subscribed:
        app = world.apps.get(app_id)
        if app is None or app.webhook is None or not app.webhook.active or field not in app.webhook.fields:
            continue
        if not app.in_development or world.policy.development_webhooks == "deliver":
            found.append(app)
    return found


def target(world: World, app_id: str, waba_id: str, phone_number_id: str, field: str) -> str | None:
    """Where a webhook of a field goes: the app's override for the number, for the account, or its callback."""
    app = world.apps.get(app_id)
    if waba_id == DASHBOARD:
        return app.webhook.url if app is not None and app.webhook is not None else None
    waba = world.wabas.get(waba_id)
    if app is None or app.webhook is None or waba is None or app_id not in waba.subscribed:
        return None
    if field in OVERRIDABLE:
        number = world.numbers.get(phone_number_id)
        if number is not None and number.overrides:
            own = number.overrides.get(app_id)
            if own is not None:
                return own.url
        override = _override(waba, app_id)
        if override:
            return override
    return app.webhook.url


def _override(waba: Waba, app_id: str) -> str:
    found = waba.subscribed.get(app_id)
    return found.url if found else ""
