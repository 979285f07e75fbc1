"""The one value that is the state of a world."""

from __future__ import annotations

from heapq import heappop
from typing import Any

import msgspec

from localwaba.domain.account_state import Standing
from localwaba.domain.agenda import Due
from localwaba.domain.billing_state import Billing
from localwaba.domain.fault_state import Armed, FaultRecord
from localwaba.domain.ids import Ids
from localwaba.domain.limits_state import Limits
from localwaba.domain.model import (
    App,
    Business,
    CallPermission,
    Flow,
    Group,
    Media,
    PhoneCall,
    PhoneNumber,
    PreverifiedNumber,
    QrCode,
    Solution,
    Template,
    Token,
    UploadSession,
    User,
    Waba,
)
from localwaba.domain.policy import Policy
from localwaba.domain.quality_state import QualityState
from localwaba.domain.traffic import Delivery, Message, Pair


class World(msgspec.Struct, kw_only=True):
    """Everything that one world knows; tables are keyed by id, pairs by `number:wa_id`.

    `nodes` says of each Graph id what it is. `finished` holds, oldest first, the messages of which nothing more
    will be told: they are what retention may drop, and `dropped` counts it. `delivered` counts webhooks that an app
    took, `abandoned` those that were given up, `ailing` says since when an app has not taken one. `standings` has the
    accounts that Meta has something against, and no others.
    """

    name: str
    seed: int
    created_at: int
    policy: Policy = Policy()
    drawn: int = 0
    sequence: int = 0
    app_id: str = ""
    business_id: str = ""
    waba_id: str = ""
    phone_number_id: str = ""
    catalog_id: str = ""
    access_token: str = ""
    base_url: str = "http://127.0.0.1:4080"
    apps: dict[str, App] = {}
    businesses: dict[str, Business] = {}
    wabas: dict[str, Waba] = {}
    numbers: dict[str, PhoneNumber] = {}
    preverified: dict[str, PreverifiedNumber] = {}
    tokens: dict[str, Token] = {}
    templates: dict[str, Template] = {}
    template_names: dict[str, dict[str, str]] = {}
    flows: dict[str, Flow] = {}
    media: dict[str, Media] = {}
    uploads: dict[str, UploadSession] = {}
    users: dict[str, User] = {}
    user_ids: dict[str, str] = {}
    messages: dict[str, Message] = {}
    pairs: dict[str, Pair] = {}
    groups: dict[str, Group] = {}
    call_permissions: dict[str, CallPermission] = {}
    calls: dict[str, PhoneCall] = {}
    qr_codes: dict[str, QrCode] = {}
    solutions: dict[str, Solution] = {}
    deliveries: dict[str, Delivery] = {}
    nodes: dict[str, str] = {}
    limits: Limits = msgspec.field(default_factory=Limits)
    agenda: list[Due] = []
    scheduled: int = 0
    finished: list[str] = []
    settled_deliveries: list[str] = []
    delivered: int = 0
    abandoned: int = 0
    ailing: dict[str, int] = {}
    dropped: dict[str, int] = {}
    notes: dict[str, Any] = {}
    faults: dict[str, Armed] = {}
    fault_record: FaultRecord = msgspec.field(default_factory=FaultRecord)
    standings: dict[str, Standing] = {}
    quality: QualityState = msgspec.field(default_factory=QualityState)
    billing: Billing = msgspec.field(default_factory=Billing)

    def ids(self) -> Ids:
        """The source of this world's next ids."""
        return Ids(self.seed, self.drawn)

    def next_due(self) -> int | None:
        """When the next item of the agenda is due."""
        return self.agenda[0][0] if self.agenda else None

    def pop_due(self, now: int) -> Due | None:
        """Takes the next item whose time has come."""
        if self.agenda and self.agenda[0][0] <= now:
            return heappop(self.agenda)
        return None

    def pair(self, phone_number_id: str, wa_id: str) -> Pair:
        """What a number and a user have in common; an empty pair for strangers."""
        return self.pairs.get(f"{phone_number_id}:{wa_id}") or _STRANGERS


_STRANGERS = Pair()


def image(world: World) -> bytes:
    """A world as JSON, in a moment; two images of equal worlds may differ in what they leave out."""
    return msgspec.json.encode(world)


def snapshot(world: World) -> bytes:
    """A world as JSON with every member; equal worlds give equal bytes."""
    return msgspec.json.encode(_whole(world))


def _whole(value: Any) -> Any:
    """A value with the members that encoding would leave out: it drops defaults by identity, not by value."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        members: dict[str, Any] = {} if config.tag is None else {str(config.tag_field): config.tag}
        for name in value.__struct_fields__:
            member = getattr(value, name)
            if member is not msgspec.UNSET:
                members[name] = _whole(member)
        return members
    if isinstance(value, dict):
        return {key: _whole(member) for key, member in value.items()}
    return [_whole(member) for member in value] if isinstance(value, (list, tuple)) else value


def restore(raw: bytes) -> World:
    """A world out of its snapshot; `msgspec.ValidationError` for anything else."""
    return msgspec.json.decode(raw, type=World)
