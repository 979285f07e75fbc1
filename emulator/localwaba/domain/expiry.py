"""How long a message waits for its user; what is not delivered by then is dropped, and nobody is told."""

from __future__ import annotations

from localwaba.domain.clock import DAY, MINUTE, SECOND
from localwaba.domain.model import Template
from localwaba.domain.traffic import Message

LONGEST = 30 * DAY
_AUTHENTICATION = 10 * MINUTE
_SHORT_SINCE = 1_729_641_600_000  # 23 October 2024: authentication templates made before wait for 30 days


def lifetime(template: Template, *, lite: bool = False) -> int:
    """How long messages of a template wait, in milliseconds (Meta: time to live; -1 stands for 30 days).

    A time to live of a marketing template works by the Marketing Messages API (`lite`) only.
    """
    if (template.category == "MARKETING" and not lite) or template.ttl_seconds == -1:
        return LONGEST
    if template.ttl_seconds is not None:
        return template.ttl_seconds * SECOND
    if template.category == "AUTHENTICATION" and template.created_at >= _SHORT_SINCE:
        return _AUTHENTICATION
    return LONGEST


def expires_at(message: Message) -> int:
    """When a message is dropped unless it was delivered."""
    return message.expires_at or message.at + LONGEST
