"""A state machine that plays users, networks and Meta against an app, and tells the shortest story that breaks it."""

from __future__ import annotations

from pytest_localwaba.machine import invariants
from pytest_localwaba.machine.checking import check_integration
from pytest_localwaba.machine.happenings import HAPPENINGS
from pytest_localwaba.machine.history import History, Sent, Step, Told, Written
from pytest_localwaba.machine.invariants import Invariant
from pytest_localwaba.machine.machine import IntegrationMachine

__all__ = [
    "HAPPENINGS",
    "History",
    "IntegrationMachine",
    "Invariant",
    "Sent",
    "Step",
    "Told",
    "Written",
    "check_integration",
    "invariants",
]
