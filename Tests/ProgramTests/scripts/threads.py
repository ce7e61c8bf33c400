"""Threads, and everything they meet at."""
import concurrent.futures
import queue
import threading
import time

lock = threading.Lock()
count = 0


def add():
    global count
    for _ in range(2000):
        with lock:
            count += 1


threads = [threading.Thread(target=add) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("count", count)

with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print("pool", sum(pool.map(lambda n: n * n, range(500))))

items = queue.Queue(maxsize=4)
taken = []


def take():
    while (item := items.get()) is not None:
        taken.append(item)


takers = [threading.Thread(target=take) for _ in range(3)]
for taker in takers:
    taker.start()
for number in range(300):
    items.put(number)
for _ in takers:
    items.put(None)
for taker in takers:
    taker.join()
print("queue", sorted(taken) == list(range(300)))

barrier = threading.Barrier(5)
order = []


def meet(number):
    for _ in range(20):
        barrier.wait()
        if number == 0:
            order.append(barrier.n_waiting >= 0)


members = [threading.Thread(target=meet, args=(n,)) for n in range(5)]
for member in members:
    member.start()
for member in members:
    member.join()
print("barrier", len(order))

condition = threading.Condition()
turn = 0


def ping_pong(own):
    global turn
    for _ in range(200):
        with condition:
            condition.wait_for(lambda: turn % 2 == own)
            turn += 1
            condition.notify_all()


players = [threading.Thread(target=ping_pong, args=(n,)) for n in range(2)]
for player in players:
    player.start()
for player in players:
    player.join()
print("turns", turn)

event = threading.Event()
print("not set", event.wait(0.02))
threading.Timer(0.02, event.set).start()
print("set", event.wait(60))
print("acquired", lock.acquire(), lock.acquire(timeout=0.02))

local = threading.local()
local.value = 1
seen = []
other = threading.Thread(target=lambda: seen.append(hasattr(local, "value")))
other.start()
other.join()
print("local", seen, threading.active_count())
daemon = threading.Thread(target=time.sleep, args=(1000,), daemon=True)
daemon.start()
