/// What the first line of a script says, "#!path [argument]" (execve(2), "Interpreter scripts").
///
/// Follows load_script in fs/binfmt_script.c step by step, oddities and all, since shells' own scripts rely on them.
public struct ScriptInterpreter: Equatable, Sendable {
    /// The interpreter's path, not yet resolved; never empty.
    public let path: [UInt8]

    /// All of the line after the path as one argument, or nil. It may be cut off by the line's limit, and is empty
    /// where a file without a newline ends in blanks.
    public let argument: [UInt8]?

    /// How much of a file's start counts: BINPRM_BUF_SIZE.
    public static let lineByteCountMax = 256

    /// Most scripts in a row, each interpreted by the next, before a program must come; one more and execve(2)
    /// answers ELOOP (exec_binprm in fs/exec.c).
    public static let nestingCountMax = 5

    /// Whether a file that starts so is a script.
    public static func isScript(_ firstBytes: [UInt8]) -> Bool {
        firstBytes.starts(with: [0x23, 0x21])  // "#!"
    }

    /// Reads the line.
    ///
    /// - Parameter firstBytes: the file's first 256 bytes, or all of a shorter file; more are ignored.
    public init(parsing firstBytes: [UInt8]) throws(ElfError) {
        guard Self.isScript(firstBytes) else {
            throw ElfError(.badScript, "does not start with \"#!\"; name a program or a script")
        }
        // The kernel's buffer is padded with zeros, which its rules for the end of the line count on.
        var line = Array(firstBytes.prefix(Self.lineByteCountMax))
        line += [UInt8](repeating: 0, count: Self.lineByteCountMax - line.count)

        let end = try Self.endOfLine(line)
        guard let pathStart = Self.firstNonBlank(line, from: 2, through: end), pathStart != end else {
            throw ElfError(.badScript, "no interpreter after \"#!\"; write the interpreter's path there")
        }
        let separator = Self.firstTerminator(line, from: pathStart, through: end)
        path = Array(line[pathStart..<(separator ?? end)])
        // The kernel would go on to open the working directory, and answer EACCES.
        if path.isEmpty {
            throw ElfError(.badScript, "no interpreter after \"#!\"; write the interpreter's path there")
        }
        guard let separator, line[separator] != 0,
            let argumentStart = Self.firstNonBlank(line, from: separator, through: end)
        else {
            argument = nil
            return
        }
        argument = Array(line[argumentStart..<max(argumentStart, end)].prefix { $0 != 0 })
    }

    /// The arguments that the interpreter is run with: its path, its argument, the script, and all but the first of the
    /// script's own.
    ///
    /// - Parameters:
    ///   - scriptPath: the script's path, as the interpreter is to open it.
    ///   - arguments: what the script was run with, its own name first.
    public func arguments(scriptPath: [UInt8], arguments: [[UInt8]]) -> [[UInt8]] {
        [path] + (argument.map { [$0] } ?? []) + [scriptPath] + arguments.dropFirst()
    }

    /// Where the line stops: at its newline or, in a file without one, at the end of the buffer, less blanks before it.
    private static func endOfLine(_ line: [UInt8]) throws(ElfError) -> Int {
        let last = line.count - 1
        var end = last
        // As the kernel's strnchr, which gives up at the first zero byte.
        if let stop = line.firstIndex(where: { $0 == 0x0a || $0 == 0 }), line[stop] == 0x0a {
            end = stop
        } else {
            guard let start = firstNonBlank(line, from: 2, through: last) else {
                throw ElfError(.badScript, "no interpreter after \"#!\"; write the interpreter's path there")
            }
            // Running a path that has been cut off would run another program.
            guard firstTerminator(line, from: start, through: last) != nil else {
                throw ElfError(
                    .badScript,
                    "interpreter's path does not end within the first \(lineByteCountMax) bytes; use a shorter path")
            }
        }
        while isBlank(line[end - 1]) { end -= 1 }
        return end
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    private static func firstNonBlank(_ line: [UInt8], from start: Int, through end: Int) -> Int? {
        if start > end { return nil }
        return line[start...end].firstIndex { !isBlank($0) }
    }

    private static func firstTerminator(_ line: [UInt8], from start: Int, through end: Int) -> Int? {
        if start > end { return nil }
        return line[start...end].firstIndex { isBlank($0) || $0 == 0 }
    }
}
