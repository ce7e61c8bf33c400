"""Works in a volume, waits for a takeover (unless told otherwise), and says how things are with its paths.

moved.py VOLUME [native]
"""

import ctypes
import mmap
import os
import socket
import sys
import time

volume = sys.argv[1]
above = os.path.dirname(volume)
libc = ctypes.CDLL(None, use_errno=True)


def say(name, value):
    print(name, str(value).replace(volume, "VOLUME").replace(above, "ABOVE"), flush=True)


def failing(body):
    try:
        return body()
    except OSError as error:
        return error.strerror


def wait_for_takeover():
    """A takeover ends every connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    connection = socket.create_connection(listener.getsockname())
    other, _ = listener.accept()
    print("ready", flush=True)
    try:
        other.recv(1)
    except ConnectionError:
        pass
    connection.close()
    # The test has the time to take the former primary's directory away.
    time.sleep(0.5)


os.chdir(volume)
os.makedirs("inner/deep")
with open("inner/file", "w") as file:
    file.write("a file in the volume\n")
with open("inner/large", "wb") as file:
    file.write(bytes(range(256)) * 100)
os.symlink(volume + "/inner/file", "absolute")
os.symlink("inner/file", "relative")
os.symlink("..", "inner/up")
os.symlink("/etc/passwd", "passwd")
os.symlink("nowhere", "dangling")
os.symlink("/proc/self/fd", "descriptors")
kept = open("inner/file", "r+")
gone = open("inner/gone", "w+")
gone.write("has no name\n")
gone.flush()
os.unlink("inner/gone")
directory = os.open("inner", os.O_RDONLY | os.O_DIRECTORY)
place = os.open(volume, os.O_PATH)
with open("inner/large", "rb") as file:
    private = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    shared = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
watch = libc.inotify_init1(os.O_NONBLOCK)
libc.inotify_add_watch(watch, (volume + "/inner").encode(), 0x100)
os.chdir("inner/deep")
if len(sys.argv) < 3:
    wait_for_takeover()
else:
    print("ready", flush=True)

say("cwd", os.getcwd())
say("cwd link", os.readlink("/proc/self/cwd"))
for name, descriptor in [("kept", kept.fileno()), ("directory", directory), ("place", place)]:
    say(f"link of {name}", os.readlink(f"/proc/self/fd/{descriptor}"))
say("link of gone", os.readlink(f"/proc/self/fd/{gone.fileno()}"))
say("content of gone", (gone.seek(0), gone.read())[1])
say("kept", kept.read())
say("maps", sorted({line.split()[-1] for line in open("/proc/self/maps") if volume in line}))
say("private", bytes(private[254:258]))
say("shared", bytes(shared[510:514]))
kept.write("written after the takeover\n")
kept.flush()
say("by absolute path", open(volume + "/inner/file").read())
say("by relative path", open("../file").read())
say("by absolute link", open("../../absolute").read())
say("by relative link", open(volume + "/relative").read())
say("by descriptor", open(os.open("file", os.O_RDONLY, dir_fd=directory)).read())
say("by path only", open(os.open("inner/file", os.O_RDONLY, dir_fd=place)).read())
say("by /proc/self/fd", open(f"/proc/self/fd/{directory}/deep/../file").read())
say("by /proc/self/cwd", open("/proc/self/cwd/../file").read())
say("by /proc/self/root", open("/proc/self/root" + volume + "/inner/file").read())
say("by a link to descriptors", open(f"{volume}/descriptors/{directory}/file").read())
say("by a link from outside", open(above + "/link-into/file").read())
say("outside", open(above + "/outside").read())
say("outside by ..", open("../../../outside").read())
say("outside by a link", open("../../passwd").readline()[:5])
say("up is above", os.path.samefile(volume + "/..", above))
say("up of a link", os.path.samefile("../up", volume))
say("dangling", failing(lambda: open("../../dangling")))
say("missing", failing(lambda: open(volume + "/missing/file")))
say("file as directory", failing(lambda: open(volume + "/inner/file/x")))
say("file with a slash", failing(lambda: open(volume + "/inner/file/")))
say("not a link", failing(lambda: os.open(volume + "/absolute", os.O_RDONLY | os.O_NOFOLLOW)))
say("lstat", os.path.islink(volume + "/absolute"))
say("readlink", os.readlink(volume + "/absolute"))
say("realpath", os.path.realpath("../up/absolute"))
say("exists", failing(lambda: open(volume + "/relative", "x")))
open("made", "w").close()
os.mkdir(volume + "/made")
os.rename("made", volume + "/made/renamed")
os.link(volume + "/made/renamed", "../linked")
os.symlink("x" * 40, "../symlink", dir_fd=directory)
os.chmod("../linked", 0o600)
os.utime(volume + "/made/renamed", (5, 7))
os.truncate(volume + "/inner/linked", 12)
os.unlink("file", dir_fd=os.open("/proc/self/cwd/..", os.O_RDONLY))
say("rmdir", failing(lambda: os.rmdir(volume + "/made")))
say("statvfs", os.statvfs(volume).f_bsize == os.statvfs("..").f_bsize)
say("events", len(os.read(watch, 4096)) > 0)
server = socket.socket(socket.AF_UNIX)
server.bind(volume + "/socket")
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect("../../socket")
server.accept()[0].send(b"spoken over a path")
say("socket", client.recv(100))
os.chdir("/")
say("cwd", os.getcwd())
os.fchdir(directory)
say("cwd", os.getcwd())
os.chdir("up")
say("cwd", os.getcwd())
os.chdir("..")
say("cwd", os.getcwd())
for path, directories, files in sorted(os.walk(volume)):
    for name in sorted(directories + files):
        status = os.lstat(os.path.join(path, name))
        size = "" if os.path.isdir(os.path.join(path, name)) else status.st_size
        say("found", f"{os.path.join(path, name)} {status.st_mode:o} {size}")
