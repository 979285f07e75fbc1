"""Settings: where they are read from, which one wins, and how a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localwaba.runtime.settings import (
    PLACES,
    BadSettings,
    Settings,
    flag_of,
    is_loopback,
    read_settings,
    variable_of,
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory without a localwaba.toml of somebody else."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(directory: Path, text: str) -> Path:
    path = directory / "localwaba.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistake(flags: dict[str, object] | None = None, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(BadSettings) as caught:
        read_settings(flags, environ)
    return str(caught.value)


def test_nothing_given() -> None:
    """Without any setting it listens on 127.0.0.1:4080 and has no webhook."""
    settings = read_settings()
    expected = ("127.0.0.1", 4080, "", {}, {"mode": "real"})
    assert expected == (settings.host, settings.port, settings.webhook_url, settings.policy, settings.clock)


def test_every_setting_has_a_place() -> None:
    """Each setting can be given by flag, variable and file: none was forgotten."""
    assert set(Settings.__struct_fields__) == set(PLACES)


def test_places_are_distinct() -> None:
    """No two settings stand at the same place of the file."""
    places = {(place.table, place.key) for place in PLACES.values()}
    assert len(PLACES) == len(places)


@given(st.sets(st.sampled_from(["flag", "variable", "file"])))
def test_order(given: set[str]) -> None:
    """A flag wins over a variable, that over the file, that over the default."""
    path = Path("order.toml")
    path.write_text("[server]\nport = 3\n" if "file" in given else "", encoding="utf-8")
    flags = {"port": "1"} if "flag" in given else {}
    environ = {"LOCALWABA_PORT": "2"} if "variable" in given else {}
    ranked = [value for name, value in (("flag", 1), ("variable", 2), ("file", 3)) if name in given]
    assert [*ranked, 4080][0] == read_settings(flags, environ, path).port


def test_file_of_all_tables(elsewhere: Path) -> None:
    """A file may hold every topic in a table of its own."""
    write(
        elsewhere,
        """
        [server]
        port = 0
        allow_targets = ["app", "10.0.0.0/8"]
        quiet = true
        [webhook]
        url = "http://127.0.0.1:8000/webhook"
        verify_token = "v"
        fields = ["messages"]
        concurrency = 4
        [app]
        secret = "s"
        [world]
        name = "shop"
        seed = 7
        [clock]
        mode = "frozen"
        now = 2026-01-31T12:00:00Z
        [policy]
        window_answer = "sync"
        """,
    )
    expected = Settings(
        port=0,
        allow_targets=("app", "10.0.0.0/8"),
        quiet=True,
        webhook_url="http://127.0.0.1:8000/webhook",
        verify_token="v",
        fields=("messages",),
        webhook_concurrency=4,
        app_secret="s",
        world="shop",
        seed=7,
        clock_mode="frozen",
        clock_now=1_769_860_800.0,
        policy={"window_answer": "sync"},
    )
    assert expected == read_settings()


def test_lists_in_variables() -> None:
    """A variable holds a list with commas between; spaces do not matter."""
    settings = read_settings({}, {"LOCALWABA_FIELDS": "messages, calls", "LOCALWABA_ALLOW_TARGETS": "app"})
    assert (settings.fields, settings.allow_targets) == (("messages", "calls"), ("app",))


def test_lists_in_flags() -> None:
    """A flag for a list may be repeated, and each may hold commas."""
    assert read_settings({"fields": ["messages,calls", "flows"]}).fields == ("messages", "calls", "flows")


def test_knobs_from_everywhere(elsewhere: Path) -> None:
    """Knobs of the policy add up over file, variables and flags; values are JSON where they can be."""
    write(elsewhere, "[policy]\nbody_limit = 550\n")
    environ = {"LOCALWABA_POLICY_READ_AFTER": "null", "LOCALWABA_POLICY": '{"sent_after": 2}'}
    settings = read_settings({"policy": ["window_answer=sync"]}, environ)
    expected = {"body_limit": 550, "read_after": None, "sent_after": 2, "window_answer": "sync"}
    assert expected == settings.policy


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00", "1769860800"]
)
def test_times(text: str) -> None:
    """A time is ISO 8601, UTC unless it says otherwise, or seconds since the epoch."""
    assert read_settings({"clock_now": text}).clock["now"] == 1_769_860_800.0


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"port": "http"}, "--port: expected int, got str"),
        ({"port": "70000"}, "--port: 70000 is not a port; use 0 to 65535"),
        ({"clock_now": "noon"}, "--clock-now: not a time: noon; write it as 2026-01-31T12:00:00Z"),
        ({"clock_now": "10000000000000"}, "--clock-now: a time lies between 1970 and 9999"),
        ({"clock_mode": "scaled"}, "--clock-mode: scaled needs a rate; add --clock-rate"),
        ({"clock_rate": "-1"}, "--clock-rate: use 0 to 1000000; time never goes back"),
        (
            {"clock_mode": "frozen", "clock_rate": "2"},
            "--clock-rate: a frozen clock has no rate; use --clock-mode scaled",
        ),
        ({"policy": ["red_after=1"]}, "--policy: there is no knob red_after; did you mean read_after?"),
        ({"policy": ["read_after"]}, "--policy: write read_after=VALUE"),
        ({"policy": ["body_limit=many"]}, "--policy body_limit: expected int, got str"),
        ({"webhook_url": "ftp://127.0.0.1/"}, "--webhook-url: the URL is neither http nor https"),
        ({"verify_token": ""}, "--verify-token: must not be empty"),
        ({"world": "a/b"}, "--world: a name is made of letters, digits, `_`, `.` and `-`, not 'a/b'"),
    ],
)
def test_mistakes_in_flags(flags: dict[str, object], expected: str) -> None:
    """A wrong value is one line that names the flag and says what would do."""
    assert expected == mistake(flags)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[server]\nprt = 1\n", "unknown key prt in [server]; did you mean port?"),
        ("[serwer]\n", "unknown table [serwer]; did you mean server?"),
        ("port = 1\n", "unknown table [port]"),
        ("server = 1\n", "server must be a table: write [server]"),
        ('[server]\nport = "4080"\n', "[server] port: expected int, got str"),
        ("[policy]\nread_aftr = 1\n", "[policy]: there is no knob read_aftr; did you mean read_after?"),
        ("[server\n", "not TOML"),
    ],
)
def test_mistakes_in_the_file(elsewhere: Path, text: str, expected: str) -> None:
    """A mistake in the file is one line that begins with the file and names the nearest known word."""
    write(elsewhere, text)
    found = mistake()
    assert found.startswith("localwaba.toml: ")
    assert expected in found
    assert "\n" not in found


def test_a_file_that_is_not_there() -> None:
    """A file that was asked for and is missing is a mistake; one that was not asked for is none."""
    assert mistake({}, {"LOCALWABA_CONFIG": "away.toml"}) == "away.toml: No such file or directory"


def test_a_slip_in_a_variable() -> None:
    """A variable that is nearly one of ours is a slip; any other may belong to somebody else."""
    assert mistake({}, {"LOCALWABA_PROT": "1"}) == "LOCALWABA_PROT: unknown variable; did you mean LOCALWABA_PORT?"
    assert read_settings({}, {"LOCALWABA_URL": "http://127.0.0.1:4080"}) == Settings()


def test_others_reach_it_only_with_a_token() -> None:
    """An address that other machines reach is refused without a control token, and taken with one."""
    expected = "--host: 0.0.0.0 can be reached from other machines: set a control token with --control-token"
    assert expected == mistake({"host": "0.0.0.0"})
    assert read_settings({"host": "0.0.0.0", "control_token": "t"}).is_loopback is False


def test_webhooks_stay_on_this_machine() -> None:
    """A webhook beyond this machine is refused unless its host is allowed."""
    flags: dict[str, object] = {"webhook_url": "http://10.0.0.7/webhook"}
    assert "allow it with --allow-targets HOST" in mistake(flags)
    assert read_settings(flags | {"allow_targets": ["10.0.0.7"]}).webhook_url == "http://10.0.0.7/webhook"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("app", False)],
)
def test_loopback(host: str, expected: bool) -> None:
    """Loopback is 127.0.0.0/8, ::1 and localhost; a name that is not known to be local is not."""
    assert expected == is_loopback(host)


@pytest.mark.parametrize(
    "name",
    sorted(set(PLACES) - {"policy", "faults", "fields", "allow_targets", "webhook_ca", "webhook_cert", "webhook_key"}),
)
def test_flag_and_variable_agree(name: str) -> None:
    """A text means the same as a flag and as a variable, whichever setting it is for."""
    texts = {
        "port": "1",
        "seed": "1",
        "webhook_concurrency": "1",
        "quiet": "yes",
        "clock_mode": "frozen",
        "clock_rate": "0",
    }
    texts |= {"clock_now": "2026-01-31T12:00:00Z", "host": "::1", "webhook_url": "http://localhost/", "world": "w"}
    text = texts.get(name, "x")
    assert flag_of(name) == "--" + name.replace("_", "-")
    assert getattr(read_settings({name: text}), name) == getattr(read_settings({}, {variable_of(name): text}), name)
    assert getattr(read_settings({name: text}), name) != getattr(Settings(), name)


def test_faults(tmp_path: Path) -> None:
    """Faults that are armed from the start are named one by one, by commas, or as a list of the file."""
    names = ("late-delivery", "drop")
    path = tmp_path / "localwaba.toml"
    path.write_text('[world]\nfaults = ["late-delivery", "drop"]\n', encoding="utf-8")
    assert flag_of("faults") == "--fault"
    assert read_settings({"faults": list(names)}).faults == names
    assert read_settings({}, {"LOCALWABA_FAULTS": "late-delivery, drop"}).faults == names
    assert read_settings({}, {}, path).faults == names


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("late-delivry", ["--fault", "did you mean late-delivery?"]),
        ("stuck", ["there is no fault stuck"]),
        ("reshape", ["reshape needs its how", "POST /_localwaba/faults"]),
    ],
)
def test_unknown_faults(name: str, words: list[str]) -> None:
    """A fault that there is not, or that needs more than its name, is refused before the start."""
    text = mistake({"faults": [name]})
    assert [word for word in words if word not in text] == []


def test_profile() -> None:
    """A ready profile is a knob like any other; one that there is not is told with those that there are."""
    assert read_settings({"policy": ["profile=relaxed"]}).policy == {"profile": "relaxed"}
    assert "relaxed, before-2025-10" in mistake({"policy": ["profile=relaxd"]})
