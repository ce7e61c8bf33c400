/// Where the trace goes: `-o`.
public enum TraceOutput: Sendable, Equatable {
    case standardError
    case file(path: String, isAppended: Bool)
    /// To the standard input of a shell's command.
    case command(String)

    /// Whether a command is started for it.
    public var isCommand: Bool {
        if case .command = self { return true }
        return false
    }

    /// A file's name, or a command behind | or !.
    public init(parsing text: String, isAppended: Bool) throws(TraceOptionError) {
        if text.isEmpty { throw TraceOptionError("a trace needs the name of a file") }
        guard text.hasPrefix("|") || text.hasPrefix("!") else {
            self = .file(path: text, isAppended: isAppended)
            return
        }
        let command = String(text.dropFirst())
        if command.allSatisfy(\.isWhitespace) {
            throw TraceOptionError("-o \(text) needs a command behind the \(text.prefix(1))")
        }
        self = .command(command)
    }
}
