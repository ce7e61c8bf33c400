"""What a program can find out about itself must be about itself."""
import os
import resource
import sys
import threading

print(open("/proc/self/cmdline", "rb").read())
print(os.readlink("/proc/self/exe"), open("/proc/self/comm").read())
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
print(status["Name"], status["Threads"].strip(), int(status["Pid"]) == os.getpid(), int(status["Tgid"]) == os.getpid())
print(int(open("/proc/self/stat").read().split()[0]) == os.getpid(), os.path.isdir(f"/proc/{os.getpid()}"))
maps = open("/proc/self/maps").read()
print("[stack]" in maps, "[heap]" in maps, "libc.so.6" in maps, "understudy" in maps)
descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))
print("descriptors", descriptors)
file = open("/etc/passwd")
print(os.readlink(f"/proc/self/fd/{file.fileno()}"), file.fileno())
thread = threading.Thread(target=lambda: print("native id differs", threading.get_native_id() != os.getpid()))
thread.start()
thread.join()
print(threading.get_native_id() == os.getpid(), os.path.samefile("/proc/self/cwd", "."))
print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.uname().sysname, os.uname().machine)
print(os.cpu_count(), len(os.sched_getaffinity(0)), os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK"))
for name in ("STACK", "CORE", "NOFILE", "AS", "DATA", "NPROC"):
    print(name, resource.getrlimit(getattr(resource, "RLIMIT_" + name)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0, len(os.urandom(33)), os.getpriority(os.PRIO_PROCESS, 0))
print(sys.argv, sorted(os.environ), sys.flags.interactive, sys.stdin.isatty())
