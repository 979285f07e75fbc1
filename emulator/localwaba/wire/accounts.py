"""A WhatsApp Business Account, its business, its apps and whom a token stands for, as nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localwaba.domain.model import App, Business, Override, PhoneNumber, Template, Waba
from localwaba.domain.world import World
from localwaba.wire import analytics
from localwaba.wire.fields import Field
from localwaba.wire.health import health_status
from localwaba.wire.nodes import ABSENT, Kind, Reader, View, render
from localwaba.wire.paging import page
from localwaba.wire.phone_numbers import PHONE_NUMBER
from localwaba.wire.templates import TEMPLATE

_GONE = frozenset({"DELETED", "PENDING_DELETION"})


def numbers_of(world: World, waba_id: str) -> list[PhoneNumber]:
    """An account's numbers, the one that was onboarded last first."""
    found = [number for number in world.numbers.values() if number.waba_id == waba_id]
    return sorted(found, key=lambda number: number.onboarded_at, reverse=True)


def templates_of(world: World, waba_id: str) -> list[Template]:
    """An account's templates but for those that are deleted, newest first."""
    found = [one for one in world.templates.values() if one.waba_id == waba_id and one.status not in _GONE]
    return found[::-1]


def app_link(app_id: str) -> str:
    """An app's link as Graph gives it, whatever the app is."""
    return f"https://www.facebook.com/games/?app_id={app_id}"


def subscribed_apps(view: View, waba: Waba) -> list[dict[str, Any]]:
    """The apps that get an account's webhooks, each with its override if it has one."""
    return [_subscribed(view.world.apps[id], override) for id, override in waba.subscribed.items()]


def _subscribed(app: App, override: Override | None) -> dict[str, Any]:
    data = {"id": app.id, "link": app_link(app.id), "name": app.name}
    found: dict[str, Any] = {"whatsapp_business_api_data": data}
    return found | {"override_callback_uri": override.url} if override else found


def _business(view: View, waba: Waba) -> Business:
    return view.world.businesses[waba.business_id]


def _owner(view: View, waba: Waba, field: Field) -> Any:
    business = _business(view, waba)
    return {"name": business.name, "id": business.id}


def _on_behalf_of(view: View, waba: Waba, field: Field) -> Any:
    business = _business(view, waba)
    return {"name": business.name, "id": business.id, "status": "APPROVED", "type": "SELF"}


def _health(view: View, waba: Waba, field: Field) -> Any:
    return health_status(view.world, view.app_id, waba, now=view.now)


def _setting(name: str, default: Any = ABSENT) -> Reader:
    return lambda view, waba, field: waba.settings.get(name, default)


def _phone_numbers(view: View, waba: Waba, field: Field) -> Any:
    return page(
        numbers_of(view.world, waba.id),
        dict(field.modifiers),
        f"{view.url}/{waba.id}/phone_numbers",
        view.traits,
        render=lambda number: render(PHONE_NUMBER, view, number, field.selection),
        access_token=view.access_token,
    )


def _message_templates(view: View, waba: Waba, field: Field) -> Any:
    return page(
        templates_of(view.world, waba.id),
        dict(field.modifiers),
        f"{view.url}/{waba.id}/message_templates",
        view.traits,
        render=lambda template: render(TEMPLATE, view, template, field.selection),
        access_token=view.access_token,
    )


def _figures(
    read: Callable[[World, Waba, Mapping[str, Any], int], Any],
) -> Reader:
    return lambda view, waba, field: read(view.world, waba, dict(field.modifiers), view.now)


def _template_figures(view: View, waba: Waba, field: Field) -> Any:
    found = analytics.template_analytics(view.world, waba, dict(field.modifiers), view.now)
    url = f"{view.url}/{waba.id}/template_analytics"
    return page(found, {}, url, view.traits, key=lambda one: str(one["product_type"]), access_token=view.access_token)


def _wabas(name: str) -> Reader:
    def read(view: View, business: Business, field: Field) -> Any:
        owned = [waba for waba in view.world.wabas.values() if waba.business_id == business.id]
        return page(
            owned if name.startswith("owned") else [],
            dict(field.modifiers),
            f"{view.url}/{business.id}/{name}",
            view.traits,
            render=lambda waba: render(ACCOUNT, view, waba, field.selection),
            access_token=view.access_token,
        )

    return read


def _onboarding(view: View, waba: Waba, field: Field) -> str:
    return view.world.policy.marketing_messages_onboarding


ACCOUNT = Kind(
    node_type="WhatsAppBusinessAccount",
    default=("id", "name", "timezone_id", "message_template_namespace"),
    fields={
        "id": lambda view, waba, field: waba.id,
        "name": lambda view, waba, field: waba.name,
        "timezone_id": lambda view, waba, field: waba.timezone_id,
        "message_template_namespace": lambda view, waba, field: waba.namespace,
        "currency": lambda view, waba, field: waba.currency,
        "country": lambda view, waba, field: waba.country,
        "status": lambda view, waba, field: waba.status,
        "account_review_status": lambda view, waba, field: waba.review_status,
        "business_verification_status": lambda view, waba, field: _business(view, waba).verification_status,
        "ownership_type": lambda view, waba, field: "SELF",
        "owner_business": _owner,
        "owner_business_info": _owner,
        "on_behalf_of_business_info": _on_behalf_of,
        "primary_business_location": lambda view, waba, field: waba.country,
        "health_status": _health,
        "is_enabled_for_insights": _setting("is_enabled_for_insights", False),
        "marketing_messages_onboarding_status": _onboarding,
        "marketing_messages_lite_api_status": _onboarding,
        "disable_marketing_messages_on_cloud_api": _setting("disable_marketing_messages_on_cloud_api", False),
        "template_auto_archival_enabled": _setting("template_auto_archival_enabled", False),
        "degrees_of_freedom_spec": _setting("degrees_of_freedom_spec"),
        "whatsapp_business_manager_messaging_limit": lambda view, waba, field: _business(view, waba).messaging_limit,
    },
    edges={
        "phone_numbers": _phone_numbers,
        "message_templates": _message_templates,
        "subscribed_apps": lambda view, waba, field: {"data": subscribed_apps(view, waba)},
        "analytics": _figures(analytics.message_analytics),
        "conversation_analytics": _figures(analytics.conversation_analytics),
        "pricing_analytics": _figures(analytics.pricing_analytics),
        "template_analytics": _template_figures,
    },
    gates={"whatsapp_business_manager_messaging_limit": lambda traits: not traits.messaging_limit_tier},
    known=frozenset(
        {
            "primary_funding_id",
            "purchase_order_number",
            "creation_time",
            "auth_international_rate_eligibility",
            "audiences",
            "dcc_config",
        }
    ),
    gaps=frozenset(
        {
            "template_group_analytics",
            "call_analytics",
            "group_analytics",
            "assigned_users",
            "flows",
            "schedules",
            "activities",
            "solutions",
        }
    ),
)

BUSINESS = Kind(
    node_type="Business",
    default=("id", "name"),
    fields={
        "id": lambda view, business, field: business.id,
        "name": lambda view, business, field: business.name,
        "timezone_id": lambda view, business, field: business.timezone_id,
        "verification_status": lambda view, business, field: business.verification_status,
        "whatsapp_business_manager_messaging_limit": lambda view, business, field: business.messaging_limit,
    },
    edges={
        "owned_whatsapp_business_accounts": _wabas("owned_whatsapp_business_accounts"),
        "client_whatsapp_business_accounts": _wabas("client_whatsapp_business_accounts"),
    },
    gates={"whatsapp_business_manager_messaging_limit": lambda traits: not traits.messaging_limit_tier},
    known=frozenset({"created_time", "updated_time", "link", "primary_page", "profile_picture_uri", "vertical"}),
)

APP = Kind(
    node_type="Application",
    default=("name", "id"),
    fields={
        "id": lambda view, app, field: app.id,
        "name": lambda view, app, field: app.name,
        "link": lambda view, app, field: app_link(app.id),
        "category": lambda view, app, field: "Business",
    },
    known=frozenset({"namespace", "icon_url", "logo_url", "description", "company", "app_domains"}),
)

USER = Kind(
    node_type="User",
    default=("name", "id"),
    fields={
        "id": lambda view, token, field: token.user_id,
        "name": lambda view, token, field: (
            "Localhost System User" if token.kind == "SYSTEM_USER" else "Localhost Person"
        ),
    },
    known=frozenset({"email", "first_name", "last_name", "picture", "client_business_id"}),
)
