#!/usr/bin/python3
"""Runs guest-examples/syscall_fuzzer under Understudy again and again, and watches the supervisor from outside.

usage: syscall_fuzz.py UNDERSTUDY GUEST SEED SECONDS [FIRST_LIFE]

FUZZ_LOG=1       the guest says each call before it makes it
FUZZ_DEADLINE=90 seconds of a tame life at most, besides those in which it waits for a processor
FUZZ_KEEP=1      one that takes longer is left as it is, and its process named

Each life of the guest has a number, and with it a seed, a way of dispatch and other options; lives go on until SECONDS
have passed. FIRST_LIFE with SECONDS 0 is that one alone. The guest may end in any way it likes. The supervisor must say
how it ended (a report), without lines of trouble and before a deadline; a tame guest must come to its end; and between
the middle and the end of a tame one the supervisor's descriptors and threads, and its code and constants at any time,
must stay the same. The last line of output is a summary as JSON; exit status 1 says that something was wrong.

All of it happens as a user who is nobody, in namespaces without anybody else.
"""
import fcntl
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

NOBODY = "65534"
ARENA_END = 0x200000000000
# A wild guest ends itself after four seconds, if it can.
DEADLINE_SECONDS = {"tame": int(os.environ.get("FUZZ_DEADLINE", "90")), "wild": 20}
# The guest may write anything to standard error, but hardly a line of text with one of these.
TROUBLE = ("internal error: ", "Fatal error: ", "*** Signal", "Swift/")
DISPATCH = ("inclusive", "selector", "seccomp")
# Numbers that have no common factor with three ways of dispatch and two of the guest: all pairs come.
OTHERS = (
    [], ["--blackhole", "--epoch", "1ms"], ["--trace", "/dev/null"], ["--test-stops"], ["--test-rewrite-after", "1"],
    ["--no-rewrite"], ["--blackhole", "--tracker", "signal", "--epoch", "3ms"],
)
# A guest may have made itself idle (SCHED_IDLE), and gets one part in a thousand of a machine that is not.
STARVED_SECONDS_MAX = 600
CALLS = {"tame": 24_000, "wild": 200_000}
FILE_BYTES_MAX = 256 << 20
FREE_BYTES_MIN = 1 << 30


class Trouble(Exception):
    pass


class Life:
    def __init__(self, understudy, guest, seed, number, work):
        self.work = work
        self.mode = "tame" if number % 2 == 0 else "wild"
        other = list(OTHERS[number % len(OTHERS)])
        if other == ["--test-stops"]:
            other.append(str(seed + number))
        self.report, self.errors = f"{work}/told/report", f"{work}/told/errors"
        threads = 1 + number % 4
        self.words = [understudy, "run", "--dispatch", DISPATCH[number // 2 % 3], "--report", self.report, *other, "--",
                      guest, str(seed + number), str(CALLS[self.mode]), str(threads), self.mode]
        if os.environ.get("FUZZ_LOG"):
            self.words.append("log")
        self.figures = {}
        self.starved = {}

    def run(self):
        for name in (self.report, self.errors):
            if os.path.exists(name):
                os.unlink(name)
        place = tempfile.mkdtemp(dir=f"{self.work}/lives")
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                self.words, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env={"PATH": "/usr/bin:/bin"}, start_new_session=True, preexec_fn=limit_files)
        try:
            self.follow()
            self.judge()
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            remove(place)

    def follow(self):
        """Meets the guest where it waits, until it has ended."""
        deadline, pending = time.monotonic() + DEADLINE_SECONDS[self.mode], b""
        while True:
            if time.monotonic() > deadline + self.starved_seconds():
                return self.end_hung()
            if not select.select([self.process.stdout], [], [], 0.2)[0]:
                if self.process.poll() is not None:
                    return
                continue
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                break
            pending = (pending + piece)[-65536:]
            *lines, pending = pending.split(b"\n")
            for line in lines:
                self.meet(line.decode(errors="replace"))
        try:
            self.process.wait(max(1, deadline + self.starved_seconds() - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.end_hung()

    def starved_seconds(self):
        """How long the one that fared worst of its threads could have run, and did not (schedstat's second number)."""
        place = f"/proc/{self.process.pid}/task"
        for name in os.listdir(place) if os.path.exists(place) else []:
            try:
                with open(f"{place}/{name}/schedstat") as file:
                    self.starved[name] = int(file.read().split()[1])
            except OSError:
                pass  # It has ended meanwhile.
        return min(STARVED_SECONDS_MAX, max(self.starved.values(), default=0) / 1e9)

    def meet(self, word):
        answer = b"\n"
        if "FAILED" in word:
            print(word, flush=True)
        if word == "begin":
            self.code = self.checksum()
            answer = " ".join(f"{number:x}" for number in self.places()).encode() + b"\n"
        elif word == "middle":
            self.kept = self.settled()
        elif word == "end":
            self.compare()
        elif not word.endswith("ok"):
            return
        if word != "syscall_fuzzer: ok":
            try:
                self.process.stdin.write(answer)
                self.process.stdin.flush()
            except BrokenPipeError:
                pass

    def mappings(self):
        with open(f"/proc/{self.process.pid}/maps") as maps:
            for line in maps:
                fields = line.split(None, 5)
                start, end = (int(part, 16) for part in fields[0].split("-"))
                if start >= ARENA_END:
                    yield start, end, fields[1], fields[5].strip() if len(fields) > 5 else ""

    def places(self):
        """The ids of the supervisor's threads, and where its memory is."""
        tasks = sorted(int(name) for name in os.listdir(f"/proc/{self.process.pid}/task"))
        return tasks[:30] + [start for start, _, _, _ in self.mappings()][:60]

    def checksum(self):
        """Of all that is mapped from files and cannot be written to: code, constants, and what was relocated once."""
        total = hashlib.blake2b()
        with open(f"/proc/{self.process.pid}/mem", "rb", buffering=0) as memory:
            for start, end, access, path in self.mappings():
                if path.startswith("/") and access[:2] == "r-":
                    memory.seek(start)
                    total.update(f"{start:x}-{end:x} {access} {path}".encode())
                    total.update(memory.read(end - start))
        return total.hexdigest()

    def counts(self):
        kinds = {}
        for name in os.listdir(f"/proc/{self.process.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{self.process.pid}/fd/{name}")
            except OSError:
                continue
            # A segment (shmget) stays until the guest removes it, as a file would.
            if target.startswith("/memfd:SYSV"):
                continue
            kind = target.split(":")[0] if not target.startswith("/") else target
            kinds[kind] = kinds.get(kind, 0) + 1
        return kinds, len(os.listdir(f"/proc/{self.process.pid}/task"))

    def settled(self, wanted=None):
        """The counts once they stay as they are, or are what is wanted."""
        last, since, limit = None, time.monotonic(), time.monotonic() + 5
        while time.monotonic() < limit:
            now = self.counts()
            if now == wanted:
                return now
            if now != last:
                last, since = now, time.monotonic()
            if wanted is None and time.monotonic() - since > 0.3:
                break
            time.sleep(0.02)
        return last

    def compare(self):
        found = self.settled(self.kept)
        if found[1] != self.kept[1]:
            raise Trouble(f"threads of the supervisor: {found[1]} at the end, {self.kept[1]} in the middle")
        if sum(found[0].values()) > sum(self.kept[0].values()):
            raise Trouble(f"descriptors of the supervisor: {found[0]} at the end, {self.kept[0]} in the middle")
        if self.checksum() != self.code:
            raise Trouble("the supervisor's code or constants have changed")
        self.figures["compared"] = 1

    def end_hung(self):
        """Three interrupts end Understudy whatever the guest does."""
        if os.environ.get("FUZZ_KEEP"):
            print(f"kept: {self.process.pid}", flush=True)
            signal.pause()
        for _ in range(3):
            self.process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            raise Trouble("the supervisor hangs: three interrupts do not end it") from None
        if self.mode == "tame":
            raise Trouble(f"a tame guest has not ended within {DEADLINE_SECONDS[self.mode]} s")
        self.figures["hung guests"] = 1

    def judge(self):
        with open(self.errors, errors="replace") as file:
            errors = file.read()
        for line in errors.splitlines():
            if line.isprintable() and any(mark in line for mark in TROUBLE):
                raise Trouble(line)
        status = self.process.returncode
        if status == 125:
            raise Trouble("the supervisor gave up")
        try:
            with open(self.report) as file:
                report = json.load(file)
        except (OSError, ValueError):
            raise Trouble(f"the supervisor ended without a report, status {status}") from None
        told = -report["signal"] if report.get("signal") else report.get("exit_status")
        if told != status:
            raise Trouble(f"the report says {told}, the process ended by {status}")
        if self.mode == "tame" and status != 0:
            raise Trouble(f"a tame guest ended by {status}")
        self.figures["calls"] = sum(report["syscalls"]["by_name"].values())
        self.figures["ended by signal" if status < 0 else "exited"] = 1


def limit_files():
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, FILE_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def remove(place):
    """Also what the guest has made without permissions."""
    for directory, _, _ in os.walk(place):
        os.chmod(directory, 0o700)
    shutil.rmtree(place, ignore_errors=True)


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x41))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING


def free_bytes():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))


def inside(understudy, guest, seed, seconds, first, work):
    """As process 1 of namespaces of its own."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    place = os.path.dirname(work)
    for words in (["--bind", place, place], ["-o", "remount,bind,ro", place],
                  ["-t", "tmpfs", "-o", "size=512m", "fuzz", work]):
        subprocess.run(["mount", *words], check=True)
    raise_loopback()
    os.mkdir(f"{work}/lives")
    os.mkdir(f"{work}/told")
    until, number, sums, failures = time.monotonic() + seconds, first, {}, 0
    while True:
        life = Life(understudy, guest, seed, number, work)
        try:
            life.run()
        except Trouble as trouble:
            failures += 1
            print(f"life {number}: {trouble}\n  {' '.join(life.words)}", flush=True)
            with open(life.errors, errors="replace") as file:
                lines = [line for line in file.read().splitlines() if line.isprintable()]
            print("\n".join(f"  | {line[:500]}" for line in lines[-12:]), flush=True)
        for name, count in life.figures.items():
            sums[name] = sums.get(name, 0) + count
        number += 1
        if time.monotonic() >= until or failures >= 10:
            break
        if free_bytes() < FREE_BYTES_MIN:
            print("memory runs out on this machine", flush=True)
            failures += 1
            break
    print(json.dumps({"lives": number - first, "failures": failures, "seed": seed, **sums}), flush=True)
    return 1 if failures else 0


def outside(understudy, guest, seed, seconds, first):
    """As whoever started this: makes a place that nobody can get at, and goes there."""
    place = tempfile.mkdtemp(prefix="understudy-fuzz.", dir="/tmp")
    try:
        for source, name in ((understudy, "understudy"), (guest, "guest"), (__file__, "watch.py")):
            shutil.copy(source, f"{place}/{name}")
            os.chmod(f"{place}/{name}", 0o755)
        os.mkdir(f"{place}/work")
        words = ["unshare", "-rmpinf", "--mount-proc", "--kill-child", "/usr/bin/python3", f"{place}/watch.py",
                 "--inside", f"{place}/understudy", f"{place}/guest", str(seed), str(seconds), str(first),
                 f"{place}/work"]
        if os.getuid() == 0:
            for directory, _, names in os.walk(place):
                for name in [directory, *(f"{directory}/{name}" for name in names)]:
                    os.chown(name, int(NOBODY), int(NOBODY))
            words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *words]
        return subprocess.run(words, cwd="/").returncode
    finally:
        remove(place)


def main():
    words = sys.argv[1:]
    if words[:1] == ["--inside"]:
        return inside(words[1], words[2], int(words[3]), float(words[4]), int(words[5]), words[6])
    if len(words) not in (4, 5):
        print(__doc__.strip(), file=sys.stderr)
        return 64
    return outside(words[0], words[1], int(words[2]), float(words[3]), int(words[4]) if len(words) == 5 else 0)


sys.exit(main())
