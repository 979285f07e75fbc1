"""A scenario as values: who takes part, what they do, what is expected. Nothing here runs.

Times are seconds. A `Later` is a text with names in it that only get their values while the scenario is played.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WITHIN = 5.0
"""How long something that is expected may take, in real seconds, where a step does not say."""
SILENCE = 0.5
"""For how long nothing may come where nothing is expected, in real seconds."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a text, as in `${ana.number}`, whose value is known when the scenario is played."""

    name: str


@dataclass(frozen=True, slots=True)
class Later:
    """A text with names in it."""

    parts: tuple[str | Name, ...]

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in self.parts)


Text = str | Later


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that is searched; `flags` are letters out of `ims`."""

    source: Text
    flags: str = ""


Wanted = Any
"""What a value has to be: a Text, Pattern, number, boolean or None; a mapping whose members have to be there, among
others; a tuple with as many items, in this order."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message on a phone: the last one that is like this, or one before it that is, `earlier` so many back.

    `by` is `app` or `user`. What is None may be anything.
    """

    text: Wanted = None
    type: str | None = None
    by: str | None = None
    earlier: int = 0
    reacted: bool = False


LAST_OF_APP = Quoted(by="app")
REACTED_TO = Quoted(by="app", reacted=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a scenario; `sentence` and `argument` are what is shown of it."""

    place: Place
    sentence: str
    argument: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sends(Step):
    """A user sends a message, as in Meta's webhook without `id`, `from` and `timestamp`."""

    user: str
    message: Mapping[str, Any]
    quotes: Quoted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendsFile(Step):
    """A user sends a file, or a small valid sample of that kind. `members` are the caption and the like."""

    user: str
    kind: str
    file: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    quotes: Quoted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taps(Step):
    """A user taps a button or picks a row, named by its title or its id; or, unless it `works`, would like to."""

    user: str
    title: Text
    of: Quoted | None = None
    works: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts(Step):
    """A user does what has a name of its own, such as sending a contact card: a method of `localwaba.User`."""

    user: str
    deed: str
    given: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing(Step):
    """The user's phone shows that the business is typing."""

    user: str
    within: float = WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsIn(Step):
    """A user fills in the last flow that the app has sent, and sends it."""

    user: str
    response: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacts(Step):
    """A user reacts to a message, by default the last one of the app; with an empty emoji takes it back."""

    user: str
    emoji: Text
    to: Quoted = LAST_OF_APP


@dataclass(frozen=True, slots=True, kw_only=True)
class Does(Step):
    """A user does something besides writing: an action of the control API."""

    user: str
    action: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies(Step):
    """The app sends a user a message that is as wanted, and that quotes another one."""

    user: str
    wanted: Mapping[str, Wanted]
    quotes: Quoted | None = None
    within: float = WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Step):
    """The app sends a user nothing for so many real seconds, nor has it since its last expected message."""

    user: str
    within: float = SILENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMessage(Step):
    """The last message to a user, or of a user, is or becomes as wanted."""

    user: str
    outbound: bool
    wanted: Mapping[str, Wanted]
    within: float = WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Fails(Step):
    """The app is told one of these codes: by a refused call, or by a `failed` status."""

    codes: tuple[int, ...]
    within: float = WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectCall(Step):
    """The app has made a Graph call that is as wanted: at least once, or exactly `times`."""

    wanted: Mapping[str, Wanted]
    times: int | None = None
    within: float = WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectWebhook(Step):
    """The app has got a webhook that is as wanted: at least once, or exactly `times`."""

    wanted: Mapping[str, Wanted]
    times: int | None = None
    within: float = WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectTemplate(Step):
    """A template is, or becomes, as wanted."""

    template: str
    wanted: Mapping[str, Wanted]
    within: float = WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectNumber(Step):
    """The business number is, or becomes, as wanted."""

    wanted: Mapping[str, Wanted]
    within: float = WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsApp(Step):
    """Somebody calls the app, as its own jobs or pages would; without `status` any 2xx will do."""

    method: str
    path: Text
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesTemplate(Step):
    """Meta changes a template."""

    template: Text
    language: str | None
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesNumber(Step):
    """Meta changes the business number: its rating, its limit, its status."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announces(Step):
    """Meta sends the webhook of a field; a valid sample without a value, that of a variant if one is named."""

    field: str
    variant: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats(Step):
    """Meta delivers a webhook once more: the last one of a field, or the one with the last message of a user."""

    field: str = "messages"
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes(Step):
    """The world's time passes."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Step):
    """Knobs of the platform are turned."""

    knobs: Mapping[str, Any]
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Step):
    """A fault is armed; None: all are disarmed."""

    fault: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user: a number in any dialled form, or a new one of a country. `behaviour` is the control API's.

    `places` says where in the file each member stands.
    """

    key: str
    place: Place
    name: str
    country: str = "US"
    number: str | None = None
    username: str | None = None
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template that the account has before the scenario begins; one that is there already stays as it is."""

    place: Place
    name: str
    language: str
    category: str
    components: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario, ready to be played. `example` is the row that it was filled with.

    `clock` is the time at which it begins and stands still, or `real`; without one, a Monday morning. `version` is the
    Graph version of the app's webhooks. Unless it is `strict`, calls that are refused without being expected are fine.
    """

    name: str
    place: Place
    steps: tuple[Step, ...]
    users: tuple[Person, ...] = ()
    templates: tuple[Template, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, str] = field(default_factory=dict)
    policy: Rule | None = None
    clock: str | None = None
    seed: int = 0
    version: str | None = None
    strict: bool = True

    @property
    def title(self) -> str:
        """Its name, and the example that it was filled with."""
        if not self.example:
            return self.name
        return f"{self.name} [{', '.join(f'{name}: {value}' for name, value in self.example.items())}]"
