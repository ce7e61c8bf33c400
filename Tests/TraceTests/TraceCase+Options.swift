import TestSupport

extension TraceCase {
    /// Options that change what a line looks like, and which lines there are: the same as with strace.
    static let options: [TraceCase] = selections + shapes + injections

    private static func each(_ options: [[String]], _ lines: String...) -> [TraceCase] {
        options.flatMap { options in lines.map { TraceCase($0, options: options) } }
    }

    private static let selections =
        each(
            [
                "openat,close", "!openat,close", "%file", "file", "%desc", "%memory", "%process", "%signal",
                "!%desc,%file",
                "%stat", "%%stat", "%fstat", "%%statfs", "%lstat", "%creds", "%clock", "%pure", "/^f",
                "?nosuchcall,read", "none",
                "all", "%network", "%ipc", "!none",
            ].map { ["-e", "trace=\($0)"] }, "cp -a tree copied")
        + each(
            [["-e", "status=failed"], ["-e", "status=!successful"], ["-z"], ["-Z"]].map { $0 + ["-e", "trace=!rseq"] },
            "ls -l nothing")
        + each([["-P", "words"], ["-P", "/dev/null"], ["-P", "words", "-P", "other"]], "cat words other sorted")
        + each([["-e", "signal=none"], ["-e", "signal=!SIGTERM"], ["-e", "signal=TERM"]], "dash -c 'kill -TERM $$'")
        + each([["-q"], ["-qq"], ["-qqq"], ["-e", "quiet=exit"]], "cat words")

    private static let shapes =
        each(
            [["-s", "0"], ["-s", "5"], ["-s", "100000"], ["-x"], ["-xx"]], "cat words binary", "cat 'odd é\tname\"'")
        + each([["-y"], ["-n"], ["-v"]], "ls -l tree", "busybox stat words", "cat words other")
        + each([["-y"]], "python3 -c 'import socket; [socket.socketpair(), socket.create_server((\"127.0.0.1\", 0))]'")
        + each(
            [["-e", "raw=openat,read"], ["-e", "abbrev=none"], ["-e", "verbose=none"], ["-e", "abbrev=fstat"]],
            "ls -l tree")
        + [0, 12, 40, 80].map { column in
            var traced = TraceCase("cat words", options: ["-a", "\(column)"])
            traced.resultColumn = column
            return traced
        }

    private static let injections =
        each(
            [
                "read:error=EIO", "read:error=5:when=2", "read:error=EINTR:when=2+2", "openat:error=ENOENT:when=3+",
                "read:error=EIO:when=2..3", "close:retval=0:when=4", "lseek:retval=77", "getuid:retval=1000",
                "newfstatat:error=EACCES:when=5", "write:signal=TERM:when=1", "read:signal=SIGUSR1:error=EBADF:when=3",
                "read:delay_enter=1000:when=2", "read:delay_exit=1ms:when=1+3", "%file:error=ENOENT:when=6",
                "all:delay_exit=10:when=20", "/^pread:error=EIO",
            ].map { ["-e", "inject=\($0)"] }, "cat words other")
        + each([["-e", "fault=read:when=3"], ["-e", "fault=openat:error=ENOMEM"]], "cat words other")
}
