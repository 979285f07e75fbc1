"""The budgets of calls at the Graph edge: what a call uses, and the headers that tell how much is used."""

from __future__ import annotations

from localwaba.domain import budgets
from localwaba.domain.model import Token
from localwaba.http.headers import Header, account_usage, app_usage
from localwaba.http.ports import Host

BUDGET_CODES = frozenset({4, 80007})


def charge(host: Host, token: Token, node: str, edge: str) -> None:
    """Counts a call, unless it is a message or its file; refused with 4 or 80007 beyond a budget."""
    world = host.world
    if edge in budgets.FREE_EDGES and not world.policy.app_calls:
        return
    counted = budgets.charge(world, token.app_id, node, edge, host.now())
    if counted is not None:
        host.commit([counted], world.ids())


def usage(host: Host, app_id: str, node: str) -> Header:
    """The header of an answer: of an account where the call had to do with one, else of the app."""
    world = host.world
    if not node:
        return app_usage(budgets.app_usage(world, app_id, host.now()))
    waba_id = budgets.account_of(world, node) or world.waba_id
    return account_usage(waba_id, *budgets.account_usage(world, app_id, waba_id, host.now()))
