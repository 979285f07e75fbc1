"""A world as `GET /_localwaba/world` tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from localwaba.operations.faults import show_faults

if TYPE_CHECKING:
    from localwaba.runtime.host import WorldHost


def describe(host: WorldHost) -> dict[str, Any]:
    """Everything that an app or a test needs to know of a world."""
    world = host.world
    app = world.apps[world.app_id]
    number = world.numbers[world.phone_number_id]
    return {
        "world": world.name,
        "app_id": app.id,
        "app_secret": app.secret,
        "verify_token": app.webhook.verify_token if app.webhook else "localwaba-verify-token",
        "access_token": world.access_token,
        "business_id": world.business_id,
        "waba_id": world.waba_id,
        "phone_number_id": number.id,
        "display_phone_number": number.digits,
        "graph_url": world.base_url,
        "catalog_id": world.catalog_id,
        "verification_code": number.verification_code,
        "seed": world.seed,
        "clock": host.clock(),
        "webhook": {"url": app.webhook.url, "fields": list(app.webhook.fields)} if app.webhook else None,
        "policy": msgspec.to_builtins(world.policy),
        "faults": show_faults(world),
        "counts": {
            "messages": len(world.messages),
            "deliveries": len(world.deliveries),
            "pending": len(world.agenda),
            "journal": host.entries.count,
            "delivered": world.delivered,
            "abandoned": world.abandoned,
            "dropped": {**world.dropped, "journal": host.entries.dropped},
        },
    }
