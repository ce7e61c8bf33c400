"""Makes one of each object, waits for a file called "go", and looks whether all are as they were.

    objects.py DIRECTORY

Connections are expected to be reset: it is meant for a takeover while it waits.
"""
import ctypes
import os
import select
import signal
import socket
import struct
import sys
import threading
import time

directory = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
NONBLOCK = 0o4000
checks = []


def check(what):
    """Has the function run after the takeover."""

    def add(function):
        checks.append((what, function))
        return function

    return add


class TimerSetting(ctypes.Structure):
    _fields_ = [("interval", ctypes.c_long * 2), ("value", ctypes.c_long * 2)]


def timer(value_nanoseconds, interval_nanoseconds):
    descriptor = libc.timerfd_create(1, NONBLOCK)
    setting = TimerSetting((0, interval_nanoseconds), (0, value_nanoseconds))
    libc.timerfd_settime(descriptor, 0, ctypes.byref(setting), None)
    return descriptor


def raises(error, function):
    try:
        function()
    except error:
        return True
    return False


# For the signalfd; before there is another thread.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

# Pipes and pairs

pipe_out, pipe_in = os.pipe()
os.write(pipe_in, b"in the pipe" * 100)
ended_out, ended_in = os.pipe()
os.write(ended_in, b"rest")
os.close(ended_in)
blocked_out, blocked_in = os.pipe()
blocked_result = []
blocked = threading.Thread(target=lambda: blocked_result.append(os.read(blocked_out, 100)))
blocked.start()
left, right = socket.socketpair()
left.sendall(b"abc" * 1000)
right.sendall(b"xyz")
left.shutdown(socket.SHUT_WR)
left_packets, right_packets = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
left_packets.send(b"1")
left_packets.send(b"22")


@check("pipe")
def _():
    rest = os.read(pipe_out, 100_000)
    os.write(pipe_in, b"more")
    return rest == b"in the pipe" * 100 and os.read(pipe_out, 100) == b"more"


@check("pipe without a writer")
def _():
    return (os.read(ended_out, 100), os.read(ended_out, 100)) == (b"rest", b"")


@check("blocked read of a pipe")
def _():
    os.write(blocked_in, b"wake")
    blocked.join(10)
    return blocked_result == [b"wake"]


@check("pair of streams")
def _():
    received = b""
    while more := right.recv(100_000):
        received += more
    return received == b"abc" * 1000 and left.recv(10) == b"xyz"


@check("pair of datagrams")
def _():
    return (right_packets.recv(10), right_packets.recv(10)) == (b"1", b"22")


# Files


def listing(descriptor):
    count, buffer = 0, ctypes.create_string_buffer(4096)
    while (length := libc.syscall(217, descriptor, buffer, len(buffer))) > 0:  # getdents64
        at = 0
        while at < length:
            at += struct.unpack_from("H", buffer, at + 16)[0]
            count += 1
    return count if length == 0 else None


listed = os.open("/usr/bin", os.O_RDONLY | os.O_DIRECTORY)
listed_count = listing(listed)


@check("directory at its end, from the start again")
def _():
    if listing(listed) != 0:
        return False
    os.lseek(listed, 0, os.SEEK_SET)
    return listing(listed) == listed_count > 20


plain = open(directory + "/plain", "w+")
plain.write("hello")
plain.flush()
appended = open(directory + "/appended", "a")
appended.write("first\n")
appended.flush()
deleted = open(directory + "/deleted", "w+")
deleted.write("no name any more")
deleted.seek(3)
deleted.flush()
os.unlink(directory + "/deleted")
memory = os.memfd_create("memory")
os.write(memory, b"memory")
os.lseek(memory, 2, os.SEEK_SET)
place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
process_state = open("/proc/self/stat", "rb", buffering=0)
process_state.read(4)
null = os.open("/dev/null", os.O_RDWR)
shared = os.dup(null)


@check("file")
def _():
    plain.write(" world")
    plain.seek(0)
    return plain.read() == "hello world"


@check("file that is appended to")
def _():
    appended.write("second\n")
    appended.flush()
    return open(directory + "/appended").read() == "first\nsecond\n"


@check("deleted file")
def _():
    return deleted.read() == "no name any more"[3:]


@check("memfd")
def _():
    return os.read(memory, 10) == b"mory"


@check("directory")
def _():
    return "plain" in os.listdir(place) and os.open("plain", os.O_RDONLY, dir_fd=place) >= 0


@check("file of /proc/self")
def _():
    return b"python3" in process_state.read()


@check("device, by two numbers")
def _():
    return os.write(null, b"x") == 1 and os.write(shared, b"x") == 1


# Events

counter = os.eventfd(7, os.EFD_NONBLOCK)
ticks = timer(50_000_000, 50_000_000)
later = timer(0, 0)
watches = libc.inotify_init1(NONBLOCK)
libc.inotify_rm_watch(watches, libc.inotify_add_watch(watches, b"/tmp", 0x100))
watch = libc.inotify_add_watch(watches, directory.encode(), 0x100)
os.read(watches, 4096)
signals = libc.signalfd(-1, struct.pack("128s", struct.pack("Q", 1 << (signal.SIGUSR1 - 1))), NONBLOCK)
os.kill(os.getpid(), signal.SIGUSR1)


@check("eventfd")
def _():
    return os.eventfd_read(counter) == 7 and raises(BlockingIOError, lambda: os.eventfd_read(counter))


@check("timers")
def _():
    return struct.unpack("Q", os.read(ticks, 8))[0] >= 1 and raises(BlockingIOError, lambda: os.read(later, 8))


@check("inotify")
def _():
    open(directory + "/new", "w").close()
    events = os.read(watches, 4096)
    return struct.unpack("i", events[:4])[0] == watch


@check("signalfd")
def _():
    record = os.read(signals, 128)
    return struct.unpack("I", record[:4])[0] == signal.SIGUSR1


# Sockets

unix_listener = socket.socket(socket.AF_UNIX)
unix_listener.bind(directory + "/socket")
unix_listener.listen(3)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
listener.listen(8)
port = listener.getsockname()[1]
client = socket.create_connection(("127.0.0.1", port))
server = listener.accept()[0]
client.sendall(b"never read")
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("127.0.0.1", 0))
datagrams.settimeout(10)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(datagrams.getsockname())
unconnected = socket.socket()
unconnected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@check("Unix listener")
def _():
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(directory + "/socket")
        caller.send(b"hello")
        return unix_listener.accept()[0].recv(10) == b"hello"


@check("listener")
def _():
    with socket.create_connection(("127.0.0.1", port), 10) as caller:
        caller.send(b"hello")
        return listener.accept()[0].recv(10) == b"hello"


@check("datagrams")
def _():
    sender.send(b"hello")
    return datagrams.recv(10) == b"hello"


@check("connection")
def _():
    for end in (client, server):
        if not raises(ConnectionResetError, lambda: end.recv(10)) or end.recv(10) != b"":
            return False
        if not raises(BrokenPipeError, lambda: end.send(b"x")):
            return False
    return True


@check("socket that was never connected")
def _():
    unconnected.connect(("127.0.0.1", port))
    unconnected.send(b"late")
    return listener.accept()[0].recv(10) == b"late" and unconnected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# Epoll

watched_out, watched_in = os.pipe()
one_shot = os.eventfd(1, os.EFD_NONBLOCK)
epoll = select.epoll()
epoll.register(watched_out, select.EPOLLIN)
epoll.register(one_shot, select.EPOLLIN | select.EPOLLONESHOT)
outer_epoll = select.epoll()
outer_epoll.register(epoll, select.EPOLLIN)
fired = epoll.poll(0)


@check("epoll")
def _():
    if fired != [(one_shot, select.EPOLLIN)] or epoll.poll(0) or outer_epoll.poll(0):
        return False
    os.write(watched_in, b"x")
    if epoll.poll(0) != [(watched_out, select.EPOLLIN)] or len(outer_epoll.poll(0)) != 1:
        return False
    os.read(watched_out, 1)
    epoll.modify(one_shot, select.EPOLLIN)
    return epoll.poll(0) == [(one_shot, select.EPOLLIN)]


print("ready", flush=True)
while not os.path.exists(directory + "/go"):
    time.sleep(0.01)
for what, function in checks:
    try:
        print("ok" if function() else "wrong:", what, flush=True)
    except Exception as error:
        print("wrong:", what, repr(error), flush=True)
print("done", flush=True)
