"""The known shapes of a field, by name, about the people and messages of a world."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.ids import Ids, derive, derive_number
from localwaba.domain.inbound import new_user
from localwaba.domain.model import PhoneNumber, User
from localwaba.domain.world import World
from localwaba.operations.mistakes import Mistake, nearest
from localwaba_contracts.samples import PLACEHOLDERS, samples


def named_sample(world: World, now: int, field: str, number: PhoneNumber, name: str) -> dict[str, Any]:
    """One shape of a field, filled with the number, the first user and the last messages of this world."""
    known = samples(field)
    if name not in known:
        if not known:
            raise Mistake(f"no shapes of {field} are listed by name: give a value")
        raise Mistake(f"{field} has no variant {name!r}{nearest(name, known)}")
    return known[name].filled(**_ids(world, now, number, name))


def _ids(world: World, now: int, number: PhoneNumber, name: str) -> dict[str, str]:
    """What stands for what; ids of messages are new ones where the world has none that would do."""
    user = next(iter(world.users.values()), None) or _somebody(world)
    ids = Ids(int.from_bytes(derive(world.seed, f"sample {name} {now} {len(world.messages)}", 7), "big"))
    sent = [one.id for one in world.messages.values() if one.outbound and one.wa_id == user.wa_id][-1:]
    written = [one.id for one in world.messages.values() if not one.outbound and one.wa_id == user.wa_id][-1:]
    last_sent = sent[0] if sent else ids.wamid(user.wa_id, outbound=True)
    moved = derive_number(world.seed, f"moved {user.wa_id}", 16)
    return {
        "display_phone_number": number.digits,
        "phone_number_id": number.id,
        "wa_id": user.wa_id,
        "user_id": user.user_id,
        "name": user.name or PLACEHOLDERS["name"],
        "username": user.username or PLACEHOLDERS["username"],
        "new_user_id": f"{user.user_id[:2]}.{moved}",
        "timestamp": str(now // SECOND),
        "media_id": next(reversed(world.media), PLACEHOLDERS["media_id"]),
        "message_id": ids.wamid(user.wa_id, outbound=False),
        "second_id": ids.wamid("16505551111", outbound=False),
        "first_id": written[0] if written else ids.wamid(user.wa_id, outbound=False),
        "quoted_id": last_sent,
        "sent_id": last_sent,
        "call_id": "wacid." + ids.wamid(user.wa_id, outbound=False).removeprefix("wamid."),
    }


def _somebody(world: World) -> User:
    wa_id = PLACEHOLDERS["wa_id"]
    return new_user(world.seed, wa_id, "US", PLACEHOLDERS["name"])
