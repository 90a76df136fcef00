"""What every app stands on: errors, money, units, states, the actor, events, cases.

In: calls from the apps to the right. Out: value objects, guards, and the rows of the event log,
the cases, the refusals and the idempotency keys. It knows no business noun.
"""
