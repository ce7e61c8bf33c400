"""What an event loop is made of: timers, other threads that call in, signals, cancelled and timed-out waits."""
import asyncio
import os
import signal
import threading
import time


async def timers():
    seen = []
    loop = asyncio.get_running_loop()
    for delay in (0.03, 0.01, 0.02, 0):
        loop.call_later(delay, seen.append, delay)
    await asyncio.sleep(0.1)
    print("timers", seen)


async def from_threads():
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()

    def produce(number):
        for item in range(100):
            loop.call_soon_threadsafe(queue.put_nowait, number * 100 + item)

    threads = [threading.Thread(target=produce, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    items = [await queue.get() for _ in range(400)]
    for thread in threads:
        thread.join()
    print("from threads", sorted(items) == list(range(400)))
    print("executor", await asyncio.gather(*(asyncio.to_thread(pow, 3, n) for n in range(20))))


async def signals():
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, seen.set)
    threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    await asyncio.wait_for(seen.wait(), 30)
    loop.remove_signal_handler(signal.SIGUSR1)
    print("signal seen")


async def cancelled():
    task = asyncio.create_task(asyncio.sleep(1000))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.02)
    except asyncio.TimeoutError:
        print("timed out")
    async with asyncio.timeout(30):
        started = time.monotonic()
        await asyncio.sleep(0.03)
        print("slept enough", time.monotonic() - started >= 0.029)


async def main():
    await timers()
    await from_threads()
    await signals()
    await cancelled()


asyncio.run(main())
