"""A WhatsApp Business Account and the business that owns it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.errors import refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.markets import NO_INSIGHTS
from localwaba.domain.model import Waba
from localwaba.operations.call import SUCCESS, Answer, Call
from localwaba.operations.viewing import show, show_page
from localwaba.wire.accounts import ACCOUNT, BUSINESS

_SETTINGS = (
    "is_enabled_for_insights",
    "disable_marketing_messages_on_cloud_api",
    "template_auto_archival_enabled",
    "degrees_of_freedom_spec",
)


def get_waba(call: Call) -> Answer:
    """`GET /{waba}`."""
    return show(call, ACCOUNT, call.world.wabas[call.node])


def update_waba(call: Call) -> Answer:
    """`POST /{waba}`: answers the id where insights are enabled, which cannot be undone, else success (A13)."""
    params, waba = call.params, call.world.wabas[call.node]
    if params.get("is_enabled_for_insights") is False and waba.settings.get("is_enabled_for_insights"):
        raise refuse(200006, rule="waba.insights", why="insights cannot be disabled once they are enabled")
    if params.get("is_enabled_for_insights"):
        _check_insights(call, waba)
    settings: dict[str, Any] = waba.settings | {name: params[name] for name in _SETTINGS if name in params}
    changed = replace(
        waba,
        name=str(params.get("name") or waba.name),
        timezone_id=str(params.get("timezone_id") or waba.timezone_id),
        settings=settings,
    )
    events: list[Event] = [] if changed == waba else [Put(at=call.now, thing=changed)]
    body: Any = {"id": waba.id} if params.get("is_enabled_for_insights") else SUCCESS
    return Answer(body=body, events=events)


def _check_insights(call: Call, waba: Waba) -> None:
    """Refuses insights where Meta has none: the European Union and Japan (200005)."""
    numbers = (one.country for one in call.world.numbers.values() if one.waba_id == waba.id)
    unsupported = sorted({waba.country, *numbers} & NO_INSIGHTS)
    if unsupported:
        why = f"no insights for accounts or numbers of {', '.join(unsupported)} (European Union and Japan)"
        raise refuse(200005, rule="waba.insights", why=why)


def get_business(call: Call) -> Answer:
    """`GET /{business}`."""
    return show(call, BUSINESS, call.world.businesses[call.node])


def list_owned_wabas(call: Call) -> Answer:
    """`GET /{business}/owned_whatsapp_business_accounts`."""
    owned = [waba for waba in call.world.wabas.values() if waba.business_id == call.node]
    return show_page(call, ACCOUNT, owned)


def list_onbehalf_requests(call: Call) -> Answer:
    """`GET /{waba}/in_progress_onbehalf_request`: nobody asks to manage an account of a world."""
    return show_page(call, ACCOUNT, [])


def list_credit_lines(call: Call) -> Answer:
    """`GET /{business}/extendedcredits`: a business of a world pays by itself."""
    return show_page(call, BUSINESS, [])


def list_connected_client_businesses(call: Call) -> Answer:
    """`GET /{app}/connected_client_businesses`: an app of a world has its own business and no clients."""
    return show_page(call, BUSINESS, [])


def list_client_wabas(call: Call) -> Answer:
    """`GET /{business}/client_whatsapp_business_accounts`: nobody shares an account with a world's business."""
    return show_page(call, ACCOUNT, [])
