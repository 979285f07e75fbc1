"""Ready faults for what really goes wrong, each with the public reports that motivate it."""

from __future__ import annotations

from localwaba.operations.fault_preset import Preset
from localwaba.operations.fault_presets_accounts import OF_ACCOUNTS
from localwaba.operations.fault_presets_calls import OF_CALLS
from localwaba.operations.fault_presets_deliveries import DELIVERIES
from localwaba.operations.fault_presets_messages import OF_MESSAGES
from localwaba.operations.fault_presets_modes import MODES
from localwaba.operations.fault_presets_statuses import OF_STATUSES

PRESETS: dict[str, Preset] = {**MODES, **DELIVERIES, **OF_STATUSES, **OF_MESSAGES, **OF_ACCOUNTS, **OF_CALLS}
"""All presets by name; modes first."""
