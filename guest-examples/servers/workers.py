"""Prints "line 1" to "line COUNT", each made by a thread, a command, and a forked process in turn. A child that a
takeover has killed is started again."""
import multiprocessing
import subprocess
import sys
import threading


def by_thread(number):
    result = []
    thread = threading.Thread(target=lambda: result.append(f"line {number}"))
    thread.start()
    thread.join()
    return result[0]


def by_command(number):
    while True:
        done = subprocess.run(["/bin/echo", "line", str(number)], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.rstrip("\n")


def by_process(number):
    context = multiprocessing.get_context("fork")
    while True:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=lambda: theirs.send(f"line {number}"))
        process.start()
        theirs.close()
        try:
            line = ours.recv()
        except EOFError:
            line = None
        process.join()
        if line is not None:
            return line


for number in range(1, int(sys.argv[1]) + 1):
    print([by_thread, by_command, by_process][number % 3](number), flush=True)
