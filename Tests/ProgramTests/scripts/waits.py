"""select, poll and epoll over pipes, socket pairs and eventfds."""
import os
import select
import selectors
import socket
import threading

reading, writing = os.pipe()
print("empty", select.select([reading], [writing], [], 0) == ([], [writing], []))
threading.Timer(0.02, os.write, (writing, b"x")).start()
print("readable", select.select([reading], [], [], 60)[0] == [reading])

poll = select.poll()
poll.register(reading, select.POLLIN)
poll.register(writing, select.POLLOUT)
print("poll", sorted(poll.poll(1000)) == sorted([(reading, select.POLLIN), (writing, select.POLLOUT)]))

with select.epoll() as epoll:
    epoll.register(reading, select.EPOLLIN | select.EPOLLET)
    print("edge", len(epoll.poll(1)), len(epoll.poll(0.01)))
    os.write(writing, b"y")
    print("again", len(epoll.poll(1)))
    epoll.modify(reading, select.EPOLLIN | select.EPOLLONESHOT)
    print("oneshot", len(epoll.poll(1)), len(epoll.poll(0.01)))
    epoll.modify(reading, select.EPOLLIN)
    print("level", len(epoll.poll(1)), len(epoll.poll(1)))
    os.close(writing)
    os.read(reading, 10)
    print("hung up", epoll.poll(1)[0][1] == select.EPOLLHUP)
    epoll.unregister(reading)
os.close(reading)

counter = os.eventfd(3, os.EFD_NONBLOCK)
os.eventfd_write(counter, 4)
print("eventfd", os.eventfd_read(counter))
try:
    os.eventfd_read(counter)
except BlockingIOError:
    print("eventfd is empty")

for kind in (selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector):
    with kind() as selector:
        pairs = [socket.socketpair() for _ in range(20)]
        for number, (near, far) in enumerate(pairs):
            near.setblocking(False)
            selector.register(near, selectors.EVENT_READ, number)
            threading.Thread(target=far.sendall, args=(b"%d" % number,)).start()
        got = {}
        while len(got) < len(pairs):
            for key, _ in selector.select(60):
                got[key.data] = int(key.fileobj.recv(10))
        print(kind.__name__, all(key == value for key, value in got.items()))
        for near, far in pairs:
            near.close()
            far.close()
