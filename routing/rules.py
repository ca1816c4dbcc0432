"""Who gets the next lead: round robin weighted by free capacity. No queries."""

import datetime
import heapq
from dataclasses import dataclass, field

LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.UTC)


@dataclass
class Seat:
    """A rep who may be given leads now: `free` more of them, the last one at `last_at`."""

    user: object
    capacity: int
    open: int
    last_at: datetime.datetime | None
    given: int = 0

    @property
    def free(self) -> int:
        return max(self.capacity - self.open, 0)

    @property
    def is_full(self) -> bool:
        return self.given >= self.free


@dataclass(frozen=True)
class Contender:
    """A lead that waits for a rep of a pool. The best grade goes first, then the score, then who came first."""

    lead_id: int
    pool_id: int
    grade: str
    score: int
    is_new: bool = field(default=True, compare=False)

    @property
    def rank(self) -> tuple[str, int, int]:
        return self.grade or "~", -self.score, self.lead_id


def share_out(contenders, seats) -> dict[int, tuple[Seat, int]]:
    """{lead_id: (Seat, its turn)} for as many contenders as `seats`, {pool_id: [Seat]}, have room for.

    The k-th lead of a rep with room for f comes at k/f, so that reps fill up evenly and each stays within her
    capacity; at a tie, whoever was given a lead longest ago, then the lower id. A rep may sit in several pools. Counts
    up `given` of the seats.
    """
    queues = {pool_id: [_turn(seat) for seat in there if seat.free] for pool_id, there in seats.items()}
    for queue in queues.values():
        heapq.heapify(queue)
    shared = {}
    for contender in sorted(contenders, key=lambda contender: contender.rank):
        seat = _next_seat(queues.get(contender.pool_id, []))
        if seat:
            seat.given += 1
            shared[contender.lead_id] = (seat, seat.given)
    return shared


def _turn(seat):
    return (seat.given + 1) / seat.free, seat.last_at or LONG_AGO, seat.user.pk, seat


def _next_seat(queue):
    while queue:
        turn, seat = queue[0], queue[0][-1]
        if seat.is_full:
            heapq.heappop(queue)
        elif turn != (fresh := _turn(seat)):
            # She was given a lead since, here or in another pool.
            heapq.heapreplace(queue, fresh)
        else:
            return seat
    return None
