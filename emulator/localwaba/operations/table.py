"""Operation ids of `routes.json` and the functions that imitate them."""

from __future__ import annotations

from localwaba.operations import messages
from localwaba.operations.call import Operation

OPERATIONS: dict[str, Operation] = {
    "send_message": messages.send_message,
}
