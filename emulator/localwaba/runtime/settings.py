"""What a person decides before the emulator starts: one frozen value, read from four places.

Flags win over `LOCALWABA_*` variables, these over `localwaba.toml`, that over the defaults.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from localwaba.domain.policy import Policy, patch
from localwaba.domain.seeding import VERIFY_TOKEN
from localwaba.webhooks.targets import TargetPolicy, check_target, is_local_name
from localwaba.webhooks.transport import BadCertificate, TlsOptions, check_tls
from localwaba.wire.moments import LAST

FILE_NAME = "localwaba.toml"
PREFIX = "LOCALWABA_"


class BadSettings(ValueError):
    """A setting that cannot be used; the text is one line that says which, where, and what would do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is decided before the start. `port` 0 means any free port.

    An empty `fields` subscribes to every webhook field, an empty `app_secret` is derived from the seed. `clock_now` is
    the world's time at the start in seconds since the epoch; None: the machine's. `policy` holds only the knobs that
    differ from the default, `faults` the names of what is armed from the start.
    """

    host: str = "127.0.0.1"
    port: int = 4080
    control_token: str = ""
    allow_targets: tuple[str, ...] = ()
    quiet: bool = False
    webhook_url: str = ""
    verify_token: str = VERIFY_TOKEN
    fields: tuple[str, ...] = ()
    webhook_concurrency: int = 32
    webhook_ca: str = ""
    webhook_cert: str = ""
    webhook_key: str = ""
    app_secret: str = ""
    world: str = "default"
    seed: int = 0
    clock_mode: Literal["real", "frozen", "scaled"] = "real"
    clock_now: float | None = None
    clock_rate: float | None = None
    faults: tuple[str, ...] = ()
    policy: dict[str, Any] = {}

    @property
    def tls(self) -> TlsOptions | None:
        """What HTTPS apps are met with beside the machine's own authorities; None: nothing."""
        if not (self.webhook_ca or self.webhook_cert):
            return None
        return TlsOptions(self.webhook_ca or None, self.webhook_cert or None, self.webhook_key or None)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def clock(self) -> dict[str, Any]:
        """The clock as `POST /_localwaba/worlds` takes it."""
        found: dict[str, Any] = {"mode": self.clock_mode}
        if self.clock_now is not None:
            found["now"] = self.clock_now
        if self.clock_rate is not None:
            found["rate"] = self.clock_rate
        return found


class Place(NamedTuple):
    """Where a setting stands in the file, and what it does; its flag and its variable follow from its name."""

    table: str
    key: str
    metavar: str
    text: str


PLACES: dict[str, Place] = {
    "host": Place("server", "host", "ADDRESS", "address to listen on"),
    "port": Place("server", "port", "N", "port to listen on; 0: any free one"),
    "control_token": Place("server", "control_token", "TOKEN", "what callers of /_localwaba/ have to show"),
    "allow_targets": Place("server", "allow_targets", "HOST,…", "hosts beyond this machine that may be called"),
    "quiet": Place("server", "quiet", "", "print no line for each refusal"),
    "webhook_url": Place("webhook", "url", "URL", "where the app takes its webhooks"),
    "verify_token": Place("webhook", "verify_token", "TOKEN", "what the app expects in the handshake"),
    "fields": Place("webhook", "fields", "FIELD,…", "webhook fields to subscribe to; none: all"),
    "webhook_concurrency": Place("webhook", "concurrency", "N", "webhooks under way at once to one URL"),
    "webhook_ca": Place("webhook", "ca", "FILE", "PEM file of authorities that HTTPS apps are trusted by, too"),
    "webhook_cert": Place("webhook", "cert", "FILE", "PEM file of the certificate to show to the app (mTLS)"),
    "webhook_key": Place("webhook", "key", "FILE", "PEM file of that certificate's key; none: it is in the same file"),
    "app_secret": Place("app", "secret", "SECRET", "what webhooks are signed with; none: from the seed"),
    "world": Place("world", "name", "NAME", "name of the default world"),
    "seed": Place("world", "seed", "N", "decides every id and token"),
    "clock_mode": Place("clock", "mode", "MODE", "real, frozen or scaled"),
    "clock_now": Place("clock", "now", "TIME", "the world's time at the start, as 2026-01-31T12:00:00Z"),
    "clock_rate": Place("clock", "rate", "X", "seconds of the world per second of the machine"),
    "faults": Place("world", "faults", "NAME,…", "what goes wrong on purpose from the start; localwaba faults list"),
    "policy": Place("policy", "", "KNOB=VALUE", "turn a knob of the platform, as read_after=null"),
}


def flag_of(name: str) -> str:
    """The flag of a setting."""
    if name == "faults":
        return "--fault"  # it is given once for each
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
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
    known = {variable_of(name): name for name in PLACES}
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

    words = sorted(name.removeprefix(PREFIX) for name in known)
    found = get_close_matches(variable.removeprefix(PREFIX), words, n=1, cutoff=0.7)
    if found:
        raise BadSettings(f"{variable}: unknown variable; did you mean {PREFIX}{found[0]}?")


def _of_flags(flags: Mapping[str, Any]) -> Iterator[_Given]:
    for name, value in flags.items():
        if value is not None:
            yield _Given(name, value, flag_of(name))


def _convert(given: _Given) -> Any:
    """A value as the setting's type; texts of variables and flags are read leniently, those of the file are not."""
    value = given.value
    if given.name == "clock_now":
        return _moment(given)
    if given.name in ("allow_targets", "faults", "fields"):
        if given.is_text:
            texts = [value] if isinstance(value, str) else value
            value = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    elif given.name == "quiet" and isinstance(value, str):
        value = {"yes": "true", "on": "true", "no": "false", "off": "false", "": "false"}.get(value.lower(), value)
    try:
        return msgspec.convert(value, _TYPES[given.name], strict=not given.is_text)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{given.where}: {_plain(error)}") from None


def _moment(given: _Given) -> float:
    """Seconds since the epoch out of ISO 8601 text, a TOML date, or seconds since the epoch."""
    value = given.value
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return float(value)
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
        if knob not in (*_KNOBS, "profile"):
            raise BadSettings(f"{given.where}: there is no knob {knob}{nearest(knob, _KNOBS)}")
        try:
            patch(Policy(), {knob: value})
        except (msgspec.ValidationError, ValueError) as error:
            raise BadSettings(f"{given.where} {knob}: {_plain(error)}") from None
    return found


def _check(settings: Settings, where: Mapping[str, str]) -> None:
    """What a type cannot say."""

    def refuse(name: str, text: str) -> BadSettings:
        return BadSettings(f"{where.get(name, flag_of(name))}: {text}")

    if not 0 <= settings.port <= 65_535:
        raise refuse("port", f"{settings.port} is not a port; use 0 to 65535")
    if settings.webhook_concurrency < 1:
        raise refuse("webhook_concurrency", "must be at least 1")
    if settings.clock_now is not None and not 0 <= settings.clock_now * 1000 <= LAST:
        raise refuse("clock_now", "a time lies between 1970 and 9999")
    if settings.clock_rate is not None and not 0 <= settings.clock_rate <= 1_000_000:
        raise refuse("clock_rate", "use 0 to 1000000; time never goes back")
    if settings.clock_mode == "frozen" and settings.clock_rate:
        raise refuse("clock_rate", "a frozen clock has no rate; use --clock-mode scaled")
    if settings.clock_mode == "scaled" and settings.clock_rate is None:
        raise refuse("clock_mode", "scaled needs a rate; add --clock-rate")
    for name in settings.faults:
        _check_fault(name, refuse)
    if not settings.verify_token:
        raise refuse("verify_token", "must not be empty")
    if not _NAME.fullmatch(settings.world):
        raise refuse("world", f"a name is made of letters, digits, `_`, `.` and `-`, not {settings.world!r}")
    if not settings.is_loopback and not settings.control_token:
        text = f"{settings.host} can be reached from other machines: set a control token with --control-token"
        raise refuse("host", text)
    if settings.webhook_key and not settings.webhook_cert:
        raise refuse("webhook_key", f"a key goes with a certificate; add {flag_of('webhook_cert')} FILE")
    if settings.tls is not None:
        try:
            check_tls(settings.tls)
        except BadCertificate as bad:
            raise refuse(f"webhook_{bad.part}", str(bad)) from None
    if settings.webhook_url:
        why = check_target(settings.webhook_url, TargetPolicy(settings.allow_targets))
        if why:
            hint = "" if "neither this machine" not in why else f"; allow it with {flag_of('allow_targets')} HOST"
            raise refuse("webhook_url", why + hint)


def _check_fault(name: str, refuse: Callable[[str, str], BadSettings]) -> None:
    """A fault that is armed by its name alone."""
    from localwaba.domain.fault_kinds import KINDS
    from localwaba.operations.fault_presets import PRESETS

    kind = KINDS.get(name)
    if kind is None and name not in PRESETS:
        raise refuse("faults", f"there is no fault {name}{nearest(name, (*KINDS, *PRESETS))}")
    missing = [one.name for one in kind.parameters if one.default is ...] if kind and name not in PRESETS else []
    if missing:
        raise refuse("faults", f"{name} needs its {missing[0]}: arm it with POST /_localwaba/faults")


def _plain(error: ValueError | msgspec.ValidationError) -> str:
    """msgspec's text without its quotes and its path into the value."""
    text = str(error).replace("`", "").partition(" - at $")[0]
    return text[:1].lower() + text[1:]


_TYPES: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Settings)}
