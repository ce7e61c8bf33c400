import TestSupport

extension ProgramCase {
    static let all: [ProgramCase] = python + busybox + textTools + fileTools + others

    private static let python: [ProgramCase] =
        [
            "python3 -c 'import json,threading; print(json.dumps(list(range(5))))'",
            "python3 -c 'import sys; sys.exit(3)'",
            "python3 -c 'raise ValueError(1)'",
            "python3 -c 'import os; os.abort()'",
            "python3 -c 'import os; os._exit(9)'",
            "python3 -c 'import os, signal; os.kill(os.getpid(), signal.SIGINT)'",
            "python3 -c 'import faulthandler, ctypes; ctypes.string_at(0)'",
            "python3 -m json.tool --sort-keys nothing.json",
            "python3 @asyncio_echo.py", "python3 @asyncio_loop.py", "python3 @sockets_threads.py",
            "python3 @sockets.py",
            "python3 @threads.py", "python3 @signals.py", "python3 @times.py", "python3 @files.py", "python3 @waits.py",
            "python3 @compute.py", "python3 @self.py one two", "python3 @native_calls.py", "python3 @descriptors.py",
            "./script.py one 'two three'", "python3 @children.py",
        ].map { ProgramCase($0) } + [
            ProgramCase("python3 -", input: .text("print('from standard input')\nprint(input())\n")),
            ProgramCase("python3 -m json.tool", input: .text(#"{"b": [1, 2.5, null], "a": "ä"}"#)),
        ]

    private static let busybox: [ProgramCase] =
        [
            "busybox sha256sum words.txt binary.bin empty", "busybox md5sum nothing words.txt",
            "busybox sort words.txt",
            "busybox sort -n -r numbers.txt", "busybox wc words.txt binary.bin", "busybox od -t x1 -N 300 binary.bin",
            "busybox awk '{ sum += $2 } END { print NR, sum }' words.txt",
            "busybox sed -n '5,9s/word/WORD/p' words.txt",
            "busybox grep -c a1 words.txt", "busybox find tree -type f -name 'file1*'", "busybox ls -lnR tree",
            "busybox gzip -c words.txt", "busybox tar cf made.tar tree",
            "busybox dd if=binary.bin of=copy bs=1000 skip=3",
            "busybox cp -r tree copied", "busybox seq 1 7 100", "busybox head -n 3 poem.txt",
            "busybox tail -n 2 poem.txt",
            "busybox cut -d ' ' -f 2 words.txt", "busybox diff poem.txt other.txt",
            "busybox stat -c '%s %A %n' poem.txt",
            "busybox sh -c 'for i in 1 2 3; do echo $((i * i)); done; exit 5'", "busybox nosuchapplet",
            "busybox usleep 20000", "busybox cmp poem.txt other.txt", "busybox cksum binary.bin",
            "busybox factor 123456789",
            "busybox bc -l", "busybox printf '%05d %s\\n' 42 text", "busybox touch -d 2020-01-01 made",
        ].map { ProgramCase($0) } + [
            ProgramCase("busybox cat", input: .text("a line\nanother\nand no end of line")),
            ProgramCase("busybox cat - poem.txt", input: .null),
            ProgramCase("busybox tr a-z A-Z", input: .text("letters\n")),
        ]

    private static let textTools: [ProgramCase] =
        [
            "sort /etc/services", "sort -u -k 1,1 words.txt", "sort -n --parallel=2 -S 64k -T . numbers.txt",
            "sort -c words.txt", "uniq -c poem.txt", "wc -lwmc words.txt poem.txt", "cut -c 1-3 words.txt",
            "head -c 1000 binary.bin", "tail -c 100 words.txt", "tail -n +1990 words.txt", "tac poem.txt",
            "nl poem.txt",
            "fold -w 10 poem.txt", "paste poem.txt other.txt", "comm poem.txt other.txt", "diff -u poem.txt other.txt",
            "cmp poem.txt other.txt", "od -A d -t x2 -N 200 binary.bin", "base64 binary.bin", "md5sum words.txt",
            "sha512sum words.txt empty", "cksum words.txt", "split -l 500 words.txt part.", "csplit words.txt 100 200",
            "grep -rn needle tree", "grep -c '^a[0-9]*5 ' words.txt", "grep -q absent words.txt", "grep x nothing",
            "awk '{ count[$3]++ } END { for (w in count) total += count[w]; print total, length(count) }' words.txt",
            "sed -e 's/sind/waren/' -e '2d' poem.txt", "sed -i.before 's/Rosen/Nelken/' poem.txt", "expand poem.txt",
            "seq 1 100000", "factor 18446744073709551615 97", "tsort poem.txt",
            "shuf --random-source=binary.bin poem.txt",
            "numfmt --to=iec 1048576 123456789", "printf '%s-%d\\n' text 12", "expr 6 '*' 7", "test -f poem.txt",
            "test -f nothing", "[ 1 -gt 2 ]", "basename a/b/c.txt .txt", "echo plain words",
        ].map { ProgramCase($0) } + [
            ProgramCase("cat", input: .text("through cat\n")), ProgramCase("cat", input: .file("/etc/services")),
            ProgramCase("cat - poem.txt nothing", input: .text("first\n")),
            ProgramCase("sort", input: .text("b\na\nc\n")),
            ProgramCase("tee one two", input: .text("three times\n")), ProgramCase("wc", input: .file("/etc/passwd")),
            ProgramCase("sha256sum", input: .bytes([UInt8](repeating: 7, count: 3_000_000))),
            ProgramCase("head -n 2", input: .text("1\n2\n3\n4\n")),
        ]

    private static let fileTools: [ProgramCase] = [
        "ls -l", "ls -la tree", "ls -R1 tree", "ls nothing", "ls -ln --time-style=full-iso poem.txt /etc/passwd",
        "find tree -type f -size -1k", "find . -name '*.txt' -newermt 2020-01-01", "find tree -printf '%p %m %s\\n'",
        "find tree -name 'file*' -delete", "cp poem.txt copy.txt", "cp -a tree copied", "cp nothing copy",
        "mv poem.txt new.txt",
        "mv tree moved", "rm poem.txt", "rm -r tree", "rm nothing", "rmdir tree", "mkdir -p a/b/c", "mkdir tree",
        "ln poem.txt hard", "ln -s poem.txt soft", "readlink tree/link", "readlink -f tree/link",
        "realpath tree/../poem.txt",
        "touch -d '2020-02-02 UTC' poem.txt made", "chmod 600 poem.txt", "chmod -R a-w tree", "truncate -s 5 poem.txt",
        "truncate -s 1M sparse", "stat -c '%n %s %a %F %y' poem.txt tree tree/link", "du -a --apparent-size tree",
        "dd if=binary.bin of=copy bs=777 count=9 status=none", "dd if=/dev/zero of=zeros bs=1M count=4 status=none",
        "install -m 700 poem.txt installed", "shred -u -n 1 poem.txt", "sync poem.txt", "pwd",
        "tar cf made.tar --sort=name tree", "tar cvf /dev/null tree", "gzip -c words.txt", "gzip -9 -n words.txt",
        "gzip -d nothing.gz", "df --output=target .", "mkfifo fifo", "chown 0:0 poem.txt",
    ].map { ProgramCase($0) }

    private static let others: [ProgramCase] =
        [
            "perl @misc.pl", "perl -e 'print join(q( ), sort { $b <=> $a } 1 .. 10), qq(\\n)'", "perl -e 'kill 9, $$'",
            "perl -e 'die qq(dead\\n)'", "perl -ne '$n += length; END { print qq($n\\n) }' words.txt",
            "perl -Mthreads -e 'print map { $_->join . qq(\\n) } map { my $n = $_; async { $n * $n } } 1 .. 8'",
            "sqlite3 :memory: 'select 6 * 7, sqlite_version() > 3'", "sqlite3 :memory: 'select nothing'",
            "sqlite3 made.db 'create table t(a); insert into t values (1), (2); select sum(a) from t'",
            "sqlite3 made.db 'pragma journal_mode = wal; create table t(a); insert into t values (3); select a from t'",
            "sqlite3 binary.bin 'select 1 from t'",
            "date -u -d @1000000000", "date -u +%Y", "env", "env -u HOME", "printenv HOME", "id", "id -u", "whoami",
            "uname -srm",
            "hostname", "nproc", "arch", "getconf PAGESIZE", "getconf ARG_MAX", "locale", "tty", "true", "false",
            "sleep 0.05",
            "dash -c 'echo $0 $$ >/dev/null; exit 7'", "bash -c 'printf %s {1..5}; [[ abc =~ b ]]'",
            "./builtins.sh one two", "./children.sh", "bash ./children.sh", "busybox sh ./children.sh",
            "env ONE=two sh -c 'echo $ONE'", "xargs -n 2 -P 3 echo", "nice -n 3 nice", "timeout 0.05 sleep 10",
            "find tree -type f -exec md5sum {} +", "perl -e 'print qx(echo from perl), system(q(exit 3)) >> 8, qq(\n)'",
            "gcc -O1 -o made hello.c", "tar czf made.tgz tree", "setsid -w sh -c 'exit 8'", "sh -c 'kill -TERM $$'",
            "sh -c 'ulimit -n; ulimit -s; umask'",
            "bash -c 'echo ${BASH_VERSION%%.*}'",
            "redis-server --version", "redis-cli --version", "redis-cli -p 1 ping", "gcc --version", "as --version",
            "getent hosts localhost", "getent passwd root",
            "/lib64/ld-linux-x86-64.so.2 /bin/echo 'started by the linker'",
            "/usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet -O2 hello.c -o -",
        ].map { ProgramCase($0) } + [
            ProgramCase("sqlite3 made.db", input: .file(ProgramFixture.scripts + "/schema.sql"), comparesFiles: false),
            ProgramCase("sqlite3 :memory:", input: .file(ProgramFixture.scripts + "/schema.sql")),
            ProgramCase(
                "sh", input: .text("echo from standard input\nread -r word\nshould be data\necho $word\nexit 6\n")),
            ProgramCase("as -o made.o -", input: .text(".globl _start\n_start: mov $60, %eax\n syscall\n")),
        ]
}
