"""Files and directories, by most of the calls that Python has for them."""
import fcntl
import hashlib
import mmap
import os
import shutil
import stat
import tempfile

directory = tempfile.mkdtemp(dir=".")
os.chdir(directory)
print("cwd", os.path.basename(os.getcwd()) == os.path.basename(directory))

with open("data", "wb") as file:
    for number in range(3000):
        file.write(number.to_bytes(4, "little") * 10)
digest = hashlib.sha256(open("data", "rb").read()).hexdigest()
print(os.path.getsize("data"), digest)

os.link("data", "hard")
os.symlink("data", "soft")
os.symlink("nowhere", "dangling")
print(os.stat("data").st_nlink, os.readlink("soft"), os.path.exists("dangling"), os.path.lexists("dangling"))
os.chmod("data", 0o640)
print(stat.filemode(os.stat("data").st_mode), stat.filemode(os.lstat("soft").st_mode))
os.utime("data", ns=(1_000_000_001, 2_000_000_002))
print(os.stat("data").st_atime_ns, os.stat("data").st_mtime_ns)
print(shutil.copyfile("data", "copy"), shutil.copy2("data", "copy2"), os.stat("copy2").st_mtime_ns)
os.makedirs("deep/er/and/deeper")
shutil.copytree(".", "deep/er/tree", symlinks=True, ignore=shutil.ignore_patterns("deep"))
for root, directories, files in sorted(os.walk(".")):
    print(root, sorted(directories), sorted(files))
os.rename("copy", "deep/renamed")
os.replace("copy2", "hard")
print(sorted((entry.name, entry.is_dir(), entry.is_symlink()) for entry in os.scandir(".")))
for call in (lambda: os.rmdir("deep"), lambda: os.mkdir("deep"), lambda: os.open("none", os.O_RDONLY),
             lambda: os.listdir("data"), lambda: os.rename("none", "other"), lambda: os.readlink("data"),
             lambda: os.open("data", os.O_CREAT | os.O_EXCL), lambda: os.open("soft", os.O_NOFOLLOW),
             lambda: os.chdir("data/x"), lambda: open("n" * 300)):
    try:
        call()
    except OSError as error:
        print(type(error).__name__, error.errno)

with open("data", "r+b") as file:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        print(mapped[40:44], mapped.find((77).to_bytes(4, "little")), hashlib.sha256(mapped).hexdigest() == digest)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[0:4] = b"copy"
    file.seek(0)
    print("not written", file.read(4))
    file.truncate(10)
    print(os.fstat(file.fileno()).st_size, file.seek(0, os.SEEK_END))
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with open("data") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            print("locked")

descriptor = os.open("data", os.O_RDWR | os.O_APPEND)
os.write(descriptor, b"appended")
print(os.pread(descriptor, 100, 4), os.preadv(descriptor, [bytearray(3), bytearray(3)], 0))
os.lseek(descriptor, 0, os.SEEK_SET)
duplicate = os.dup(descriptor)
print(os.read(descriptor, 4), os.read(duplicate, 4), os.get_inheritable(duplicate))
os.ftruncate(descriptor, 1 << 20)
os.lseek(descriptor, 0, os.SEEK_SET)
out = os.open("sent", os.O_WRONLY | os.O_CREAT)
print(os.sendfile(out, descriptor, 0, 1000), os.copy_file_range(descriptor, out, 500))
with tempfile.TemporaryFile(dir=".") as file:
    file.write(b"gone when closed")
    file.seek(5)
    print(file.read())
print(os.statvfs(".").f_namemax, os.access("data", os.R_OK), os.umask(0o22))
os.chdir("..")
shutil.rmtree(directory)
