"""What users do, as data: scenario files, their grammar, and a library to copy from."""

from __future__ import annotations

from localwaba_scenarios.model import Scenario, Step

__all__ = ["Scenario", "Step"]
