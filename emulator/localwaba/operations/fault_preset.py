"""What a preset is: ready faults for something that really goes wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

SENDS = {"operation": "send_message"}
INBOUND = {"direction": "inbound"}
HOUR = 3_600
DAY = 24 * HOUR
FAQ = "Meta: calling FAQ (delivery is not exactly once, and not in order)"
BSUID = "Meta: business-scoped user ids"
STATUSES = "Meta: status webhooks"


class Preset(NamedTuple):
    """Faults as they are posted.

    `reports` are public threads on GitHub, pages of Meta that announce it, or captured traffic that shows it.
    `shown_by` is what has to happen for it to be seen. `anomaly` is the number of what it makes happen in the table of
    anomalies, 0 for none. `is_mode`: a plain way of disorder, rather than a story.
    """

    text: str
    reports: tuple[str, ...]
    faults: tuple[dict[str, Any], ...]
    shown_by: str = "any webhook"
    anomaly: int = 0
    is_mode: bool = False


def reshaped(how: str, **match: Any) -> tuple[dict[str, Any], ...]:
    """The fault of a preset that is one shape and nothing else."""
    fault: dict[str, Any] = {"kind": "reshape", "how": how}
    return (fault | ({"match": match} if match else {}),)
