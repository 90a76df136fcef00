"""Other queues for wake-ups than the database's own table, chosen by Q_BROKER."""
