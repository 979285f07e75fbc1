"""`POST /{phone_number}/marketing_messages`: marketing templates by the Marketing Messages API, once MM Lite."""

from __future__ import annotations

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import refuse
from localwaba.domain.model import PhoneNumber, Template
from localwaba.operations.call import Answer, Call
from localwaba.operations.messages import take
from localwaba.operations.template_sends import check_cloud_api

STRICT = "STRICT"


def send_marketing_message(call: Call) -> Answer:
    """Takes a template of category MARKETING for a user; whatever a send can be refused for holds here, too."""
    if str(call.params.get("type") or "text").lower() != "template":
        raise refuse(
            100,
            "Message must be a template message.",
            message="Invalid parameter",
            rule="type",
            why=f"messages of type {call.params.get('type', 'text')!r} cannot go by the Marketing Messages API",
            fix="send it by POST /{phone}/messages",
        )
    return take(call, _admit)


def _admit(call: Call, number: PhoneNumber, template: Template) -> bool:
    """Whether a template goes this way, and not by the Cloud API after all; 134100, 134101, 134102."""
    policy = call.world.policy
    if template.category != "MARKETING":
        raise refuse(
            call.traits.marketing_only_code,
            rule="template category",
            why=f"{template.name} is a template of category {template.category}",
            fix="send it by POST /{phone}/messages",
        )
    if policy.marketing_messages_onboarding != "ONBOARDED":
        if str(call.params.get("product_policy") or "").upper() != STRICT:
            return check_cloud_api(call, number, template)
        raise refuse(
            134102,
            rule="product_policy",
            why=f"the account is {policy.marketing_messages_onboarding}, and STRICT allows no way but this",
            fix="turn the knob marketing_messages_onboarding to ONBOARDED, or send CLOUD_API_FALLBACK",
        )
    synced_at = max(template.created_at, template.updated_at) + int(policy.marketing_sync_seconds * SECOND)
    if call.now < synced_at:
        raise refuse(
            134101,
            rule="template sync",
            why=f"{template.name} was changed {(call.now - template.updated_at) // SECOND} s ago",
            fix=f"wait {-(-(synced_at - call.now) // SECOND)} s, or turn the knob marketing_sync_seconds to 0",
        )
    return True
