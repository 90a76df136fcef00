"""Every write of quotes, by noun: requests, drafts, approval, offers, answers."""
