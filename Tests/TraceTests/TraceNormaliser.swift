import Foundation

/// Makes the traces of two runs of one command comparable: of each thread the lines, in which numbers that the kernel
/// chose have the name of their first appearance. Everything else stays: names, arguments, results.
struct TraceNormaliser {
    /// Where results stand (`-a`); nil where a line's written form is another's.
    private let resultColumn: Int?
    /// Hexadecimal numbers from here on are addresses; what is smaller is an offset, a size, a flag.
    private static let addressMin: UInt64 = 0x10_0000

    /// Calls in whose arguments times are the clock's, and different each time.
    private static let clockCalls: Set<Substring> = [
        "clock_gettime", "getitimer", "getrusage", "gettimeofday", "sysinfo", "time", "timer_gettime",
        "timerfd_gettime", "times",
    ]

    /// Calls that have threads' numbers as arguments or results; elsewhere a number may only look like one.
    private static let identifying: Set<Substring> = [
        "clone", "clone3", "fcntl", "futex", "get_robust_list", "getpgid", "getpgrp", "getpid", "getppid", "getsid",
        "gettid", "kill", "pidfd_open", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "sched_getaffinity",
        "sched_setaffinity", "set_tid_address", "setpgid", "setsid", "tgkill", "tkill", "wait4", "waitid",
    ]

    /// What differs wherever it stands: names that mkstemp(3) and the like make up, ports that the kernel gives, what
    /// is free on a disk, inodes, a file's times where they are not its maker's, and how much there is in /dev/shm,
    /// where other programs come and go.
    private static let chance: [(pattern: NSRegularExpression, template: String)] = [
        (regularExpression("(/tmp/guest-[a-z_]+\\.|/tmp/tmp\\.|@\"understudy-|\\./sed)[A-Za-z0-9]{6,10}"), "$1NAME"),
        (regularExpression("htons\\((32[7-9]|3[3-9][0-9]|[4-6][0-9]{2})[0-9]{2}\\)"), "htons(PORT)"),
        (regularExpression("(loads=)\\[[0-9, ]+\\]"), "$1TIME"),
        (regularExpression("(\"/dev/shm\", .*stx?_size=)[0-9]+"), "$1COUNT"),
        (regularExpression("f_(bfree|bavail|ffree)=[0-9]+"), "f_$1=COUNT"),
        (regularExpression("(pipe|socket|eventpoll|-STREAM|-DGRAM|->|_ino=)(:?\\[?)[0-9]{2,}"), "$1$2INODE"),
        (
            regularExpression(
                "(stx?_[acmb]time(_nsec)?)=(\\{tv_sec=)?(?!17000000)[0-9]+(, tv_nsec=[0-9]+\\})?( /\\* [^*]* \\*/)?"),
            "$1=TIME"
        ),
    ]

    private var threads: [Substring] = []
    private var lines: [Substring: [TraceLine]] = [:]
    /// Of a thread whose call has not returned: the index of its line.
    private var unfinished: [Substring: Int] = [:]

    /// The threads' lines, of each thread in the trace's order; the threads in the order of their first line.
    static func threads(of trace: String, resultColumn: Int? = 40) throws -> [[TraceLine]] {
        var normaliser = TraceNormaliser(resultColumn: resultColumn)
        for (index, line) in trace.split(separator: "\n").enumerated() {
            try normaliser.take(line, number: index + 1)
        }
        return normaliser.normalised()
    }

    private init(resultColumn: Int?) { self.resultColumn = resultColumn }

    /// Takes a line apart, and joins the two parts of a call that others came between.
    private mutating func take(_ written: Substring, number: Int) throws {
        let thread = written.prefix { $0.isNumber }
        let text = written.dropFirst(thread.count).drop { $0 == " " }
        guard !thread.isEmpty, !text.isEmpty else { throw TraceFormatError(number, written, "has no thread") }
        if lines[thread] == nil {
            threads.append(thread)
            lines[thread] = []
        }
        if text.hasPrefix("<... ") {
            guard let index = unfinished.removeValue(forKey: thread), let mark = text.range(of: " resumed>") else {
                throw TraceFormatError(number, written, "goes on with nothing")
            }
            let name = text[text.index(text.startIndex, offsetBy: 5)..<mark.lowerBound]
            guard lines[thread]?[index].text.hasPrefix("\(name)(") == true else {
                throw TraceFormatError(number, written, "goes on with another call")
            }
            lines[thread]?[index].text += text[mark.upperBound...]
            return
        }
        guard unfinished[thread] == nil || text.hasPrefix("+++") else {
            throw TraceFormatError(number, written, "comes before the thread's call has returned")
        }
        var line = TraceLine(number: number, written: String(written), text: String(text))
        if let mark = text.range(of: " <unfinished ...>", options: .backwards), mark.upperBound == text.endIndex {
            line.text = String(text[..<mark.lowerBound])
            unfinished[thread] = lines[thread]?.count
        }
        lines[thread]?.append(line)
    }

    /// The threads in the order in which they were made: which of two has the first line is chance.
    private var threadsInOrder: [Substring] {
        let calls = lines.values.joined().filter { $0.callName == "clone3" || $0.callName == "clone" }
        let made = calls.sorted { $0.number < $1.number }.compactMap(\.result).filter { lines[$0] != nil }
        let first = threads.filter { !made.contains($0) }
        return first + made
    }

    private func normalised() -> [[TraceLine]] {
        var numbers: [Substring: String] = [:]
        let threads = threadsInOrder
        for (index, thread) in threads.enumerated() { numbers[thread] = "THREAD\(index + 1)" }
        return threads.map { thread in
            var random: Set<Substring> = []
            // Of each thread by itself: which of two threads is first is chance.
            var addresses: [UInt64: String] = [:]
            // Before names are given: what is left out gives none.
            return ExpectedDifference.removed(from: lines[thread] ?? []).map { line in
                var line = line
                line.text = withoutPadding(line)
                let isOfClock =
                    TraceNormaliser.clockCalls.contains(line.callName ?? "") || line.text.contains("_ABSTIME")
                let isIdentifying = line.callName.map(TraceNormaliser.identifying.contains) ?? true
                line.text = TraceNormaliser.renamed(
                    line.text, numbers, &addresses, isIdentifying: isIdentifying, isOfClock: isOfClock)
                line.text = TraceNormaliser.withoutChance(line, &random)
                return line
            }
        }
    }

    /// Results stand in a column that depends on what is before them: one space is left where it is the right one.
    private func withoutPadding(_ line: TraceLine) -> String {
        guard line.callName != nil, let equals = line.text.range(of: " = ", options: .backwards) else {
            return line.text
        }
        let call = line.text[..<equals.lowerBound]
        guard let end = call.lastIndex(where: { $0 != " " }) else { return line.text }
        let prefix = line.written.count - line.text.count
        let isJoined = !line.written.hasSuffix(line.text)
        let width = prefix + call[...end].utf8.count + 1
        if let resultColumn, !isJoined, prefix + call.utf8.count + 1 != max(width, resultColumn) { return line.text }
        return String(call[...end] + line.text[equals.lowerBound...])
    }

    /// `random` has the descriptors of what random bytes are read from.
    private static func withoutChance(_ line: TraceLine, _ random: inout Set<Substring>) -> String {
        var text = line.text
        let descriptor = text.drop { $0 != "(" }.dropFirst().prefix { $0.isNumber }
        if text.contains("\"/dev/urandom\""), let result = line.result { random.insert(result) }
        if line.callName == "close" { random.remove(descriptor) }
        if line.callName == "getrandom" || line.callName == "read" && random.contains(descriptor) {
            text = withoutString(text)
        }
        for (pattern, template) in chance {
            let range = NSRange(text.startIndex..., in: text)
            text = pattern.stringByReplacingMatches(in: text, range: range, withTemplate: template)
        }
        return text
    }

    private static func regularExpression(_ pattern: String) -> NSRegularExpression {
        guard let expression = try? NSRegularExpression(pattern: pattern) else {
            preconditionFailure("\(pattern) is no regular expression")
        }
        return expression
    }

    private static func withoutString(_ text: String) -> String {
        guard let start = text.firstIndex(of: "\""), let end = text.lastIndex(of: "\"") else { return text }
        return String(text[..<start] + "RANDOM" + text[text.index(after: end)...])
    }

    /// Replaces threads' numbers and, outside of strings, addresses; of the clock's calls all numbers of times.
    private static func renamed(
        _ text: String, _ threads: [Substring: String], _ addresses: inout [UInt64: String], isIdentifying: Bool,
        isOfClock: Bool
    ) -> String {
        var result = ""
        var rest = text[...]
        var isInString = false
        while let first = rest.first {
            if isInString, first == "\\" {
                result += rest.prefix(2)
                rest = rest.dropFirst(2)
                continue
            }
            let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            guard !word.isEmpty else {
                if first == "\"" { isInString.toggle() }
                result.append(first)
                rest = rest.dropFirst()
                continue
            }
            rest = rest.dropFirst(word.count)
            if let name = threads[word], isIdentifying || result.hasSuffix("pid=") || result.hasSuffix("/proc/") {
                result += name
            } else if isOfClock, word.allSatisfy(\.isNumber), result.hasSuffix("=") {
                result += "TIME"
            } else if !isInString, let address = address(word), !isOfFlags(rest) {
                let name = addresses[address] ?? "ADDRESS\(addresses.count + 1)"
                addresses[address] = name
                result += name
            } else {
                result += word
            }
        }
        return result
    }

    /// What is known of a number that is no address: `0x40000000 /* O_??? */`.
    private static func isOfFlags(_ rest: Substring) -> Bool {
        rest.hasPrefix(" /* ") && rest.dropFirst(4).first?.isUppercase == true
    }

    private static func address(_ word: Substring) -> UInt64? {
        guard word.hasPrefix("0x"), let number = UInt64(word.dropFirst(2), radix: 16) else { return nil }
        return number >= addressMin ? number : nil
    }
}

/// A trace that cannot be one.
struct TraceFormatError: Error, CustomStringConvertible {
    let description: String

    init(_ number: Int, _ line: Substring, _ what: String) {
        description = "line \(number) of the trace \(what): \(line)"
    }
}
