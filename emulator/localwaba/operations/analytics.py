"""Figures of an account as edges; the same are pseudo-fields of the account itself."""

from __future__ import annotations

from localwaba.operations.call import Answer, Call
from localwaba.wire import analytics
from localwaba.wire.paging import page


def get_template_analytics(call: Call) -> Answer:
    """`GET /{waba}/template_analytics`."""
    waba = call.world.wabas[call.node]
    found = analytics.template_analytics(call.world, waba, call.params, call.now)
    url = f"{call.base_url}/{call.traits.version}/{call.node}/{call.edge}"
    access_token = call.token.id if call.token else ""
    body = page(found, {}, url, call.traits, key=lambda one: str(one["product_type"]), access_token=access_token)
    return Answer(body=body)


def get_pricing_analytics(call: Call) -> Answer:
    """`GET /{waba}/pricing_analytics`."""
    waba = call.world.wabas[call.node]
    return Answer(body=analytics.pricing_analytics(call.world, waba, call.params, call.now))


def get_conversation_analytics(call: Call) -> Answer:
    """`GET /{waba}/conversation_analytics`."""
    waba = call.world.wabas[call.node]
    return Answer(body=analytics.conversation_analytics(call.world, waba, call.params, call.now))
