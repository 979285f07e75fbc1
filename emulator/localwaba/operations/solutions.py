"""Multi-partner solutions: offered by an app to another, accepted or rejected, ended by both."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.errors import Refused, invalid_parameter
from localwaba.domain.events import Event, Put
from localwaba.domain.model import Solution
from localwaba.operations.announcements import announced
from localwaba.operations.call import Answer, Call
from localwaba.operations.viewing import show, show_page, view_of
from localwaba.wire.nodes import render
from localwaba.wire.solutions import SOLUTION

_PARTNERSHIP, _DEACTIVATION = "PENDING_ACTIVATION", "PENDING_DEACTIVATION"


def create_solution(call: Call) -> Answer:
    """`POST /{app}/whatsapp_business_solution`: the partner may be an app of somebody else."""
    partner = call.text("partner_app_id")
    if partner == call.node:
        raise _refused("partner_app_id", "an app cannot be its own partner", "name another app")
    solution = Solution(
        id=call.ids.number(16),
        app_id=call.node,
        name=call.text("solution_name"),
        partner_app_id=partner,
        owner_permissions=tuple(call.params["owner_permissions"]),
        partner_permissions=tuple(call.params["partner_permissions"]),
        created_at=call.now,
    )
    return Answer(body={"solution_id": solution.id}, events=_put(call, solution, "SOLUTION_CREATED"))


def list_app_solutions(call: Call) -> Answer:
    """`GET /{app}/whatsapp_business_solutions`: those that it owns or is the partner in, or only some by `role`."""
    role = call.text("role", "").upper()
    found = [
        one
        for one in call.world.solutions.values()
        if (one.app_id == call.node and role != "PARTNER") or (one.partner_app_id == call.node and role != "OWNER")
    ]
    return show_page(call, SOLUTION, found)


def list_waba_solutions(call: Call) -> Answer:
    """`GET /{waba}/solutions`: the active ones of the apps that are subscribed to the account."""
    apps = call.world.wabas[call.node].subscribed
    found = [one for one in call.world.solutions.values() if one.app_id in apps and one.status == "ACTIVE"]
    return show_page(call, SOLUTION, found)


def get_solution(call: Call) -> Answer:
    """`GET /{solution}`."""
    return show(call, SOLUTION, call.world.solutions[call.node])


def accept_solution(call: Call) -> Answer:
    """`POST /{solution}/accept`: on behalf of the partner, which is named; the solution is active."""
    solution = _waiting(call, _PARTNERSHIP)
    _check_partner(call, solution)
    body: dict[str, Any] = {
        "solution_id": solution.id,
        "partner_status": "ACCEPTED",
        "success": True,
        "update_time": view_of(call).date(call.now),
    }
    return Answer(body=body, events=_put(call, replace(solution, status="ACTIVE", pending="NONE")))


def reject_solution(call: Call) -> Answer:
    """`POST /{solution}/reject`: the offer, or the wish to end the solution."""
    request = call.text("request_type")
    is_offer = request == "PARTNERSHIP_REQUEST"
    solution = _waiting(call, _PARTNERSHIP if is_offer else _DEACTIVATION)
    _check_partner(call, solution)
    body: dict[str, Any] = {"success": True, "solution_id": solution.id, "rejected_request_type": request}
    if "partner_app_id" in call.params:
        body["partner_app_id"] = solution.partner_app_id
    status = "REJECTED" if is_offer else solution.status
    return Answer(body=body, events=_put(call, replace(solution, status=status, pending="NONE")))


def request_solution_deactivation(call: Call) -> Answer:
    """`POST /{solution}/send_deactivation_request`: an active solution is to end, once the other side agrees."""
    solution = call.world.solutions[call.node]
    if solution.status != "ACTIVE" or solution.pending != "NONE":
        raise _not_so(solution, "only an active solution can end, and only once")
    request_id = f"deactivation_req_{call.ids.number(10)}"
    body = {"success": True, "message": "Deactivation request submitted successfully", "request_id": request_id}
    return Answer(body=body, events=_put(call, replace(solution, pending=_DEACTIVATION)))


def accept_solution_deactivation(call: Call) -> Answer:
    """`POST /{solution}/accept_deactivation_request`: the solution has ended."""
    return _answered(call, "DEACTIVATED")


def reject_solution_deactivation(call: Call) -> Answer:
    """`POST /{solution}/reject_deactivation_request`: the solution goes on."""
    if call.params["reject_deactivation_request"] is not True:
        raise _refused("reject_deactivation_request", "it is not true", "send true, or accept the request")
    return _answered(call, "ACTIVE")


def _answered(call: Call, status: str) -> Answer:
    changed = replace(_waiting(call, _DEACTIVATION), status=status, pending="NONE")
    return Answer(body=render(SOLUTION, view_of(call), changed), events=_put(call, changed))


def _put(call: Call, solution: Solution, event: str = "SOLUTION_UPDATED") -> list[Event]:
    """The solution as it is now, and the webhook of it."""
    status = _DEACTIVATION if solution.pending == _DEACTIVATION else solution.status
    value = {"event": event, "solution_id": solution.id, "solution_status": status}
    told = announced(call.world, call.now, "partner_solutions", value)
    return [Put(at=call.now, thing=solution), told]


def _waiting(call: Call, pending: str) -> Solution:
    solution = call.world.solutions[call.node]
    if solution.pending != pending:
        raise _not_so(solution, f"nothing is {pending}")
    return solution


def _check_partner(call: Call, solution: Solution) -> None:
    partner = call.params.get("partner_app_id")
    if partner is not None and str(partner) != solution.partner_app_id:
        why = f"the partner of this solution is {solution.partner_app_id}, not {partner}"
        raise _refused("partner_app_id", why, f"send {solution.partner_app_id}")


def _not_so(solution: Solution, why: str) -> Refused:
    return _refused("status", f"{why}: it is {solution.status}, {solution.pending}", "GET /{solution} first")


def _refused(member: str, why: str, fix: str) -> Refused:
    return invalid_parameter(rule=f"solution.{member}", why=why, fix=fix)
