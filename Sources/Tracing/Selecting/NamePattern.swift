import Glibc

/// A POSIX extended regular expression, for names.
struct NamePattern: ~Copyable {
    private var expression = regex_t()

    init(_ text: String) throws(TraceOptionError) {
        let status = regcomp(&expression, text, REG_EXTENDED | REG_NOSUB)
        if status == 0 { return }
        let reason = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            regerror(status, &expression, buffer.baseAddress, buffer.count)
            return String(cString: buffer.baseAddress!)
        }
        throw TraceOptionError("/\(text) is no regular expression: \(reason.lowercased())")
    }

    deinit {
        var expression = expression
        regfree(&expression)
    }

    func matches(_ name: String) -> Bool {
        withUnsafePointer(to: expression) { regexec($0, name, 0, nil, 0) == 0 }
    }
}
