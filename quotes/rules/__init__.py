"""Rules of quotes: who must approve, how long an offer holds, what changed."""
