#!/usr/bin/python3
"""A guest whose children change the files of a volume.

    family.py rounds DIRECTORY SEED   rounds of three children each, for ever: a round that was said is there for good
    family.py check DIRECTORY SEED N  whether all up to round N is there; natively
    family.py kill DIRECTORY SEED N   a child in the middle of changing files is killed, so many times; `queue` for
                                      `kill` has it killed by sigqueue(3)
    family.py heirs DIRECTORY         files that children, and theirs, have from who has closed them since

A child's steps are known, so that one which was killed must have left what some of its first steps come to: that is
looked at, and its work is done again.
"""
import ctypes
import hashlib
import os
import random
import signal
import sys
import time

CHILDREN = 3
PIECES = 8


def content(name):
    """What a file of that name has at the end, in pieces."""
    generator = random.Random(name)
    return [generator.randbytes(generator.randint(1, 9000)) for _ in range(PIECES)]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def digest(name):
    return hashlib.sha256(b"".join(content(name))).hexdigest()


def work(directory, name):
    """A child's steps, in this order."""
    draft, final = f"{directory}/{name}.draft", f"{directory}/{name}"
    with open(draft, "xb", buffering=0) as file:
        for piece in content(name):
            file.write(piece)
    os.rename(draft, final)
    with open(directory + "/log", "ab", buffering=0) as log:
        log.write(f"{name} {digest(name)}\n".encode())


def clear(directory, name):
    """Looks at what a killed child has left, and takes it away."""
    draft, final = f"{directory}/{name}.draft", f"{directory}/{name}"
    logged = f"{name} {digest(name)}\n".encode() in read(directory + "/log")
    pieces = content(name)
    if os.path.exists(final):
        assert not os.path.exists(draft), f"{name} has both names"
        assert read(final) == b"".join(pieces), f"{name} was renamed before it was whole"
        os.unlink(final)
    else:
        assert not logged, f"{name} is in the log, but not there"
        if os.path.exists(draft):
            found = read(draft)
            assert any(found == b"".join(pieces[:count]) for count in range(PIECES + 1)), f"{name} has a hole"
            os.unlink(draft)
    if logged:
        lines = [line for line in read(directory + "/log").splitlines(True) if not line.startswith(name.encode())]
        with open(directory + "/log.new", "wb") as log:
            log.write(b"".join(lines))
        os.rename(directory + "/log.new", directory + "/log")


def require(directory, name):
    assert read(f"{directory}/{name}") == b"".join(content(name)), f"{name} is damaged"
    assert f"{name} {digest(name)}\n".encode() in read(directory + "/log"), f"{name} is not in the log"


def rounds(directory, seed):
    open(directory + "/log", "xb").close()
    number = 0
    while True:
        number += 1
        names = [f"{seed}.{number}.{child}" for child in range(CHILDREN)]
        children = {}
        for name in names:
            pid = os.fork()
            if pid == 0:
                work(directory, name)
                os._exit(0)
            children[pid] = name
        while children:
            pid, status = os.wait()
            name = children.pop(pid)
            if os.WIFSIGNALED(status):
                assert os.WTERMSIG(status) == signal.SIGKILL, f"{name} ended by {os.WTERMSIG(status)}"
                print(f"killed {name}", flush=True)
                clear(directory, name)
                work(directory, name)
            else:
                assert os.WEXITSTATUS(status) == 0, f"{name} ended with {os.WEXITSTATUS(status)}"
        for name in names:
            require(directory, name)
        print(f"round {number}.", flush=True)


def check(directory, seed, number):
    for round in range(1, number + 1):
        for child in range(CHILDREN):
            require(directory, f"{seed}.{round}.{child}")
    print("all there")


def kill(directory, seed, count, send):
    generator = random.Random(seed)
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            while True:
                path = f"{directory}/{number % 3}"
                with open(path + ".draft", "wb", buffering=0) as file:
                    for _ in range(4):
                        file.write(b"x" * 3000)
                os.rename(path + ".draft", path)
                os.mkdir(path + ".directory")
                os.rmdir(path + ".directory")
        time.sleep(generator.uniform(0, 0.004) if number % 4 else 0.02)
        send(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
        if os.path.isdir(f"{directory}/{number % 3}.directory"):
            os.rmdir(f"{directory}/{number % 3}.directory")
    print(f"killed {count}", flush=True)


def queue(pid, number):
    if ctypes.CDLL(None, use_errno=True).sigqueue(pid, number, None) != 0:
        raise OSError(ctypes.get_errno(), "sigqueue")


def heirs(directory):
    """An heir outlives its parent; a file that has no name any more is written to by it alone."""
    reader, writer = os.pipe()
    heirs = 4
    for number in range(heirs):
        file = os.open(f"{directory}/heir{number}", os.O_WRONLY | os.O_CREAT)
        gone = os.open(f"{directory}/gone{number}", os.O_RDWR | os.O_CREAT)
        os.write(file, b"parent\n")
        os.unlink(f"{directory}/gone{number}")
        if os.fork() == 0:
            if os.fork() == 0:
                os.close(reader)
                for _ in range(10):
                    os.write(file, b"heir\n")
                    os.write(gone, b"nameless\n")
                    time.sleep(0.02)
                with open(f"{directory}/again{number}", "wb") as again:
                    again.write(os.pread(gone, 1000, 0))
                os.write(writer, b"done\n")
                if number % 2:
                    os.kill(os.getpid(), signal.SIGKILL)
                os._exit(0)
            os._exit(0)
        os.wait()
        os.close(file)
        os.close(gone)
    os.close(writer)
    while os.read(reader, 1000):
        pass
    for number in range(heirs):
        assert read(f"{directory}/heir{number}") == b"parent\n" + b"heir\n" * 10
        assert read(f"{directory}/again{number}") == b"nameless\n" * 10
    print("heirs: ok", flush=True)


if sys.argv[1] == "rounds":
    rounds(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "check":
    check(sys.argv[2], sys.argv[3], int(sys.argv[4]))
elif sys.argv[1] == "kill":
    kill(sys.argv[2], sys.argv[3], int(sys.argv[4]), os.kill)
elif sys.argv[1] == "queue":
    kill(sys.argv[2], sys.argv[3], int(sys.argv[4]), queue)
elif sys.argv[1] == "heirs":
    heirs(sys.argv[2])
else:
    sys.exit(__doc__)
