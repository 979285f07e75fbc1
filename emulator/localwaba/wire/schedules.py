"""A schedule of an account, as an item of their list."""

from __future__ import annotations

from localwaba.wire.nodes import ABSENT, Kind, Reader

_GIVEN = (
    "id",
    "name",
    "schedule_type",
    "description",
    "start_time",
    "end_time",
    "timezone",
    "days_of_week",
    "is_active",
    "recurrence_pattern",
)


def _given(name: str) -> Reader:
    return lambda view, one, field: one.get(name, ABSENT)


SCHEDULE = Kind(
    node_type="WhatsAppBusinessSchedule",
    default=(*_GIVEN[:2], "status", *_GIVEN[2:], "created_time", "updated_time"),
    fields={
        **{name: _given(name) for name in _GIVEN},
        "status": lambda view, one, field: "ACTIVE" if one["is_active"] else "INACTIVE",
        "created_time": lambda view, one, field: view.date(one["created_at"]),
        "updated_time": lambda view, one, field: view.date(one["created_at"]),
    },
)
