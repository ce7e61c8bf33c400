import TestSupport

extension TraceCase {
    static let all: [TraceCase] = guests + fileTools + textTools + archives + interpreters + busybox + servers

    /// Guest programs, which check themselves.
    private static let guests: [TraceCase] =
        [
            "hello 2", "bad_pointers", "big_environment", "brk_growth", "descriptors", "directory_walk",
            "epoll_rules", "file_mapping", "file_names", "mmap_rules", "shared_file_mapping",
            "descriptor_passing", "exit_code 3", "die_by_signal 15", "die_by_signal 11",
            "fault null_read", "fault divide",
            // mkdtemp(3) draws again when its number is too large: chance.
        ].map { TraceCase($0, options: ["-e", "trace=!getrandom"]) }
        // Which of two threads is first, and so who waits for whom, is chance.
        + [
            "datagrams", "shared_memory", "signal_queue",
        ].map { TraceCase($0, options: ["-e", "trace=!futex,getrandom"]) }
        // A tracer is told of signals that the program ignores; a guest does not get them.
        + [
            TraceCase("pipes", options: ["-e", "signal=!SIGPIPE"]),
            TraceCase("signal_basics", options: ["-e", "signal=!SIGCHLD,SIGURG,SIGWINCH,SIGCONT"]),
        ]

    private static let fileTools: [TraceCase] =
        [
            "ls", "ls -l", "ls -laR tree", "ls -i nothing", "ls --color=always -F tree", "find tree -type f -size -1k",
            "find . -name 'file*' -delete", "cp words copied", "cp -a tree copied", "cp nothing copy", "mv words moved",
            "mv tree moved", "rm words", "rm -r tree", "rmdir tree", "mkdir -p a/b/c", "ln words hard",
            "ln -s words soft",
            "readlink -f tree/link", "realpath tree/../words", "touch -d '2020-02-02 UTC' words made", "touch made",
            "chmod 600 words", "chmod -R a-w tree", "chown 0:0 words", "truncate -s 5 words", "truncate -s 1M sparse",
            "stat words tree tree/link", "stat -f .", "df .", "du -a --apparent-size tree",
            "dd if=binary of=copy bs=777 count=9 skip=1 status=none",
            "dd if=/dev/zero of=zeros bs=1M count=2 status=none",
            "install -m 700 words installed", "sync words", "mkfifo fifo", "fallocate -l 4096 words",
        ].map { TraceCase($0) }
        // It draws again when its number is too large, which one in twenty is: chance.
        + [TraceCase("mktemp -u", options: ["-e", "trace=!getrandom"])]

    private static let textTools: [TraceCase] =
        [
            "cat words empty", "cat 'odd é\tname\"'", "head -n 3 words", "tail -n 2 words", "tail -c 100 words",
            "wc words binary", "od -t x1 -N 300 binary", "sort words", "sort -u -k 1,1 words", "uniq -c sorted",
            "cut -d ' ' -f 2 words", "comm sorted other", "join sorted other", "diff -u sorted other",
            "cmp words other",
            "md5sum words", "sha256sum words empty", "base64 binary",
            "sed -e 's/word/WORD/' -e 2d words",
            "mawk '{ count[$1]++ } END { for (w in count) n++; print n }' words", "tac words",
            "split -l 100 words part.",
            "seq 1 2000", "shuf --random-source=binary sorted", "tee one two", "paste sorted other", "strings binary",
            "date -u -d @1000000000", "date -u +%Y", "id", "uname -a", "env", "pwd", "nproc", "tty", "true", "false",
            "sleep 0.01", "echo plain words", "printenv HOME", "getent passwd root", "locale", "getconf -a",
        ].map { TraceCase($0) } + [
            TraceCase("cat", input: .text("through cat\n")), TraceCase("sort", input: .file("/etc/services")),
            TraceCase("wc -l", input: .text("1\n2\n")),
            // How large a buffer is used for /proc/self/maps depends on how much there is of it.
            TraceCase("sed -i s/word/WORD/ words", options: ["-e", "trace=!getrandom"]),
            TraceCase("grep -rn needle tree", options: ["-e", "trace=!munmap"]),
            TraceCase("grep -c '^word1' words", options: ["-e", "trace=!munmap"]),
        ]

    private static let archives: [TraceCase] =
        ["tar cf made.tar --sort=name tree", "tar cvf /dev/null tree", "gzip -k -n words", "gzip -c words"].map {
            TraceCase($0)
        } + [
            TraceCase("tar tvf made.tar", setup: "tar cf made.tar --sort=name tree"),
            TraceCase("tar xf made.tar", setup: "tar cf made.tar --sort=name tree; rm -r tree"),
            TraceCase("gzip -d words.gz", setup: "gzip -n words"),
            TraceCase("gzip -t words.gz", setup: "gzip -n words"),
        ]

    private static let interpreters: [TraceCase] = [
        "python3 -c 'import json; print(json.dumps({str(n): [n / 2, None] for n in range(300)}))'",
        "python3 -c 'print(len(open(\"words\").read())); open(\"made\", \"w\").write(\"x\" * 100000)'",
        "python3 -c 'import os; [os.mkdir(f\"d{n}\", 0o700 + n) for n in range(3)]; os.rename(\"d1\", \"e\")'",
        "python3 -c 'import os; os.kill(os.getpid(), 10)'", "python3 -c 'raise ValueError(1)'",
        "perl -e 'print join(q( ), sort { $b <=> $a } 1 .. 10), qq(\\n)'", "perl -ne '$n++; END { print $n }' words",
        "perl -e 'kill 9, $$'", "perl -e 'syscall($_, 1 .. 5) for 174, 177, 178, 180, 999'",
        "sqlite3 :memory: 'select 6 * 7'",
        "sqlite3 made.db 'pragma journal_mode = off; create table t(a); insert into t values (1); select a from t'",
        "dash -c 'echo $(( 6 * 7 )); exit 7'", "bash -c 'printf %s {1..5}; [[ abc =~ b ]]; ulimit -n; umask'",
        "dash -c 'kill -TERM $$'", "dash -c 'cd tree; echo made >file; read line <file; echo $line'",
    ].map { TraceCase($0) }

    private static let busybox: [TraceCase] = [
        "busybox ls -ln tree", "busybox sha256sum words", "busybox tar cf made.tar tree", "busybox gzip -c words",
        "busybox cp -r tree copied", "busybox find tree -type f", "busybox stat words",
        "busybox usleep 1000", "busybox sed -n 5,9p words", "busybox awk '{ n += $3 } END { print n }' words",
        "busybox touch -d 202001011200.00 made", "busybox id", "busybox date -u -d @0",
    ].map { TraceCase($0) }

    private static let servers: [TraceCase] = [
        // jemalloc aligns what it maps: how much it unmaps depends on the address.
        TraceCase("redis-cli -p 1 ping", options: ["-e", "trace=!mmap,munmap"]),
        TraceCase("curl --version"),
    ]
}
