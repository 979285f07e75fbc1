"""Judges that many checks have in common."""

from __future__ import annotations

from collections.abc import Iterable

from localwaba.operations.checks.model import Exchange, Judge, Person, Scene, Seen, Verdict, broken, doubtful, passed
from localwaba.operations.checks.payloads import person

TAKEN = "200"
_FORGED = 8
"""So many users may be in the forged webhooks of a check."""


def taken(seen: Seen) -> Verdict:
    """Every request was taken."""
    return judge_taken(seen.exchanges)


def judge_taken(exchanges: Iterable[Exchange], expected: str = TAKEN) -> Verdict:
    """Whether all of these were taken."""
    there = list(exchanges)
    bad = tuple(one for one in there if not one.answer.is_taken)
    if not bad:
        return passed(f"{len(there)} of {len(there)} taken" if len(there) > 1 else "")
    first = bad[0]
    hint = "; was it taken for forged?" if first.answer.status in (401, 403) else ""
    many = f"{len(bad)} of {len(there)} were not taken; the first, {first.request.about}: " if len(there) > 1 else ""
    return broken(expected, f"{many}{first.answer.text}{hint}", bad[:5])


def if_taken(judge: Judge) -> Judge:
    """A judge who looks further only if every request was taken."""

    def look(seen: Seen) -> Verdict:
        verdict = taken(seen)
        return verdict if verdict.outcome != "passed" else judge(seen)

    return look


def answered(*places: int) -> Judge:
    """The webhook was taken, and these users of the check were written to."""
    return if_taken(lambda seen: reached(seen, places))


def reached(seen: Seen, places: Iterable[int], *, fair: bool = False) -> Verdict:
    """Whether users were written to, if the app writes at all; with `fair` it is only doubted."""
    if not seen.usual:
        return passed("taken; what the app does with it could not be seen")
    people = [person(seen.scene, place) for place in places]
    left = [who for who in people if not seen.to(who)]
    if not left:
        return passed()
    expected = "an answer to each of them, as to any text" if len(people) > 1 else "an answer, as to any text"
    names = ", ".join(who.name for who in left[:4]) + (" and others" if len(left) > 4 else "")
    happened = f"200, but nothing was sent to {names}" + (f" ({len(left)} of {len(people)})" if len(people) > 1 else "")
    return (doubtful if fair else broken)(expected, happened)


def silent(why: str, *, fair: bool = False) -> Judge:
    """The webhook was taken, and nobody was written to because of it."""

    @if_taken
    def judge(seen: Seen) -> Verdict:
        count = sum(seen.to(person(seen.scene, place)) for place in range(4))
        if not count:
            return passed()
        happened = f"the app sent {plural(count, 'message')} because of it"
        return (doubtful if fair else broken)(f"no message: {why}", happened)

    return judge


def refused(seen: Seen) -> Verdict:
    """Each was refused with a 4xx, and had no effect."""
    count = sum(seen.to(person(seen.scene, place)) for place in range(_FORGED))
    expected = "a 4xx (401 or 403), and no effect"
    if count:
        return broken(expected, f"the app acted on it: it sent {plural(count, 'message')}")
    for one in seen.exchanges:
        answer = one.answer
        if answer.is_taken and seen.usual:
            happened = f"{one.request.about}: {answer.text}, but nothing was done with it"
            return doubtful(expected, happened, (one,))
        if answer.status is None or not 400 <= answer.status < 500:
            return broken(expected, f"{one.request.about}: {answer.text}", (one,))
    return passed()


def once(places: Iterable[int] = (0,)) -> Judge:
    """Everything was taken, and each user was written to as often as for one text."""
    wanted = tuple(places)
    return if_taken(lambda seen: judge_once(seen, [person(seen.scene, at) for at in wanted]))


def judge_once(seen: Seen, people: Iterable[Person]) -> Verdict:
    """Whether each got as many messages as one text causes."""
    for who in people:
        count = seen.to(who)
        expected = f"one effect: {plural(seen.usual, 'message')} to {who.name}, as for one text"
        if count > seen.usual:
            return broken(expected, f"{plural(count, 'message')} to {who.name}")
        if not count:
            return broken(expected, f"nothing was sent to {who.name}")
    return passed()


def plural(count: int, what: str) -> str:
    """A number of things."""
    return f"{count} {what}" + ("" if count == 1 else "s")


def people(scene: Scene, count: int) -> list[Person]:
    """The first users of a check."""
    return [person(scene, place) for place in range(count)]
