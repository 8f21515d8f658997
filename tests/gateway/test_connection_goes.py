"""A connection that is over goes by itself: the cycle collector runs too seldom to be relied on."""

from __future__ import annotations

import gc
import weakref

from gateway.field import gateway, in_loop, until


@in_loop
async def test_a_closed_connection_leaves_no_cycle(field):
    device = field.register()
    async with gateway(field) as running:
        wire, other = await running.dial(), await running.dial()
        await wire.ask(device.live(1))
        (connection,) = [one for one in running.gateway.connections if one.frames]
        seen = [weakref.ref(connection), weakref.ref(connection.reader)]
        del connection
        gc.collect()
        gc.disable()
        try:
            wire.close()
            await until(lambda: len(running.gateway.connections) == 1)
            for number in (2, 3):  # the writer holds its last batch until the next one
                await other.ask(device.live(number))
            await until(lambda: [one() for one in seen] == [None, None])
        finally:
            gc.enable()
