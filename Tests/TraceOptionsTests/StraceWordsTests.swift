import Testing

@testable import Tracing

@Suite("words as strace takes them")
struct StraceWordsTests {
    @Test(
        "joined short options, values, and PROGRAM",
        arguments: [
            ("true", [], ["true"]), ("-ttT ls -l", ["-t", "-t", "-T"], ["ls", "-l"]),
            ("-fs 100 ls", ["-f", "--string-limit", "100"], ["ls"]),
            ("-s100 ls", ["--string-limit", "100"], ["ls"]),
            ("-etrace=open ls", ["--expression", "trace=open"], ["ls"]),
            ("-e trace=open ls -e x", ["--expression", "trace=open"], ["ls", "-e", "x"]),
            ("-o file -yy ls", ["--output", "file", "-y", "-y"], ["ls"]),
            ("-cofile ls", ["-c", "--output", "file"], ["ls"]), ("-s -1 ls", ["--string-limit", "-1"], ["ls"]),
            ("-o -- ls", ["--output", "--"], ["ls"]), ("-f -- -x -f", ["-f"], ["-x", "-f"]),
            ("-f -- -- x", ["-f"], ["--", "x"]), ("-f - x", ["-f"], ["-", "x"]), ("-s", ["--string-limit"], []),
            ("-F -f ls", ["-f"], ["ls"]), ("-V", ["--version"], []), ("-qqq ls", ["-q", "-q", "-q"], ["ls"]),
            ("-lx ls", ["-l", "-x"], ["ls"]), ("", [], []), ("--", [], []),
        ])
    func short(_ line: String, _ options: [String], _ program: [String]) throws {
        let words = try StraceWords(line.split(separator: " ").map(String.init))
        #expect(words.options == options)
        #expect(words.program == program)
    }

    @Test(
        "long options",
        arguments: [
            ("--trace=open ls", ["--expression", "trace=open"], ["ls"]),
            ("--trace open ls", ["--expression", "trace=open"], ["ls"]),
            ("--inject=open:error=EIO ls", ["--expression", "inject=open:error=EIO"], ["ls"]),
            ("--output x ls", ["--output", "x"], ["ls"]), ("--output=x ls", ["--output", "x"], ["ls"]),
            ("--output= ls", ["--output", ""], ["ls"]), ("--report r --json ls", ["--report", "r", "--json"], ["ls"]),
            ("--summary-only ls", ["-c"], ["ls"]), ("--quiet ls", ["-q"], ["ls"]),
            ("--quiet=exit ls", ["--expression", "quiet=exit"], ["ls"]),
            ("--decode-fds=all ls", ["--expression", "decode-fds=all"], ["ls"]), ("--decode-fds ls", ["-y"], ["ls"]),
            ("--absolute-timestamps=precision:us ls", ["-t", "-t"], ["ls"]),
            ("--slower-than 5ms ls", ["--slower-than", "5ms"], ["ls"]), ("--no-such x", ["--no-such"], ["x"]),
            ("--no-such=1 x", ["--no-such=1"], ["x"]), ("--output", ["--output"], []), ("--help", ["--help"], []),
        ])
    func long(_ line: String, _ options: [String], _ program: [String]) throws {
        let words = try StraceWords(line.split(separator: " ").map(String.init))
        #expect(words.options == options)
        #expect(words.program == program)
    }

    @Test("values may be empty, and have blanks")
    func odd() throws {
        #expect(try StraceWords(["-o", "", "ls", ""]).options == ["--output", ""])
        #expect(try StraceWords(["-o", "| cat -n", "ls"]).options == ["--output", "| cat -n"])
        #expect(try StraceWords(["", "-t"]).program == ["", "-t"])
    }

    @Test("what is behind PROGRAM is never refused", arguments: ["-p", "-ff", "-u", "--attach", "--trace"])
    func program(_ word: String) throws {
        #expect(try StraceWords(["ls", word]).program == ["ls", word])
    }

    @Test(
        "what strace has and we do not",
        arguments: [
            "-p 1", "-p1", "-tp", "-ff", "-f -f", "-f --follow-forks", "--output-separately", "-u root", "-D", "-b x",
            "-I 1", "-O 1", "-X raw", "-Y", "-i", "-d", "--attach=1", "--user=x", "--daemonize=pgroup", "--seccomp-bpf",
        ])
    func refused(_ line: String) {
        let error = #expect(throws: TraceOptionError.self) {
            try StraceWords(line.split(separator: " ").map(String.init) + ["ls"])
        }
        #expect(error?.message.hasPrefix("not supported: -") == true)
    }

    @Test("a qualifier without a value")
    func missing() {
        #expect(throws: TraceOptionError("--trace needs a value")) { try StraceWords(["--trace"]) }
    }
}
