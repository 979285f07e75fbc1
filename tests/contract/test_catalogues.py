"""The error catalogue and the routes: every row usable, none twice."""

from __future__ import annotations

import re

import pytest

from localwaba_contracts import error, errors, find_error, names, routes

EVERY_CODE = """
0 1 2 3 4 10 33 100 104 190 200 368 613 803 2500 80007 80008 130429 130472 130497 130501 130403 131000 131005
131008 131009 131016 131020 131021 131026 131030 131031 131036 131037 131041 131042 131044 131045 131047
131048 131049 131050 131051 131052 131053 131055 131056 131057 131058 131059 131060 131062 131063 131064
131201 131202 131203 131204 131207 131208 131209 131210 131211 131212 131213 131214 131215 132000 132001
132005 132007 132008 132012 132015 132016 132018 132068 132069 133000 133004 133005 133006 133008 133009
133010 133015 133016 134011 134100 134101 134102 134103 135000 136024 136025 137000 138000 138001 138002
138003 138004 138005 138006 138007 138009 138012 138013 138014 138015 138017 138018 138019 138020 138021
138022 138023 139000 139001 139002 139003 139004 139006 139100 139101 139102 139103 139200 147001 147002
147003 147004 147005 192 200002 200005 200006 200007 1752041 2593107 2593108 4233041 2200 2201 2494164 2494165
2494166 2494167 2494168 2494176 2494177 2494179 100/33 190/458 190/459 190/460 190/463 190/464 190/467 190/492
100/2388001 100/2388012 100/2388091 100/2388093 100/2388103 100/2494100 100/2388019 100/2388023 100/2388024
100/2388039 100/2388040 100/2388042 100/2388043 100/2388046 100/2388047 100/2388060 100/2388072 100/2388073
100/2388081 100/2388094 100/2388148 100/2388155 10/2388185 100/2388273 100/2388293 100/2388299 131009/2494102
"""


@pytest.mark.parametrize("key", EVERY_CODE.split())
def test_code_is_in_the_catalogue(key):
    """Every code of the platform that is known has a row, of that code and subcode."""
    row = error(key)
    assert [str(part) for part in (row.code, row.subcode) if part is not None] == key.split("/")


def test_keys_are_unique():
    """A key names one row."""
    assert len({row.key for row in errors()}) == len(errors())


@pytest.mark.parametrize("row", errors(), ids=lambda row: row.key)
def test_row_is_usable(row):
    """Each row has a text, a status, a way and a source, in the words that readers know."""
    assert all((row.title, row.meaning, row.source))
    assert row.status in {206, 400, 401, 403, 404, 429, 500, 503}
    assert row.type in {"OAuthException", "GraphMethodException"}
    assert row.data in {"never", "always", "given"}
    assert row.channel in {"sync", "webhook", "both"}
    assert row.confidence in {"M", "C", "U"}
    assert row.data != "always" or row.details
    assert (row.user_title is None) == (row.user_msg is None)
    assert not row.title.startswith("(#") or row.key == "139102"


def test_subcode_falls_back_to_its_code():
    """A subcode without a row is answered as its code is."""
    assert find_error(190, 999) == error("190")
    assert find_error(190, 463) == error("190/463")
    assert find_error(999999) is None


def test_statuses_are_those_of_the_last_page_that_had_them():
    """The codes that are not answered with 400 have the status of Meta's table."""
    table = {401: (0, 190), 403: (10, 200, 368, 130497, 131005, 131031), 404: (132001,), 503: (2, 133004)}
    table[500] = (3, 131000, 131016, 131045, 131057, 133000, 134102)
    assert [(code, error(str(code)).status) for codes in table.values() for code in codes] == [
        (code, status) for status, codes in table.items() for code in codes
    ]


def test_routes_are_unique():
    """A method and a path lead to one operation."""
    assert len({(row.method, row.host, row.path) for row in routes()}) == len(routes())


@pytest.mark.parametrize("row", routes(), ids=lambda row: f"{row.method} {row.path}")
def test_route_is_usable(row):
    """Each route names a kind of node, an edge that is in its path, a verb and a noun, and contracts that exist."""
    assert row.method in {"GET", "POST", "DELETE"}
    assert row.permission in {"messaging", "management", "either", "business", "none"}
    assert row.status in {"imitated", "gap"}
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", row.operation)
    assert row.path.endswith(row.edge)
    assert (row.node == "root") == (not row.path.startswith("/{"))
    known = {*names(), "requests/messages"}
    assert {row.request or "requests/messages", row.answer or "requests/messages"} <= known


def test_operation_has_one_row_unless_it_has_two_verbs():
    """Only the exchange of tokens may be called by two methods."""
    found = [row.operation for row in routes()]
    assert {name for name in found if found.count(name) > 1} == {"issue_access_token"}
