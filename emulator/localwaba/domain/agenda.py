"""What will happen later: items with a due time, in the world's own heap."""

from __future__ import annotations

import msgspec


class _Item(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="item"):
    """Something that is to be decided when its time has come."""


class DispatchMessage(_Item, frozen=True):
    """A message that was accepted leaves Meta's servers, or fails."""

    message_id: str


class ReachStatus(_Item, frozen=True):
    """A message that was sent gets to its next status."""

    message_id: str
    status: str


class AnswerMessage(_Item, frozen=True):
    """A user answers a message of the business, as their behaviour says."""

    message_id: str


class ReviewTemplate(_Item, frozen=True):
    """A template's review ends; void if the template was edited (`stamp`) since."""

    template_id: str
    stamp: int


class UnpauseTemplate(_Item, frozen=True):
    """A template's pause ends; void if something else became of it since it began (`stamp`)."""

    template_id: str
    stamp: int


class RetryDelivery(_Item, frozen=True):
    """A webhook that was not acknowledged is tried again."""

    delivery_id: str


class ExpireMedia(_Item, frozen=True):
    """A media id ends its life."""

    media_id: str


Item = DispatchMessage | ReachStatus | AnswerMessage | ReviewTemplate | UnpauseTemplate | RetryDelivery | ExpireMedia
Due = tuple[int, int, Item]
"""When, in which order among equals, and what."""
