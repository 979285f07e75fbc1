"""Hypothesis strategies for whatever goes between an app and WhatsApp.

`from pytest_localwaba import strategies as wa`, then `wa.users()`, `wa.sends()`, `wa.webhooks(secret)` and so on. All
of it keeps its contract, or breaks exactly what it says it breaks; all of it shrinks towards the plainest example.
"""

from __future__ import annotations

from pytest_localwaba.strategies.broken import broken_read_receipts, broken_sends
from pytest_localwaba.strategies.broken_template_definitions import broken_templates
from pytest_localwaba.strategies.broken_template_messages import broken_template_sends
from pytest_localwaba.strategies.errors import Broken, ErrorAnswer, MetaError, error_answers
from pytest_localwaba.strategies.inbound import INBOUND_TYPES, inbound_contents, inbound_messages, message_values
from pytest_localwaba.strategies.interactive import INTERACTIVE
from pytest_localwaba.strategies.people import (
    ANA,
    Person,
    countries,
    dialled_numbers,
    names,
    phone_numbers,
    user_ids,
    users,
)
from pytest_localwaba.strategies.sends import TYPES as SEND_TYPES
from pytest_localwaba.strategies.sends import read_receipts, sends
from pytest_localwaba.strategies.shapes import field_values, message_shapes
from pytest_localwaba.strategies.statuses import NASTY, highest, nasty_status_sequences, status_sequences
from pytest_localwaba.strategies.template_sends import template_sends, templates_with_sends
from pytest_localwaba.strategies.templates import KINDS as TEMPLATE_KINDS
from pytest_localwaba.strategies.templates import templates
from pytest_localwaba.strategies.webhooks import (
    Conversation,
    Turn,
    Webhook,
    conversations,
    webhook,
    webhooks,
)
from pytest_localwaba.strategies.words import links, message_ids, texts

__all__ = [
    "ANA",
    "INBOUND_TYPES",
    "INTERACTIVE",
    "NASTY",
    "SEND_TYPES",
    "TEMPLATE_KINDS",
    "Broken",
    "Conversation",
    "ErrorAnswer",
    "MetaError",
    "Person",
    "Turn",
    "Webhook",
    "broken_read_receipts",
    "broken_sends",
    "broken_template_sends",
    "broken_templates",
    "conversations",
    "countries",
    "dialled_numbers",
    "error_answers",
    "field_values",
    "highest",
    "inbound_contents",
    "inbound_messages",
    "links",
    "message_ids",
    "message_shapes",
    "message_values",
    "names",
    "nasty_status_sequences",
    "phone_numbers",
    "read_receipts",
    "sends",
    "status_sequences",
    "template_sends",
    "templates",
    "templates_with_sends",
    "texts",
    "user_ids",
    "users",
    "webhook",
    "webhooks",
]
