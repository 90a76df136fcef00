"""The parts of the portal that come with flows of phase 2: there while their flow is live (OPS-09)."""

from collections.abc import Collection

from integrations.flows import fed

# Quotes are ours, but their floors come with the costs: without those nobody could approve one.
FEATURES: dict[str, str] = {flow.feature: flow.kind for flow in fed() if flow.feature}


def features_on(kinds_off: Collection[str]) -> frozenset[str]:
    """The features that are there. kinds_off: as `core.freshness.kinds_off` tells."""
    return frozenset(feature for feature, kind in FEATURES.items() if kind not in kinds_off)
