"""What a person decides before the emulator starts: one frozen value, read from four places.

Flags win over `LOCALWABA_*` variables, these over `localwaba.toml`, that over the defaults.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from localwaba.domain.policy import Policy, patch
from localwaba.domain.seeding import VERIFY_TOKEN
from localwaba.webhooks.targets import TargetPolicy, check_target, is_local_name

FILE_NAME = "localwaba.toml"
PREFIX = "LOCALWABA_"


class BadSettings(ValueError):
    """A setting that cannot be used; the text is one line that says which, where, and what would do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is decided before the start. `port` 0 means any free port.

    An empty `fields` subscribes to every webhook field, an empty `app_secret` is derived from the seed. `now` is in
    milliseconds since the epoch; None: the machine's time. `policy` holds only the knobs that differ from the default.
    """

    host: str = "127.0.0.1"
    port: int = 4080
    control_token: str = ""
    allow_targets: tuple[str, ...] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    quiet: bool = False
    webhook_url: str = ""
    verify_token: str = VERIFY_TOKEN
    fields: tuple[str, ...] = ()
    webhook_concurrency: int = 32
    app_secret: str = ""
    world: str = "default"
    seed: int = 1
    clock: Literal["real", "frozen", "scaled"] = "real"
    now: int | None = None
    rate: float | None = None
    policy: dict[str, Any] = {}

    @property
    def speed(self) -> float:
        """World seconds per second of the machine; 0: time stands still."""
        if self.clock == "frozen":
            return 0.0
        return 1.0 if self.rate is None else self.rate


class Place(NamedTuple):
    """Where a setting is written: the table and key of the file, the flag, and what it does."""

    table: str
    key: str
    flag: str
    metavar: str
    text: str


PLACES: dict[str, Place] = {
    "host": Place("server", "host", "--host", "ADDRESS", "address to listen on"),
    "port": Place("server", "port", "--port", "N", "port to listen on; 0: any free one"),
    "control_token": Place(
        "server", "control_token", "--control-token", "TOKEN", "what callers of /_localwaba/ must show"
    ),
    "allow_targets": Place(
        "server", "allow_targets", "--allow-target", "HOST", "a host beyond this machine that may be called"
    ),
    "log_level": Place("server", "log_level", "--log-level", "LEVEL", "debug, info, warning or error"),
    "quiet": Place("server", "quiet", "--quiet", "", "no line for each refusal"),
    "webhook_url": Place("webhook", "url", "--webhook-url", "URL", "where webhooks of the app go"),
    "verify_token": Place("webhook", "verify_token", "--verify-token", "TOKEN", "what the handshake sends"),
    "fields": Place("webhook", "fields", "--field", "FIELD", "a webhook field to subscribe to; none: all"),
    "webhook_concurrency": Place(
        "webhook", "concurrency", "--webhook-concurrency", "N", "webhooks under way at once to one URL"
    ),
    "app_secret": Place("app", "secret", "--app-secret", "SECRET", "what webhooks are signed with"),
    "world": Place("world", "name", "--world", "NAME", "name of the default world"),
    "seed": Place("world", "seed", "--seed", "N", "decides every id and token"),
    "clock": Place("clock", "mode", "--clock", "MODE", "real, frozen or scaled"),
    "now": Place("clock", "now", "--now", "TIME", "the world's time at the start, as 2026-01-31T12:00:00Z"),
    "rate": Place("clock", "rate", "--rate", "X", "world seconds per second"),
    "policy": Place("policy", "", "--policy", "KNOB=VALUE", "turn a knob of the platform"),
}
_KNOBS = tuple(Policy.__struct_fields__)


class _Given(NamedTuple):
    """A value as it was written, and where."""

    name: str
    value: Any
    where: str
    is_text: bool = True


def read_settings(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """The settings out of flags, variables and file; raises `BadSettings`.

    `flags` holds given flags by the setting's name. Without `file`, `LOCALWABA_CONFIG` names it, or else
    `localwaba.toml` in the current directory is taken if it is there.
    """
    environ = environ or {}
    chosen: dict[str, _Given] = {}
    policy: dict[str, Any] = {}
    for given in (*_of_file(_file(file, environ)), *_of_environ(environ), *_of_flags(flags or {})):
        if given.name == "policy":
            policy |= _knobs(given)
        else:
            chosen[given.name] = given
    values = {name: _convert(given) for name, given in chosen.items()}
    settings = Settings(**values, policy=policy)
    _check(settings, {name: given.where for name, given in chosen.items()})
    return settings


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches a socket that is bound to this address or name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return is_local_name(host)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as `; did you mean …?`, or a list of all if there are few."""
    from difflib import get_close_matches

    words = sorted(known)
    found = get_close_matches(word, words, n=1, cutoff=0.5)
    if found:
        return f"; did you mean {found[0]}?"
    return f"; known: {', '.join(words)}" if len(words) <= 8 else ""


def _file(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    if file is None and environ.get(f"{PREFIX}CONFIG"):
        file = Path(environ[f"{PREFIX}CONFIG"])
    if file is not None:
        return file
    here = Path(FILE_NAME)
    return here if here.is_file() else None


def _of_file(path: Path | None) -> Iterator[_Given]:
    if path is None:
        return
    import tomllib

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: not TOML: {error}") from None
    names = {(place.table, place.key): name for name, place in PLACES.items()}
    known = {place.table for place in PLACES.values()}
    for table, content in tables.items():
        if table not in known:
            raise BadSettings(f"{path}: unknown table [{table}]{nearest(table, known)}")
        if not isinstance(content, dict):
            raise BadSettings(f"{path}: {table} must be a table: write [{table}]")
        if table == "policy":
            yield _Given("policy", content, f"{path}: [policy]", is_text=False)
            continue
        for key, value in content.items():
            name = names.get((table, key))
            if name is None:
                keys = [place.key for place in PLACES.values() if place.table == table]
                raise BadSettings(f"{path}: unknown key {key} in [{table}]{nearest(key, keys)}")
            yield _Given(name, value, f"{path}: [{table}] {key}", is_text=False)


def _of_environ(environ: Mapping[str, str]) -> Iterator[_Given]:
    known = {PREFIX + name.upper(): name for name in PLACES}
    knobs = f"{PREFIX}POLICY_"
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX):
            continue
        if variable.startswith(knobs):
            yield _Given("policy", [f"{variable.removeprefix(knobs).lower()}={value}"], variable)
        elif variable == f"{PREFIX}POLICY":
            yield _Given("policy", _object(variable, value), variable)
        elif variable in known:
            yield _Given(known[variable], value, variable)
        else:
            _refuse_slip(variable, known)


def _object(variable: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadSettings(f"{variable}: write a JSON object, or one variable for each knob: {variable}_READ_AFTER=null")
    return found


def _refuse_slip(variable: str, known: Iterable[str]) -> None:
    """A variable that is nearly one of ours is a slip of the pen; others may belong to somebody else."""
    from difflib import get_close_matches

    found = get_close_matches(variable, sorted(known), n=1, cutoff=0.85)
    if found:
        raise BadSettings(f"{variable}: unknown variable; did you mean {found[0]}?")


def _of_flags(flags: Mapping[str, Any]) -> Iterator[_Given]:
    for name, value in flags.items():
        if value is not None:
            yield _Given(name, value, PLACES[name].flag)


def _convert(given: _Given) -> Any:
    """A value as the setting's type; texts of variables and flags are read leniently, those of the file are not."""
    value = given.value
    if given.name == "now":
        return _moment(given)
    if given.name in ("allow_targets", "fields"):
        parts = value.split(",") if isinstance(value, str) else value
        value = [part.strip() if isinstance(part, str) else part for part in parts] if parts else []
        value = [part for part in value if part != ""]
    elif given.name == "quiet" and isinstance(value, str):
        value = {"yes": "true", "on": "true", "no": "false", "off": "false", "": "false"}.get(value.lower(), value)
    try:
        return msgspec.convert(value, _TYPES[given.name], strict=not given.is_text)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{given.where}: {_plain(error)}") from None


def _moment(given: _Given) -> int:
    """Milliseconds since the epoch out of ISO 8601 text, a TOML date, or seconds since the epoch."""
    value = given.value
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1000)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return int(float(value) * 1000)
    except (ValueError, OverflowError):
        pass
    raise BadSettings(f"{given.where}: not a time: {value}; write it as 2026-01-31T12:00:00Z")


def _knobs(given: _Given) -> dict[str, Any]:
    """Knobs out of a table, or out of texts `knob=value` with the value as JSON or as plain text."""
    if isinstance(given.value, dict):
        found = dict(given.value)
    else:
        found = {}
        for text in given.value:
            knob, sign, value = text.partition("=")
            if not sign:
                raise BadSettings(f"{given.where}: write {text.strip() or 'knob'}=VALUE")
            try:
                found[knob.strip()] = json.loads(value)
            except ValueError:
                found[knob.strip()] = value.strip()
    for knob, value in found.items():
        if knob not in _KNOBS:
            raise BadSettings(f"{given.where}: there is no knob {knob}{nearest(knob, _KNOBS)}")
        try:
            patch(Policy(), {knob: value})
        except msgspec.ValidationError as error:
            raise BadSettings(f"{given.where} {knob}: {_plain(error)}") from None
    return found


def _check(settings: Settings, where: Mapping[str, str]) -> None:
    """What a type cannot say."""

    def refuse(name: str, text: str) -> BadSettings:
        return BadSettings(f"{where.get(name, PLACES[name].flag)}: {text}")

    if not 0 <= settings.port <= 65_535:
        raise refuse("port", f"{settings.port} is not a port; use 0 to 65535")
    if settings.webhook_concurrency < 1:
        raise refuse("webhook_concurrency", "must be at least 1")
    if settings.rate is not None and settings.rate < 0:
        raise refuse("rate", "time never goes back: use 0 or more")
    if settings.clock == "frozen" and settings.rate:
        raise refuse("rate", "a frozen clock has no rate; use --clock scaled")
    if settings.clock == "scaled" and settings.rate is None:
        raise refuse("clock", f"scaled needs a rate; add {PLACES['rate'].flag}")
    if not settings.verify_token:
        raise refuse("verify_token", "must not be empty")
    if not settings.world or "/" in settings.world:
        raise refuse("world", "must be a name without a slash")
    if not is_loopback(settings.host) and not settings.control_token:
        text = f"{settings.host} can be reached from other machines: set a control token with --control-token"
        raise refuse("host", text)
    if settings.webhook_url:
        why = check_target(settings.webhook_url, TargetPolicy(settings.allow_targets))
        if why:
            hint = "" if "neither" not in why else f"; allow it with {PLACES['allow_targets'].flag} HOST"
            raise refuse("webhook_url", why + hint)


def _plain(error: msgspec.ValidationError) -> str:
    """msgspec's text without its quotes and its path into the value."""
    text = str(error).replace("`", "").partition(" - at $")[0]
    return text[:1].lower() + text[1:]


_TYPES: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Settings)}
