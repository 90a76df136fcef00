"""Rules of the company tree."""

from collections.abc import Mapping


def orphaned_and_cyclic(parents: Mapping[str, str | None]) -> dict[str, str]:
    """The customers whose place in the tree cannot be taken, with the reason (ACC-02).

    parents: {number: number of the parent or None}, of everything there would be. Returns
    {number: "self" | "missing" | "cycle"}; whoever hangs below a bad one is not listed.
    """
    bad: dict[str, str] = {}
    for number, parent in parents.items():
        if parent == number:
            bad[number] = "self"
        elif parent is not None and parent not in parents:
            bad[number] = "missing"
        elif _runs_in_circle(number, parents):
            bad[number] = "cycle"
    return bad


def _runs_in_circle(number: str, parents: Mapping[str, str | None]) -> bool:
    seen, current = {number}, parents.get(number)
    while current is not None and current in parents:
        if current == number:
            return True
        if current in seen:
            return False  # a circle above, which is theirs
        seen.add(current)
        current = parents[current]
    return False
