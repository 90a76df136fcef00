"""Trees that come as nodes with the names of their parents: what can be placed, and what cannot."""

from collections.abc import Collection, Mapping

Parents = Mapping[str, str | None]


def misplaced(
    told: Parents, *, known: Parents | None = None, refused: Collection[str] = ()
) -> dict[str, str]:
    """The told nodes that cannot be placed, with the reason: "self", "missing" or "cycle".

    told, known: {node: parent or None}, as it shall be and as it is. refused: told nodes that are not
    taken for a reason of their own. What is not taken stays where it is, or does not come: then
    what hangs below it is "missing" its parent. Source: ACC-02.
    """
    bad: dict[str, str] = {}
    while True:
        taken = {node: parent for node, parent in told.items() if node not in bad and node not in refused}
        parents = {**(known or {}), **taken}
        found = {node: reason for node in taken if (reason := _problem(node, parents))}
        if not found:
            return bad
        bad |= found


def _problem(node: str, parents: Parents) -> str:
    parent = parents[node]
    if parent == node:
        return "self"
    if parent is not None and parent not in parents:
        return "missing"
    return "cycle" if _in_circle(node, parents) else ""


def _in_circle(node: str, parents: Parents) -> bool:
    seen, current = {node}, parents.get(node)
    while current is not None and current not in seen:
        seen.add(current)
        current = parents.get(current)
    return current == node
