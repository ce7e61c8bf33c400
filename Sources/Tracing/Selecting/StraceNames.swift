/// strace's options by name.
enum StraceNames {
    /// Short options that take a value, and what they are called here.
    static let valuedLetters: [Character: String] = [
        "a": "columns", "e": "expression", "o": "output", "s": "string-limit", "E": "env", "P": "trace-path",
        "S": "summary-sort-by", "U": "summary-columns",
    ]

    /// Long options that take a value, which may be the next word: those above, and our own.
    static let valuedNames = Set(valuedLetters.values).union([
        "dispatch", "env-file", "workdir", "pid-file", "report", "log-format", "slower-than", "buffer",
    ])

    /// Long options that are `-e NAME=`.
    static let qualifiers: Set<String> = [
        "trace", "abbrev", "verbose", "raw", "signal", "status", "quiet", "silent", "silence", "inject", "fault",
        "decode-fds", "decode-pids", "read", "write", "kvm",
    ]

    /// Long options, with their values, that are other words for short ones.
    static let equivalents: [String: [String]] = [
        "--follow-forks": ["-f"], "--summary-only": ["-c"], "--summary": ["-C"], "--summary-wall-clock": ["-w"],
        "--successful-only": ["-z"], "--failed-only": ["-Z"], "--output-append-mode": ["-A"], "--no-abbrev": ["-v"],
        "--syscall-number": ["-n"], "--stack-traces": ["-k"], "--quiet": ["-q"], "--silent": ["-q"],
        "--silence": ["-q"], "--relative-timestamps": ["-r"], "--syscall-times": ["-T"],
        "--absolute-timestamps": ["-t"], "--absolute-timestamps=precision:us": ["-t", "-t"],
        "--absolute-timestamps=format:unix,precision:us": ["-t", "-t", "-t"], "--timestamps": ["-t"],
        "--timestamps=precision:us": ["-t", "-t"], "--timestamps=format:unix,precision:us": ["-t", "-t", "-t"],
        "--strings-in-hex=non-ascii": ["-x"], "--strings-in-hex": ["-x", "-x"], "--strings-in-hex=all": ["-x", "-x"],
        "--decode-fds": ["-y"],
    ]

    /// What strace has and we do not, and what to do instead.
    private static let refused: [String: String] = [
        "-p": "nothing can be attached to, as a guest runs under its supervisor from the start",
        "-u": "start understudy itself as that user",
        "-ff": "all of a guest's threads write to one file; each line names its thread",
        "-D": "the guest is this process itself already",
        "-b": "a guest is traced until it ends",
        "-I": "signals go to the guest, and three interrupts end Understudy",
        "-O": "times are taken on the guest's own thread, so there is nothing to take off",
        "-X": "constants are shown by name",
        "-Y": "a guest has one process, and its threads' names are in its /proc",
        "-i": "use -k, which shows the addresses of all frames",
        "-d": "there is no such output",
        "--seccomp-bpf": "see --dispatch",
    ]

    private static let refusedLongNames: [String: String] = [
        "--attach": "-p", "--user": "-u", "--output-separately": "-ff", "--daemonize": "-D", "--detach-on": "-b",
        "--interruptible": "-I", "--summary-syscall-overhead": "-O", "--const-print-style": "-X",
        "--pidns-translation": "-Y", "--instruction-pointer": "-i", "--debug": "-d",
    ]

    /// Throws for an option that is known and not supported.
    static func refuse(_ option: String) throws(TraceOptionError) {
        guard let reason = refused[refusedLongNames[option] ?? option] else { return }
        throw TraceOptionError("not supported: \(option): \(reason)")
    }
}
