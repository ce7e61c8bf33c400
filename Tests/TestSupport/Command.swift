/// A program to be run by a test, with all that it gets from its surroundings.
public struct Command: Sendable {
    /// What the program finds at its standard input.
    public enum Input: Sendable {
        /// /dev/null.
        case null
        /// Nothing: the descriptor is closed.
        case closed
        /// A pipe with these bytes, closed after them.
        case bytes([UInt8])
        /// A pipe that stays open until ``RunningCommand/closeInput()``.
        case held
        /// A file, opened for reading.
        case file(String)

        /// A pipe with this text.
        public static func text(_ text: String) -> Input { .bytes(Array(text.utf8)) }
    }

    /// What the program finds at its standard output or standard error.
    public enum Output: Sendable {
        /// A pipe; the outcome holds what came through it.
        case captured
        /// A pipe whose reader goes away once it has this many bytes.
        case brokenAfter(Int)
        /// Nothing: the descriptor is closed.
        case closed
        /// A file, opened for writing at its end; the outcome holds nothing of it.
        case file(String)
    }

    /// The program's path; nothing is searched for.
    public var program: String
    /// argv[1] and on. Bytes, because an argument need not be text.
    public var arguments: [[UInt8]]
    /// Strings NAME=VALUE.
    public var environment: [String] = Command.plainEnvironment
    /// Nil for the test runner's own.
    public var directory: String?
    public var input = Input.null
    public var output = Output.captured
    public var errors = Output.captured
    /// After this the whole process group is killed, and the test fails. Only a hang should get there.
    public var timeoutSeconds = 120.0

    public init(_ program: String, _ arguments: [String] = []) {
        self.program = program
        self.arguments = arguments.map { Array($0.utf8) }
    }

    /// Small and always the same, so that a run does not depend on who started the tests.
    public static let plainEnvironment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C.UTF-8", "TZ=UTC",
    ]

    /// The same, started by a shell that does `setup` (such as `ulimit -n 16`) in its own process first.
    public func after(shell setup: String) -> Command {
        var wrapped = self
        wrapped.program = "/bin/sh"
        wrapped.arguments = ["-c", "\(setup) && exec \"$0\" \"$@\"", program].map { Array($0.utf8) } + arguments
        return wrapped
    }

    /// A line for a shell that runs the same again, as far as a line can.
    public var replayLine: String {
        var words: [String] = []
        if let directory { words += ["cd", Command.quoted(Array(directory.utf8)), "&&"] }
        words += ["env", "-i"] + environment.map { Command.quoted(Array($0.utf8)) }
        words += [Command.quoted(Array(program.utf8))] + arguments.map(Command.quoted)
        switch input {
        case .null: words.append("</dev/null")
        case .closed: words.append("<&-")
        case .file(let path): words.append("<\(Command.quoted(Array(path.utf8)))")
        case .bytes, .held: break
        }
        return words.joined(separator: " ")
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-".utf8)
        if !bytes.isEmpty, bytes.allSatisfy(plain.contains) { return String(decoding: bytes, as: UTF8.self) }
        // Long ones are for reading, not for typing.
        if bytes.count > 2000 { return "'\(String(decoding: bytes.prefix(40), as: UTF8.self))…'" }
        if bytes.allSatisfy({ $0 == 10 || (32..<127).contains($0) }) {
            let text = String(decoding: bytes, as: UTF8.self)
            return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }
        let escaped = bytes.map { byte in
            let isPlain = plain.contains(byte) || byte == 32
            return isPlain
                ? String(UnicodeScalar(byte)) : "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return "$'" + escaped.joined() + "'"
    }
}
