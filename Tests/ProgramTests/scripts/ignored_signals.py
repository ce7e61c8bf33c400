"""Shows which signals of children and of job control are ignored at the start, and waits for children all the same."""

import os
import signal

names = ["SIGCHLD", "SIGTSTP", "SIGTTIN", "SIGTTOU"]
print(*(signal.getsignal(getattr(signal, name)).name for name in names))
for name in names:
    signal.signal(getattr(signal, name), signal.SIG_DFL)

child = os.fork()
if child == 0:
    os._exit(5)
print(os.waitpid(child, 0)[1])

for number in [signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU]:
    child = os.fork()
    if child == 0:
        # In a group that is not orphaned: its parent is in another one.
        os.setpgid(0, 0)
        os.kill(os.getpid(), number)
        os._exit(6)
    print(os.WSTOPSIG(os.waitpid(child, os.WUNTRACED)[1]))
    os.kill(child, signal.SIGCONT)
    print(os.waitpid(child, 0)[1])
