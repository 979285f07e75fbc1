"""Only this machine may be connected to, unless the policy says more, and no disguise helps."""

from __future__ import annotations

import pytest

from localwaba.webhooks.targets import LOOPBACK_ONLY, TargetPolicy, check_addresses, check_target, read_target


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5000/webhook",
        "https://127.255.255.254/",
        "http://[::1]:8080/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost:3000/hook?x=1",
        "HTTP://LocalHost",
        "http://localhost./",
        "http://app.localhost/",
    ],
)
def test_this_machine_is_allowed(url: str) -> None:
    """Every way to write loopback must pass."""
    assert check_target(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://192.168.1.1:80/",
        "http://8.8.8.8/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::ffff:0.0.0.0]/",
        "http://[fe80::1]/",
        "http://[::127.0.0.1]/",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    """What is not loopback must be refused with a reason, also when an IPv6 address hides it."""
    assert "neither this machine nor an allowed host" in (check_target(url) or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://1.2.3.4.5/",
        "http://127.0.0.01/",
    ],
)
def test_numbers_in_disguise_are_refused(url: str) -> None:
    """Spellings that parsers disagree about must be refused even if they mean loopback."""
    assert "number in disguise" in (check_target(url) or "")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://localhost@10.0.0.1/", "user name"),
        ("http://user:pw@localhost/", "user name"),
        ("http://localhost\\@10.0.0.1/", "backslash"),
        ("http://local host/", "space"),
        ("http://localhost/\r\nX: y", "control character"),
        ("\thttp://localhost/", "control character"),
        ("ftp://localhost/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("localhost:5000", "neither http nor https"),
        ("//localhost/", "neither http nor https"),
        ("", "neither http nor https"),
        ("http://", "names no host"),
        ("http:///path", "names no host"),
        ("http://localhost:0/", "port"),
        ("http://localhost:/", "port"),
        ("http://localhost:99999/", "cannot be read"),
        ("http://localhost:-1/", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://[::1%25lo]/", "zone"),
        ("http://[localhost]/", "cannot be read|not an IPv6"),
        ("http://ⓛocalhost/", "cannot be read|not ASCII"),
        ("http://bücher.test/", "not ASCII"),
        ("http://a..b/", "not a host name"),
        ("http://-a/", "not a host name"),
        ("http://a%00b/", "not a host name"),
        ("http://a,b/", "not a host name"),
        ("http://localhost/#part", "fragment"),
        ("http://localhost/#", "fragment"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(url: str, why: str) -> None:
    """Bad URLs must be refused with a reason under every policy, never raise."""
    for policy in (LOOPBACK_ONLY, TargetPolicy(("*",))):
        assert any(part in (check_target(url, policy) or "") for part in why.split("|"))


@pytest.mark.parametrize(
    ("entry", "url", "expected"),
    [
        ("*", "http://example.com/", True),
        ("*", "http://10.0.0.1/", True),
        ("app", "http://app:8000/", True),
        ("App.", "http://app.:8000/", True),
        ("app", "http://app2/", False),
        ("*.example.com", "http://a.b.example.com/", True),
        ("*.example.com", "http://evilexample.com/", False),
        ("10.0.0.7", "http://10.0.0.7/", True),
        ("10.0.0.7", "http://[::ffff:10.0.0.7]/", True),
        ("10.0.0.7", "http://10.0.0.8/", False),
        ("172.16.0.0/12", "http://172.20.1.1/", True),
        ("172.16.0.0/12", "http://172.32.1.1/", False),
        ("[fd00::1]", "http://[fd00::1]/", True),
    ],
)
def test_the_policy_allows_what_it_lists(entry: str, url: str, expected: bool) -> None:
    """Names, suffixes, addresses and networks must allow themselves and nothing beside."""
    refused = check_target(url, TargetPolicy((entry,)), resolve=lambda _: ["203.0.113.9"])
    assert (refused is None) == expected


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (["127.0.0.1", "::1"], True),
        (["127.0.0.1", "10.0.0.1"], False),
        (["::ffff:10.0.0.1"], False),
        (["fe80::1%eth0"], False),
        ([], False),
    ],
)
def test_a_name_is_this_machine_only_if_all_its_addresses_are(addresses: list[str], expected: bool) -> None:
    """One foreign address among loopback ones must be enough to refuse."""
    assert (check_target("http://name.test/", resolve=lambda _: addresses) is None) == expected


def test_a_name_that_resolves_to_nothing_is_refused() -> None:
    """A resolver's failure must be a reason, not an exception."""

    def fail(_: str) -> list[str]:
        raise OSError("no such name")

    assert check_target("http://name.test/", resolve=fail) == "the host name.test cannot be resolved"


def test_a_name_can_be_inside_an_allowed_network() -> None:
    """A listed network must allow names that lead into it."""
    policy = TargetPolicy(("10.0.0.0/8",))
    assert check_addresses("app.test", ["10.1.2.3"], policy) is None
    assert check_addresses("app.test", ["10.1.2.3", "11.0.0.1"], policy) is not None


def test_a_target_is_read_into_its_parts() -> None:
    """Scheme, host and port must be told, with the scheme's port by default."""
    target = read_target("https://App.Example.com./x")
    assert (target.scheme, target.host, target.port, target.address) == ("https", "app.example.com", 443, None)
    assert read_target("http://127.0.0.1:81/").port == 81
