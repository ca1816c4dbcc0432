"""Beat's clock. It stops ringing while nobody answers, so that a broker without workers does not fill up."""

import logging

from celery.beat import Scheduler

logger = logging.getLogger(__name__)

# A tick that waits does the work of all that come after it.
MOST_WAITING = 20


class PatientScheduler(Scheduler):
    """Keeps its state in memory: what is due is computed from the database."""

    def apply_entry(self, entry, producer=None):
        if self._waiting(entry.options["queue"]) < MOST_WAITING:
            super().apply_entry(entry, producer=producer)

    def _waiting(self, queue):
        try:
            return self.producer.channel.client.llen(queue)
        except Exception:
            # Sending runs into the same trouble, and says so.
            logger.debug("The broker does not say how much waits.", exc_info=True)
            return 0
