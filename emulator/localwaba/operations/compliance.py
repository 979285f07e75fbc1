"""What businesses in India have to tell about themselves (`business_compliance_info`)."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain.errors import Refused, invalid_parameter
from localwaba.domain.events import Put
from localwaba.operations.call import SUCCESS, Answer, Call, missing
from localwaba.operations.viewing import view_of
from localwaba.wire.compliance import COMPLIANCE
from localwaba.wire.fields import read_fields
from localwaba.wire.nodes import render

_MEMBERS = (
    "entity_name",
    "entity_type",
    "entity_type_custom",
    "is_registered",
    "grievance_officer_details",
    "customer_care_details",
)


def get_business_compliance_info(call: Call) -> Answer:
    """`GET /{phone}/business_compliance_info`: one item, whose members are null until they are set."""
    shown = render(COMPLIANCE, view_of(call), call.world.numbers[call.node], read_fields(call.params.get("fields")))
    return Answer(body={"data": [shown]})


def update_business_compliance_info(call: Call) -> Answer:
    """`POST /{phone}/business_compliance_info`: all of it takes the place of what was there."""
    params, number = call.params, call.world.numbers[call.node]
    kind = str(params["entity_type"]).upper()
    if kind == "OTHER" and not params.get("entity_type_custom"):
        raise missing("entity_type_custom")
    if kind != "OTHER" and params.get("entity_type_custom"):
        raise _superfluous("entity_type_custom", "OTHER")
    if kind not in ("OTHER", "PARTNERSHIP") and "is_registered" in params:
        raise _superfluous("is_registered", "OTHER and PARTNERSHIP")
    given = {name: params[name] for name in _MEMBERS if name in params} | {"entity_type": kind}
    changed = replace(number, settings=number.settings | {"compliance": given})
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=changed)])


def _superfluous(member: str, kinds: str) -> Refused:
    return invalid_parameter(
        rule=f"compliance.{member}",
        why=f"{member} is for an entity_type of {kinds} only",
        fix=f"leave {member} out",
    )
