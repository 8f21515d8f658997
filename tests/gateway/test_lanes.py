"""The two lanes: live data first, back-fill never starved, bounds that can be asked for."""

import threading
from dataclasses import dataclass

from ecobureau.gateway.lanes import Bounds, Lanes


@dataclass
class Item:
    name: int
    live: bool = True
    size: int = 1


def lanes(**changed):
    bounds = {"live": 100, "backfill": 100, "bytes": 1000, "batch": 16, "share": 4} | changed
    return Lanes(Bounds(**bounds))


def test_live_frames_come_first_and_in_order():
    queue = lanes()
    queue.put_all([Item(1, live=False), Item(2), Item(3)])
    assert [item.name for item in queue.take()] == [2, 3, 1]


def test_backfill_moves_on_under_a_full_live_lane():
    queue = lanes()
    queue.put_all([Item(n) for n in range(50)])
    queue.put_all([Item(100 + n, live=False) for n in range(50)])
    batch = queue.take()
    assert len(batch) == 16
    assert [item.name for item in batch if not item.live] == [100, 101]


def test_backfill_alone_still_makes_short_batches():
    queue = lanes()
    queue.put_all([Item(n, live=False) for n in range(50)])
    assert len(queue.take()) == 4


def test_a_live_frame_waits_for_one_short_batch_at_most():
    queue = lanes()
    queue.put_all([Item(n, live=False) for n in range(90)])
    queue.take()
    queue.put(Item(7))
    assert queue.take()[0].name == 7


def test_bounds_by_frames_and_bytes_of_each_lane():
    queue = lanes(live=2, bytes=10)
    assert not queue.full(True)
    queue.put_all([Item(1), Item(2)])
    assert queue.full(True)
    assert not queue.full(False)
    queue.put(Item(3, live=False, size=10))
    assert queue.full(False)
    queue.take()
    assert not queue.full(True)
    assert queue.easy(True)
    assert queue.easy(False)
    assert queue.depth() == (0, 0, 0)


def test_a_half_full_lane_is_neither_full_nor_easy():
    queue = lanes(live=4)
    queue.put_all([Item(1), Item(2), Item(3)])
    assert not queue.full(True)
    assert not queue.easy(True)


def test_take_wakes_for_a_frame_and_ends_when_closed_and_drained():
    queue = lanes()
    batches = []
    reader = threading.Thread(target=lambda: batches.extend(iter(queue.take, [])))
    reader.start()
    queue.put(Item(1))
    queue.put(Item(2, live=False))
    queue.close()
    reader.join(10)
    assert not reader.is_alive()
    assert sorted(item.name for batch in batches for item in batch) == [1, 2]


class Taker(threading.Thread):
    """A writer that notes its batches until the lanes end."""

    def __init__(self, queue):
        super().__init__(daemon=True)
        self.queue, self.batches = queue, []
        self.start()

    def run(self):
        while batch := self.queue.take():
            self.batches.append([item.name for item in batch])


def borrowed(queue):
    """Wait until the writer stands still; it does so as soon as it waits for work."""
    while not queue.lend():
        pass


def test_the_writer_is_lent_only_while_it_waits_for_work():
    queue = lanes()
    assert not queue.lend()  # nobody waits there
    queue.put(Item(1))
    assert not queue.lend()  # there is work
    taker = Taker(queue)
    borrowed(queue)
    assert not queue.lend()  # one at a time
    queue.put_all([Item(2), Item(3)])
    assert taker.batches == [[1]]
    queue.give_back([Item(9)])
    queue.close()
    taker.join(30)
    assert taker.batches == [[1], [9], [2, 3]]
    assert not queue.lend()


def test_lanes_that_end_wait_for_what_was_lent():
    queue = lanes()
    taker = Taker(queue)
    borrowed(queue)
    queue.close()
    assert taker.is_alive()
    queue.give_back([Item(1)])
    taker.join(30)
    assert not taker.is_alive()
    assert taker.batches == [[1]]
