"""Python's multiprocessing: a counter, a lock and a block of memory in /dev/shm that processes share, and a pool."""

import multiprocessing
import os
from multiprocessing import shared_memory

CONTEXT = multiprocessing.get_context("fork")


def work(number, counter, lock, name):
    block = shared_memory.SharedMemory(name=name)
    for _ in range(100):
        with lock:
            counter.value += 1
    block.buf[number] = number + 1
    block.close()


def share(block):
    counter = CONTEXT.Value("i", 0, lock=False)
    lock = CONTEXT.Lock()
    workers = [CONTEXT.Process(target=work, args=(number, counter, lock, block.name)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert counter.value == 300, counter.value
    assert bytes(block.buf[:3]) == bytes([1, 2, 3])


def main():
    block = shared_memory.SharedMemory(create=True, size=4096)
    try:
        for turn in range(5):
            share(block)
            with CONTEXT.Pool(2) as pool:
                assert pool.map(abs, range(-10, 0)) == list(range(10, 0, -1))
            print("turn", turn, "ok", flush=True)
    finally:
        block.close()
        block.unlink()
    assert not os.path.exists("/dev/shm/" + block.name)


main()
