"""Wake-ups in a queue of Amazon SQS: deleted as they are taken, or they would come back to kill the next worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from django_q.brokers.aws_sqs import Sqs
from django_q.conf import Conf

from integrations.wakeups import QueueAway


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise QueueAway(f"SQS was not reached ({type(error).__name__}).") from error


class SqsWakeUps(Sqs):
    """django-q2's SQS broker. SQS may still hand a message out twice, which is harmless: it is only a call to look."""

    last: str | None = None

    def __init__(self, list_key: str | None = None) -> None:
        # The queues of an account are shared by all that runs in it.
        with _reached():
            super().__init__(f"{Conf.PREFIX}-{list_key or Conf.CLUSTER_NAME}")

    def enqueue(self, task: str) -> str | None:
        """Put a task into the queue."""
        with _reached():
            self.last = super().enqueue(task)
        return self.last

    def dequeue(self) -> list[tuple[None, str]] | None:
        """Take the next tasks out of the queue for good."""
        with _reached():
            taken = super().dequeue() or []
            for receipt, _body in taken:
                self.delete(receipt)
        return [(None, body) for _receipt, body in taken] or None

    def is_waiting(self, task: str | None) -> bool:
        """Tell whether anything waits, about: SQS does not look for a single message."""
        if task is None:
            return False
        with _reached():
            self.queue.reload()
            return self.queue_size() > 0
