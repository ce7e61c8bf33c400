"""Signals as Python programs use them."""
import os
import signal
import socket
import threading
import time

seen = []
signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))

os.kill(os.getpid(), signal.SIGUSR1)
print("kill", [signal.Signals(s).name for s in seen])

seen.clear()
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
while len(seen) < 5:
    signal.pause()
signal.setitimer(signal.ITIMER_REAL, 0)
print("timer", {signal.Signals(s).name for s in seen})

# A call that is interrupted by a handler goes on.
seen.clear()
signal.setitimer(signal.ITIMER_REAL, 0.01)
started = time.monotonic()
time.sleep(0.05)
print("slept on", time.monotonic() - started >= 0.049, len(seen))

# A handler that raises ends the call.
class Interrupted(Exception):
    pass


def interrupt(number, frame):
    raise Interrupted


signal.signal(signal.SIGALRM, interrupt)
reading, writing = os.pipe()
signal.setitimer(signal.ITIMER_REAL, 0.02)
try:
    os.read(reading, 1)
except Interrupted:
    print("read interrupted")

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
os.kill(os.getpid(), signal.SIGUSR2)
print("pending", signal.SIGUSR2 in signal.sigpending())
print("waited for", signal.sigwait([signal.SIGUSR2]).name)
print("none", signal.sigtimedwait([signal.SIGUSR2], 0.01))

a, b = socket.socketpair()
b.setblocking(False)
a.settimeout(30)
signal.set_wakeup_fd(b.fileno())
os.kill(os.getpid(), signal.SIGUSR1)
print("woken by", signal.Signals(a.recv(1)[0]).name)
signal.set_wakeup_fd(-1)

# Python runs handlers in its main thread, whichever thread the signal was sent to.
seen.clear()
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
signal.pthread_kill(thread.ident, signal.SIGUSR1)
while not seen:
    time.sleep(0.001)
stop.set()
thread.join()
print("to a thread", len(seen))

print("ignored before", signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.raise_signal(signal.SIGTERM)
