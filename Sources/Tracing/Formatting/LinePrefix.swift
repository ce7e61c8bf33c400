import SyscallShapes

/// What stands before and behind a line: the thread, times, and how long the call took.
public struct LinePrefix: Sendable {
    /// How the time of a line is shown.
    public enum Clock: UInt8, Sendable {
        case none
        /// `15:36:36` (`-t`).
        case seconds
        /// `15:36:36.123456` (`-tt`).
        case microseconds
        /// Seconds since 1970 and microseconds (`-ttt`).
        case sinceEpoch
    }

    public var clock = Clock.none
    /// Time since the line before (`-r`).
    public var isRelative = false
    /// `[pid 123] `, as on a terminal where several threads write.
    public var showsThread = false
    /// `123 `, as in a file.
    public var isForFile = false { didSet { lastThread = nil } }
    /// `<0.000012>` behind the line (`-T`).
    public var showsDuration = false
    /// How far local time is ahead of UTC.
    public var secondsEastOfUTC = 0
    private var lastNanoseconds: UInt64?
    /// The thread that the line before was about, as it is shown: most often the next is about the same.
    private var lastThread: Int32?
    private var lastThreadText = InlineArray<24, UInt8>(repeating: 0)
    private var lastThreadByteCount = 0

    public init() {}

    /// What comes before a call or an event of `thread` at this time (CLOCK_REALTIME).
    public mutating func appendStart(thread: Int32, nanoseconds: UInt64, _ text: inout TraceText) {
        if showsThread { appendThread(thread, &text) }
        if clock != .none { appendClock(nanoseconds, &text) }
        if !isRelative { return }
        if clock == .none { return appendSinceLast(nanoseconds, &text) }
        text.append("(+")
        appendSinceLast(nanoseconds, &text)
        text.truncate(to: text.count - 1)
        text.append(") ")
    }

    private func appendClock(_ nanoseconds: UInt64, _ text: inout TraceText) {
        let seconds = nanoseconds / 1_000_000_000
        if clock == .sinceEpoch {
            text.append(decimal: seconds)
        } else {
            let local = Int64(seconds) + Int64(secondsEastOfUTC)
            text.append(clock: UInt64((local % 86400 + 86400) % 86400))
        }
        if clock != .seconds { appendFraction(nanoseconds, &text) }
        text.append(byte: UInt8(ascii: " "))
    }

    /// What comes behind a call that has returned.
    public func appendEnd(durationNanoseconds: UInt64, _ text: inout TraceText) {
        if showsDuration {
            text.append(" <")
            text.append(decimal: durationNanoseconds / 1_000_000_000)
            appendFraction(durationNanoseconds, &text)
            text.append(byte: UInt8(ascii: ">"))
        }
    }

    @inline(__always)
    private mutating func appendThread(_ thread: Int32, _ text: inout TraceText) {
        if thread == lastThread { return text.append(lastThreadText, lastThreadByteCount) }
        let start = text.count
        appendNewThread(thread, &text)
        lastThread = thread
        lastThreadByteCount = text.count - start
        for index in 0..<lastThreadByteCount { lastThreadText[index] = text.bytes[start + index] }
    }

    /// At most 17 bytes.
    private func appendNewThread(_ thread: Int32, _ text: inout TraceText) {
        let number = UInt64(UInt32(bitPattern: thread))
        if isForFile {
            let start = text.count
            text.append(decimal: number)
            text.append(byte: UInt8(ascii: " "), times: 5 - (text.count - start))
            text.append(byte: UInt8(ascii: " "))
        } else {
            text.append("[pid ")
            text.append(padded: number, width: 5)
            text.append("] ")
        }
    }

    private mutating func appendSinceLast(_ nanoseconds: UInt64, _ text: inout TraceText) {
        let last = lastNanoseconds ?? nanoseconds
        lastNanoseconds = nanoseconds
        let passed = nanoseconds >= last ? nanoseconds - last : 0
        text.append(padded: passed / 1_000_000_000, width: 6)
        appendFraction(passed, &text)
        text.append(byte: UInt8(ascii: " "))
    }

    private func appendFraction(_ nanoseconds: UInt64, _ text: inout TraceText) {
        text.append(byte: UInt8(ascii: "."))
        text.append(decimal: nanoseconds / 1000 % 1_000_000, width: 6)
    }
}
