"""The hub: flows, connectors, inbox, dispatch, deliveries, repairs. Transport and mapping, no rules.

In: other systems' messages and our events. Out: records to the apps, deliveries to systems.
"""
