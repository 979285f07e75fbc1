"""Hypothesis strategies for whatever goes between an app and WhatsApp.

`from pytest_localwaba import strategies as wa`, then `wa.users()`, `wa.sends()`, `wa.broken_sends()` and so on. All of it
keeps its contract, or breaks exactly what it says it breaks.
"""

from __future__ import annotations

from pytest_localwaba.strategies.broken import broken_sends
from pytest_localwaba.strategies.broken_templates import broken_template_sends, broken_templates
from pytest_localwaba.strategies.errors import Broken, MetaError
from pytest_localwaba.strategies.interactive import INTERACTIVE
from pytest_localwaba.strategies.people import (
    Person,
    countries,
    dialled_numbers,
    names,
    phone_numbers,
    user_ids,
    users,
)
from pytest_localwaba.strategies.sends import MEDIA, TYPES, read_receipts, sends
from pytest_localwaba.strategies.templates import KINDS as TEMPLATE_KINDS
from pytest_localwaba.strategies.templates import template_sends, templates, templates_with_sends
from pytest_localwaba.strategies.words import links, message_ids, texts

__all__ = [
    "INTERACTIVE",
    "MEDIA",
    "TEMPLATE_KINDS",
    "TYPES",
    "Broken",
    "MetaError",
    "Person",
    "broken_sends",
    "broken_template_sends",
    "broken_templates",
    "countries",
    "dialled_numbers",
    "links",
    "message_ids",
    "names",
    "phone_numbers",
    "read_receipts",
    "sends",
    "template_sends",
    "templates",
    "templates_with_sends",
    "texts",
    "user_ids",
    "users",
]
