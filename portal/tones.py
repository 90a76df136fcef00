"""Which tone the badge of each status has: one table for the portal and the back office.

"" ordinary or not begun, work on its way, part and good settled, warn the reader is asked,
bad stopped, out over. Colour is for exceptions: most states of most documents are grey or blue.
"""

TONES: dict[str, dict[str, str]] = {
    "order": {
        "pending_approval": "warn",
        "returned": "warn",
        "received": "",
        "on_hold": "warn",
        "confirmed": "work",
        "closed": "good",
        "rejected": "bad",
        "cancelled": "out",
    },
    "delivery": {"none": "", "waiting": "", "partial": "part", "shipped": "good", "exception": "bad"},
    "invoicing": {"none": "", "pending": "", "partial": "part", "invoiced": "good", "exception": "bad"},
    "payment": {"none": "", "open": "", "partial": "part", "paid": "good"},
    "shipment": {
        "planned": "",
        "picked": "work",
        "packed": "work",
        "shipped": "work",
        "delivered": "good",
        "cancelled": "out",
    },
    # the buyer's words (quotes.states.BuyerView); the desk is asked when a change is requested
    "quote": {
        "waiting": "warn",
        "in_revision": "work",
        "change_requested": "work",
        "accepted": "good",
        "declined": "out",
        "expired": "out",
        "withdrawn": "out",
    },
    "quote-desk": {
        "draft": "",
        "in_approval": "warn",
        "approved": "good",
        "sent": "work",
        "change_requested": "warn",
        "accepted": "good",
        "declined": "out",
        "expired": "out",
        "withdrawn": "out",
    },
    "rfq": {"submitted": "", "in_work": "work", "quoted": "good", "declined": "out", "cancelled": "out"},
    "rfq-desk": {
        "submitted": "warn",
        "in_work": "work",
        "quoted": "good",
        "declined": "out",
        "cancelled": "out",
    },
    "outgoing": {"waiting": "", "sending": "work", "delivered": "ok", "buried": "bad", "dropped": "out"},
    "process": {"running": "work", "done": "ok", "undoing": "warn", "undone": "out", "waiting": "bad"},
    "step": {
        "waiting": "",
        "started": "work",
        "done": "ok",
        "failed": "bad",
        "undoing": "warn",
        "undone": "out",
    },
    "inbox": {"new": "", "applied": "ok", "old": "out", "parked": "warn", "quarantined": "bad"},
    "case": {"open": "warn", "closed": "good", "ignored": "out"},
    "severity": {"broken": "bad", "at_risk": "warn", "none": ""},
    "approval": {
        "open": "warn",
        "approved": "good",
        "rejected": "bad",
        "returned": "warn",
        "cancelled": "out",
        "replaced": "out",
    },
    "product": {"active": "", "blocked": "warn", "retired": "out"},
    "company": {"pending": "work", "active": "", "on_hold": "warn", "rejected": "out", "closed": "out"},
}


def tone_of(kind: str, status: str) -> str:
    """The tone of a status; an unknown one is ordinary. An unknown kind is a mistake of ours."""
    return TONES[kind].get(status, "")
