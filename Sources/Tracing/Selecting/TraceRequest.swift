public import GuestKernel

/// What `understudy trace` was asked for.
public struct TraceRequest: Sendable {
    public var calls = CallSelection.all
    public var statuses = StatusSelection.everything
    public var signals = SignalSelection.all
    public var paths = PathSelection()
    /// Only calls that took longer are shown; nil shows all.
    public var slowerThanNanoseconds: UInt64?
    public var quiet = QuietSelection()
    public var lines = LineOptions()
    /// Nil for none.
    public var summary: SummaryRequest?
    public var output = TraceOutput.standardError
    /// JSON lines in place of strace's text.
    public var isJSON = false
    /// When the reader cannot keep up records are left out and counted; otherwise the guest waits.
    public var dropsRecords = false
    /// Of one thread's ring; nil for the usual.
    public var bufferByteCount: Int?

    /// As given; `injections` is what to go by.
    var givenInjections = InjectionPlan()

    public init() {}

    /// What `run --trace` writes: times since the epoch, and the time in each call.
    public init(file path: String, isJSON: Bool) throws(TraceOptionError) {
        output = try TraceOutput(parsing: path, isAppended: false)
        lines.timestamps = .unixMicroseconds
        lines.showsDurations = true
        self.isJSON = isJSON
    }

    /// What is not traced is not tampered with, as under strace.
    public var injections: InjectionPlan { givenInjections.limited(to: calls) }

    /// Whether a call that took so long is shown and counted.
    @inline(__always)
    public func isSlowEnough(_ durationNanoseconds: UInt64) -> Bool {
        guard let slowerThanNanoseconds else { return true }
        return durationNanoseconds > slowerThanNanoseconds
    }

    /// Whether something is shown, counted or left out by when it happened or how long it took.
    public var needsTimes: Bool {
        isJSON || summary != nil || slowerThanNanoseconds != nil || lines.timestamps != .none
            || lines.showsRelativeTimes || lines.showsDurations
    }

    /// Whether a line can only be written once its call has returned.
    public var needsResult: Bool { slowerThanNanoseconds != nil || statuses.needsResult }
}
