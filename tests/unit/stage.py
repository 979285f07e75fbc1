"""A world in which everything happens as it does on a server, consequences and webhooks included, without one."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain import inbound
from localwaba.domain.applying import apply
from localwaba.domain.consequences import follow
from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.events import Event, StatusReached
from localwaba.domain.model import Template
from localwaba.domain.policy import patch
from localwaba.domain.seeding import new_world
from localwaba.domain.traits import Traits
from localwaba.domain.world import restore, snapshot
from localwaba.operations import meta, user_actions
from localwaba.operations.call import Call
from localwaba.operations.happening import happen
from localwaba.operations.table import OPERATIONS
from localwaba.operations.users import meet
from localwaba.versions.table import traits_of
from localwaba.wire import webhooks

START = 1_790_000_000_000
BODY = "Hello {{1}}, your table is booked and we look forward to your visit."


class Stage:
    """Calls, users' actions and Meta's hand on one world with a clock; `told` are the webhooks, `failed` the codes."""

    def __init__(self, seed: int = 7, **policy: Any) -> None:
        self.world = new_world("test", seed, START)
        off: dict[str, Any] = {"messaging_limits": False, "pair_seconds": None, "throughput_standard": None}
        self.world.policy = patch(self.world.policy, off | policy)
        self.now = START
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.statuses: dict[str, list[str]] = {}
        self.refusals: dict[str, Refusal] = {}

    # what happens

    def happen(self, events: list[Event]) -> None:
        """Lets events happen, and what follows from them."""
        for event in events:
            apply(self.world, event)
            where = webhooks.notice(self.world, event)
            if where is not None and where.field != "messages":
                self.told.append((where.field, webhooks.value(self.world, event, Traits(version="v26.0"))))
            if isinstance(event, StatusReached) and not event.silent:
                self.statuses.setdefault(event.message_id, []).append(event.status)
                if event.refusal is not None:
                    self.refusals[event.message_id] = event.refusal
            self.happen(follow(self.world, event, self.world.ids()))

    def passes(self, milliseconds: int = 10_000) -> None:
        """Time passes; what is due happens."""
        until = self.now + milliseconds
        while (found := self.world.next_due()) is not None and found <= until:
            item = self.world.pop_due(until)[2]
            self.now = max(self.now, found)
            ids = self.world.ids()
            self.happen(happen(self.world, item, self.now, ids))
            self.world.drawn = max(ids.drawn, self.world.drawn)
        self.now = until

    def reloaded(self) -> None:
        """The world goes through its snapshot."""
        self.world = restore(snapshot(self.world))

    # who does it

    def call(self, operation: str, node: str, edge: str = "", **params: Any) -> Any:
        """The body that an operation answers."""
        world, ids = self.world, self.world.ids()
        call = Call(
            world=world,
            now=self.now,
            ids=ids,
            traits=traits_of("v26.0"),
            token=world.tokens[world.access_token],
            method="POST",
            path=f"/v26.0/{node}/{edge}",
            node=node,
            edge=edge,
            tail="",
            params=params,
            raw=b"",
            files={},
            base_url=world.base_url,
        )
        answer = OPERATIONS[operation](call)
        world.drawn = ids.drawn
        self.happen(answer.events)
        return answer.body

    def makes(self, name: str = "booked", category: str = "MARKETING", text: str = BODY, **more: Any) -> str:
        """The business makes a template; its id."""
        body = {"type": "BODY", "text": text}
        if "{{1}}" in text:
            body["example"] = {"body_text": [["Ana"]]}
        given = {"name": name, "language": "en_US", "category": category, "components": [body]} | more
        return str(self.call("create_template", self.world.waba_id, "message_templates", **given)["id"])

    def approved(self, name: str = "booked", category: str = "MARKETING", **more: Any) -> str:
        """A template that has passed its review; nothing that was told of it is kept."""
        template_id = self.makes(name, category, **more)
        self.passes()
        self.told.clear()
        return template_id

    def sends(self, name: str = "booked", to: str = "16505551234") -> Any:
        """The business sends a template; the answer's message."""
        template = next(one for one in self.world.templates.values() if one.name == name)
        parameters = [{"type": "text", "text": "Ana"}] if b"{{1}}" in template.components else []
        components = [{"type": "body", "parameters": parameters}] if parameters else []
        sent = {"name": name, "language": {"code": template.language}, "components": components}
        answer = self.call(
            "send_message",
            self.world.phone_number_id,
            "messages",
            messaging_product="whatsapp",
            to=to,
            type="template",
            template=sent,
        )
        return answer["messages"][0]

    def delivers(self, count: int, name: str = "booked", first: int = 0) -> list[str]:
        """Templates reach so many users; their ids."""
        users = [f"1650555{number:04}" for number in range(first, first + count)]
        for user in users:
            self.sends(name, user)
        self.passes()
        return users

    def does(self, wa_id: str, action: str, **options: Any) -> dict[str, Any]:
        """A user does something."""
        ids = self.world.ids()
        user, events = meet(self.world, self.now, wa_id, lambda _: "Ana")
        self.happen(list(events))
        deed = user_actions.act(self.world, ids, self.now, user, {"action": action, **options})
        self.world.drawn = ids.drawn
        self.happen(deed.events)
        return deed.result

    def writes(self, wa_id: str, text: str = "hi") -> None:
        """A user writes, which opens the window."""
        ids = self.world.ids()
        user, events = meet(self.world, self.now, wa_id, lambda _: "Ana")
        self.happen(list(events))
        content = {"type": "text", "text": {"body": text}}
        happened = inbound.receive(self.world, ids, self.now, user, self.world.phone_number_id, content)[1]
        self.world.drawn = ids.drawn
        self.happen(happened)

    def judges(self, template_id: str, **changes: Any) -> None:
        """Meta changes a template."""
        self.happen(meta.patch_template(self.world, self.now, template_id, changes))

    def rates(self, **changes: Any) -> None:
        """Meta changes the number."""
        self.happen(meta.patch_number(self.world, self.now, self.world.phone_number_id, changes))

    def turns(self, **knobs: Any) -> None:
        """Some knobs are turned."""
        self.world.policy = patch(self.world.policy, knobs)

    # what can be seen

    def template(self, template_id: str) -> Template:
        return self.world.templates[template_id]

    def refused(self, *arguments: Any, **options: Any) -> Refusal:
        """Why a send is refused at once."""
        try:
            self.sends(*arguments, **options)
        except Refused as refused:
            return refused.refusal
        raise AssertionError("the send was taken")

    def outcome(self, message: Any) -> tuple[list[str], int | None]:
        """The statuses of a message, and the code with which it failed."""
        refusal = self.refusals.get(message["id"])
        return self.statuses.get(message["id"], []), refusal.code if refusal else None

    def events(self, field: str = "message_template_status_update") -> list[str]:
        """What was told of templates: events, or new scores, or new categories."""
        names = {"message_template_status_update": "event", "message_template_quality_update": "new_quality_score"}
        key = names.get(field, "new_category")
        return [value[key] for where, value in self.told if where == field]


def same(one: Any, other: Any) -> bool:
    """Whether two worlds are the same, as their snapshots say."""
    return msgspec.json.encode(one) == msgspec.json.encode(other)
