"""The sentences that steps are made of: how each is written, what follows it, and the step that it means.

`FORMS` is the whole grammar. The schema for editors and the table in the documentation are made of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from localwaba_contracts.webhooks import variants
from localwaba_scenarios import deeds, model, said
from localwaba_scenarios import expectations as expect
from localwaba_scenarios.model import Place, Step
from localwaba_scenarios.nodes import Mapping, Node, Scalar, Wrong
from localwaba_scenarios.reading import SPAN, Reader, nearest, schema, span_of, words

RESERVED = ("app", "meta", "expect", "call", "rule", "fault", "no")
"""What users cannot be called."""
FILES = ("image", "video", "audio", "document", "sticker")
_KINDS = {"user": r"[^\W\d]\w*", "span": SPAN, "template": r"[a-z0-9_]+", "kind": "|".join(FILES)}


@dataclass(frozen=True, slots=True)
class Ask:
    """One step of a file, while it is read. `names` are the parts of its sentence, `node` is what follows it."""

    reader: Reader
    names: Map[str, str]
    node: Node | None
    place: Place
    shown: Map[str, Any]

    @property
    def given(self) -> Node:
        """What follows the sentence, which has to be there."""
        assert self.node is not None
        return self.node


@dataclass(frozen=True, slots=True)
class Form:
    """A sentence. `needs`: whether something follows it (`always`, `never`, `may`); `shape` names its schema."""

    text: str
    needs: str
    shape: str
    means: str
    read: Callable[[Ask], Step]

    @property
    def regex(self) -> str:
        """A regular expression for the sentence."""
        parts = re.split(r"\{(\w+)\}", self.text)
        return "".join(f"(?P<{part}>{_KINDS[part]})" if n % 2 else re.escape(part) for n, part in enumerate(parts))


def read_step(reader: Reader, place: Place, sentence: str, follows: Node | None, users: Iterable[str]) -> Step:
    """The step that a sentence means; raises `Wrong`."""
    node = None if isinstance(follows, Scalar) and follows.is_empty else follows
    there = tuple(users)
    refuse_odd_spaces(sentence, place)
    for form, pattern in _patterns():
        found = pattern.fullmatch(sentence)
        if found is None or found.groupdict().get("user") in RESERVED:
            continue
        names = found.groupdict()
        if "user" in names and names["user"] not in there:
            _refuse_user(place, names["user"], there)
        if form.needs == "always" and isinstance(follows, Scalar) and follows.remarked:
            raise Wrong(follows.place, "what begins with # is a remark, and left out; a text that does so needs quotes")
        if form.needs == "always" and node is None:
            raise Wrong(place, f"something has to follow, as in `{sentence}: …`")
        if form.needs == "never" and node is not None:
            raise Wrong(place, f"nothing follows `{sentence}`; write it without the colon")
        shown = {"sentence": sentence, "argument": "" if node is None else reader.shown(node)}
        return form.read(Ask(reader, names, node, place, shown))
    raise Wrong(place, f"there is no step {sentence!r}{_uncut(sentence, there) or _nearest(sentence, there)}")


def refuse_odd_spaces(text: str, place: Place) -> None:
    """Word processors write spaces that look like others and are none."""
    if re.search(r"[\u00a0\u2000-\u200b\u202f\u3000\ufeff]", text):
        raise Wrong(place, "there is a no-break space in it, or one like that; write an ordinary one")


def _uncut(sentence: str, users: tuple[str, ...]) -> str:
    """What to write instead of a sentence that goes on without a colon, or without the space after it."""
    for form, _ in sorted(_patterns(), key=lambda one: -len(one[0].text)):
        found = re.match(rf"{form.regex}(?P<colon>\s*[:\uff1a]\s*|\s+)(?=\S)", sentence)
        if form.needs == "never" or found is None or found.groupdict().get("user") not in (None, *users):
            continue
        rest = sentence[found.end() :]
        if found["colon"].strip():
            return f"; a colon is followed by a space: {sentence[: found.start('colon')]}: {rest}"
        if form.text == "{user} sends" and not rest.startswith("{"):
            return _unsent(found["user"], rest)
        return f"; a colon is missing: {sentence[: found.start('colon')]}: {rest}"
    return ""


def _unsent(user: str, kind: str) -> str:
    """What can be sent instead of something that there is not."""
    kinds = [*FILES, *(form.text.rpartition(" ")[2] for form in FORMS if form.text.startswith("{user} sends "))]
    kinds.remove("{kind}")
    found = get_close_matches(kind.lower(), kinds, n=1, cutoff=0.7)
    return f"; did you mean {user} sends {found[0]}?" if found else f"; what can be sent: {', '.join(kinds)}"


@cache
def _patterns() -> tuple[tuple[Form, re.Pattern[str]], ...]:
    return tuple((form, re.compile(form.regex)) for form in FORMS)


def _refuse_user(place: Place, user: str, there: tuple[str, ...]) -> None:
    hint = nearest(user, there) or "; name the users under users:"
    raise Wrong(place, f"there is no user {user}{hint}")


def _nearest(sentence: str, users: tuple[str, ...]) -> str:
    first, _, rest = sentence.partition(" ")
    if first not in users and first not in RESERVED and (span := re.search(SPAN, sentence)):
        return f"; did you mean {_passing(span[0])}?"
    if rest and first not in RESERVED and first not in users and first.isidentifier():
        for form in FORMS:
            if re.fullmatch(form.regex, f"{first} {rest}"):
                return nearest(first, users)
    said = [form.text.replace("{kind}", kind) for form in FORMS for kind in (FILES if "{kind}" in form.text else ("",))]
    known = [
        text.replace("{user}", user).replace("{span}", "25 hours").replace("{template}", "NAME")
        for text in said
        for user in ([one for one in users if one not in RESERVED] or ["ana"])
    ]
    known.sort(key=lambda text: text.partition(" ")[0] != first)
    same = [text for text in known if text.startswith(f"{first} ")]
    found = nearest(sentence, same) if first in RESERVED else ""
    found = found if found.startswith("; did you mean") else nearest(sentence, known)
    return found if found.startswith("; did you mean") else "; the sentences are in docs/scenarios.md"


def _passing(span: str) -> str:
    """A time as a sentence: one of something passes, several pass."""
    if re.fullmatch(r"1 ?[a-z]+", span):
        return f"{span} passes"
    return f"{span}s pass" if re.fullmatch(r"[\d.]+ ?(second|minute|hour|day|week)", span) else f"{span} pass"


# users


def _fills_in(ask: Ask) -> Step:
    members = ask.reader.members(ask.given, "what is filled in", example="{day: 2026-02-14}")
    response = {name: ask.reader.json(node) for name, node in members.items()}
    return model.FillsIn(place=ask.place, user=ask.names["user"], response=response, **ask.shown)


def _reports(ask: Ask) -> Step:
    options = {} if ask.node is None else {"reason": ask.reader.choice(ask.node, "reason", words("report_reason"))}
    return model.Does(place=ask.place, user=ask.names["user"], action="report", options=options, **ask.shown)


def _does(ask: Ask) -> Step:
    members = ask.reader.members(ask.given, "an action")
    if "action" not in members:
        raise Wrong(ask.given.place, "say which action, as in {action: read}")
    action = ask.reader.choice(members["action"], "action", words("action"))
    options = {name: ask.reader.json(node) for name, node in members.items() if name != "action"}
    return model.Does(place=ask.place, user=ask.names["user"], action=action, options=options, **ask.shown)


def _action(action: str) -> Callable[[Ask], Step]:
    def read(ask: Ask) -> Step:
        return model.Does(place=ask.place, user=ask.names["user"], action=action, **ask.shown)

    return read


# the app, from outside


def _calls_app(ask: Ask) -> Step:
    methods = ("get", "post", "put", "patch", "delete")
    members = ask.reader.members(ask.given, "a call of the app", (*methods, "headers", "json", "answers"))
    used = [name for name in methods if name in members]
    if len(used) != 1:
        raise Wrong(ask.given.place, "say which path is called and how, once, as in {post: /reminders}")
    path = ask.reader.text(members[used[0]], "the path")
    if not str(path).startswith("/"):
        raise Wrong(members[used[0]].place, f"a path of the app begins with /, as in {used[0]}: /reminders")
    headers = ask.reader.members(members["headers"], "headers") if "headers" in members else {}
    return model.CallsApp(
        place=ask.place,
        method=used[0].upper(),
        path=path,
        headers={name: ask.reader.text(node, f"the header {name}") for name, node in headers.items()},
        body=ask.reader.json(members["json"]) if "json" in members else None,
        status=ask.reader.whole(members["answers"], "a status", 100) if "answers" in members else None,
        **ask.shown,
    )


# Meta


def _judges(changes: Map[str, Any], *more: str) -> Callable[[Ask], Step]:
    """A step that gives a template a status; as a mapping it may say the language, and more."""

    def read(ask: Ask) -> Step:
        members = expect.members_or(ask.reader, ask.given, "name", "a template", ("name", "language", *more))
        if "name" not in members:
            raise Wrong(ask.given.place, "say which template, as in {name: order_update}")
        said = dict(changes)
        for name in more:
            if name in members:
                said[name] = ask.reader.choice(members[name], name.replace("_", " "), words(f"template_{name}"))
        if not said:
            raise Wrong(ask.given.place, f"say what changes: {', '.join(more)}")
        language = ask.reader.word(members["language"], "language") if "language" in members else None
        return model.ChangesTemplate(
            place=ask.place,
            template=ask.reader.text(members["name"], "the template's name"),
            language=language,
            changes=said,
            **ask.shown,
        )

    return read


def _changes_number(ask: Ask) -> Step:
    known = words("number_change")
    members = ask.reader.members(ask.given, "a number", known)
    for name, node in members.items():
        kinds = schema()["$defs"]["number_change"]["properties"][name]
        if "enum" in kinds:
            ask.reader.choice(node, name.replace("_", " "), kinds["enum"])
    return model.ChangesNumber(
        place=ask.place, changes={name: ask.reader.json(node) for name, node in members.items()}, **ask.shown
    )


def _announces(ask: Ask) -> Step:
    members = expect.members_or(ask.reader, ask.given, "field", "an announcement", ("field", "variant", "value"))
    if "field" not in members:
        raise Wrong(ask.given.place, "say of which field, as in {field: account_update}")
    value = ask.reader.json(members["value"]) if "value" in members else None
    if "variant" in members and "value" in members:
        raise Wrong(ask.given.place, "an announcement has a value of its own or the variant of a sample, not both")
    field = ask.reader.choice(members["field"], "webhook field", words("field"))
    variant = _variant(ask, members["variant"], field) if "variant" in members else ""
    return model.Announces(place=ask.place, field=field, variant=variant, value=value, **ask.shown)


def _variant(ask: Ask, node: Node, field: str) -> str:
    return ask.reader.choice(node, f"variant of {field}", tuple(variants(field)))


def _repeats_message(ask: Ask) -> Step:
    return model.Repeats(place=ask.place, user=ask.names["user"], **ask.shown)


def _repeats_webhook(ask: Ask) -> Step:
    field = ask.reader.choice(ask.given, "webhook field", words("field"))
    return model.Repeats(place=ask.place, field=field, **ask.shown)


# the world


def _passes(ask: Ask) -> Step:
    seconds = span_of(ask.names["span"])
    assert seconds is not None
    return model.Passes(place=ask.place, seconds=seconds, **ask.shown)


def read_rule(reader: Reader, node: Node, place: Place, shown: Map[str, Any]) -> model.Rule:
    """Knobs and their values."""
    members, known = reader.members(node, "a rule"), words("policy")
    for name, _ in node.entries if isinstance(node, Mapping) else ():
        if name.text not in known:
            raise Wrong(name.place, f"there is no knob {name.text}{nearest(name.text, known)}")
    return model.Rule(
        place=place,
        knobs={name: reader.json(value) for name, value in members.items()},
        places={name: value.place for name, value in members.items()},
        **shown,
    )


def _rule(ask: Ask) -> Step:
    return read_rule(ask.reader, ask.given, ask.place, ask.shown)


def _fault(ask: Ask) -> Step:
    members = expect.members_or(ask.reader, ask.given, "preset", "a fault", None)
    for name in ("preset", "kind"):
        if name in members:
            ask.reader.choice(members[name], f"{name} of faults", words(f"fault_{name}"))
    fault = {name: ask.reader.json(node) for name, node in members.items()}
    return model.Fault(place=ask.place, fault=fault, **ask.shown)


def _no_faults(ask: Ask) -> Step:
    return model.Fault(place=ask.place, fault=None, **ask.shown)


FORMS = (
    Form("{user} says", "always", "text", "sends a text", said.says),
    Form(
        "{user} replies",
        "always",
        "said",
        "sends a text that quotes the app's last message, or the one that is named",
        said.answers,
    ),
    Form("{user} taps", "always", "tapped", "taps a button, named by its title or its id", said.taps),
    Form("{user} picks", "always", "tapped", "picks a row of a list, named by its title or its id", said.taps),
    Form(
        "{user} cannot tap",
        "always",
        "text",
        "there is no such button, or it is off: a code is too old",
        said.cannot_tap,
    ),
    Form("{user} fills in", "always", "filled", "fills in the last flow and sends it", _fills_in),
    Form("{user} sends {kind}", "may", "file", "sends a file of yours, or a small valid sample", said.sends_file),
    Form("{user} sends location", "always", "location", "sends a place", said.sends_location),
    Form("{user} sends contact", "always", "contact", "sends somebody's contact card", deeds.sends_contact),
    Form("{user} sends order", "always", "order", "orders products of the catalogue", deeds.orders),
    Form("{user} asks about", "always", "question", "asks about a product of the catalogue", deeds.asks_about),
    Form(
        "{user} comes from an ad",
        "may",
        "ad",
        "clicks on an ad and writes; say what is known of it",
        deeds.comes_from_ad,
    ),
    Form("{user} forwards", "always", "text", "forwards a text", deeds.says_it("forwards", "what is forwarded")),
    Form(
        "{user} edits",
        "always",
        "text",
        "gives the own last message another wording",
        deeds.says_it("edits", "the text"),
    ),
    Form("{user} deletes the last message", "never", "", "deletes the own last message", deeds.plain_act("deletes")),
    Form("{user} listens", "never", "", "plays the app's last voice message", deeds.plain_act("plays")),
    Form("{user} pays", "may", "payment", "pays the app's last bill", deeds.pays),
    Form(
        "{user} changes number",
        "always",
        "text",
        "moves to another number, chats and all",
        deeds.says_it("changes_number", "the number"),
    ),
    Form("{user} sends", "always", "message", "sends any message, as in Meta's webhook", said.sends),
    Form("{user} reacts", "always", "reacted", "reacts to the app's last message with an emoji", said.reacts),
    Form("{user} takes back the reaction", "never", "", "takes the last reaction back", said.takes_back),
    Form("{user} reads", "never", "", "opens the chat: everything that has arrived is read", _action("read")),
    Form("{user} blocks", "never", "", "blocks the business", _action("block")),
    Form("{user} reports", "may", "reported", "reports the business, with a reason if you like", _reports),
    Form("{user} unblocks", "never", "", "lets the business write again", _action("unblock")),
    Form("{user} stops marketing", "never", "", "wants no more marketing messages", _action("stop_marketing")),
    Form("{user} resumes marketing", "never", "", "wants them again", _action("resume_marketing")),
    Form("{user} does", "always", "does", "any other action of the control API", _does),
    Form(
        "app replies to {user}", "may", "reply", "a message that fits arrives; others may come before it", expect.reply
    ),
    Form("app is typing to {user}", "never", "", "the phone shows that the business is typing", expect.typing),
    Form("app fails with", "always", "failure", "the app is told this code, at once or by `failed`", expect.failure),
    Form("call app", "always", "call_app", "calls the app, as its own jobs or pages would", _calls_app),
    Form("expect no reply to {user}", "never", "", "nothing comes for 0.5 real seconds", expect.silence),
    Form("expect no reply to {user} within {span}", "never", "", "nothing comes for so long", expect.silence),
    Form("expect last message to {user}", "always", "last_message", "how the app's last message is doing", expect.last),
    Form(
        "expect last message of {user}", "always", "last_message", "how the user's last message is doing", expect.last
    ),
    Form("expect call", "always", "graph_call", "the app has made this Graph call", expect.call),
    Form("expect webhook", "always", "webhook", "the app has got this webhook", expect.webhook),
    Form("expect template {template}", "always", "template_state", "a template's status and the like", expect.template),
    Form("expect number", "always", "number_state", "the number's rating, limit and the like", expect.number),
    Form("meta approves template", "always", "template", "Meta approves a template", _judges({"status": "APPROVED"})),
    Form(
        "meta rejects template",
        "always",
        "template_rejected",
        "Meta rejects it, for a reason if you like",
        _judges({"status": "REJECTED"}, "reason"),
    ),
    Form("meta pauses template", "always", "template", "Meta pauses it for its quality", _judges({"status": "PAUSED"})),
    Form("meta disables template", "always", "template", "Meta disables it", _judges({"status": "DISABLED"})),
    Form(
        "meta changes template",
        "always",
        "template_changed",
        "Meta changes its status, category or quality",
        _judges({}, "status", "category", "quality_score", "reason"),
    ),
    Form("meta changes number", "always", "number_change", "Meta rates, limits or blocks the number", _changes_number),
    Form("meta announces", "always", "announcement", "Meta sends a webhook of any field", _announces),
    Form("meta repeats message of {user}", "never", "", "the webhook of that message comes again", _repeats_message),
    Form("meta repeats webhook", "always", "field", "the last webhook of a field comes again", _repeats_webhook),
    Form("{span} pass", "never", "", "the world's time passes, with everything that is due", _passes),
    Form("{span} passes", "never", "", "the same, for one", _passes),
    Form("rule", "always", "policy", "turns knobs of the platform", _rule),
    Form("fault", "always", "fault", "arms the faults of a preset, or a fault of your own (docs/faults.md)", _fault),
    Form("no faults", "never", "", "disarms all faults", _no_faults),
)
"""Every sentence."""
