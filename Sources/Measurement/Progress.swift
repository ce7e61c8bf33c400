import Glibc

/// Says on standard error what is running and how long it will take: one line that is written again and again on a
/// terminal, a line for each scenario elsewhere.
public final class Progress {
    private struct Part {
        var name: String
        var estimatedSeconds: Double
    }

    private let isTerminal: Bool
    private var parts: [Part] = []
    private var current = -1
    private var partStart = 0.0
    /// Of the current scenario.
    private var share = 0.0
    private var step = ""
    private var lastShown = 0.0
    /// What scenarios took beside what was expected of them, so that the rest is expected better.
    private var doneSeconds = 0.0
    private var doneEstimate = 0.0

    private static let barWidth = 24
    private static let secondsBetween = 0.1

    /// Silent for `isQuiet`.
    public init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = isatty(2) == 1
    }

    private let isQuiet: Bool

    public func expect(_ name: String, seconds: Double) {
        parts.append(Part(name: name, estimatedSeconds: seconds))
    }

    /// The next of the expected ones begins.
    public func beginNext() {
        current += 1
        share = 0
        partStart = MonotonicTime.seconds
        step = ""
        if !isTerminal { say("\(parts[current].name): \(remainingText) left in all") }
        draw(isForced: true)
    }

    public func endCurrent() {
        doneSeconds += MonotonicTime.seconds - partStart
        doneEstimate += parts[current].estimatedSeconds
        if isTerminal { write("\r\u{1b}[K") }
    }

    /// What is being measured now.
    public func show(_ step: String) {
        self.step = step
        draw(isForced: false)
    }

    /// So much of the scenario is done beyond what was.
    public func advance(_ share: Double) {
        self.share = min(1, self.share + share)
        draw(isForced: false)
    }

    private var remainingSeconds: Double {
        let elapsed = MonotonicTime.seconds - partStart
        let estimate = parts[current].estimatedSeconds
        let factor = doneEstimate > 0 ? doneSeconds / doneEstimate : 1
        // Once a tenth is done, what it took is the better guess.
        let ofCurrent = share > 0.1 ? elapsed / share * (1 - share) : max(0, estimate * factor - elapsed)
        return ofCurrent + factor * parts.dropFirst(current + 1).reduce(0) { $0 + $1.estimatedSeconds }
    }

    private var remainingText: String {
        let seconds = remainingSeconds
        return seconds < 90 ? "\(Int(seconds.rounded(.up))) s" : "\(Int((seconds / 60).rounded(.up))) min"
    }

    private func draw(isForced: Bool) {
        guard isTerminal, current >= 0 else { return }
        let now = MonotonicTime.seconds
        guard isForced || now - lastShown >= Progress.secondsBetween else { return }
        lastShown = now
        let total = parts.reduce(0) { $0 + $1.estimatedSeconds }
        let done = parts.prefix(current).reduce(0) { $0 + $1.estimatedSeconds } + share * parts[current].estimatedSeconds
        let fraction = total > 0 ? min(1, done / total) : 0
        let filled = Int(fraction * Double(Progress.barWidth))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Progress.barWidth - filled)
        let line = "[\(bar)] \(Int(fraction * 100)) %, \(remainingText) left: \(parts[current].name)\(step.isEmpty ? "" : ": \(step)")"
        write("\r\(line.prefix(width - 1))\u{1b}[K")
    }

    private var width: Int {
        var size = winsize()
        return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private func say(_ line: String) {
        write("understudy: \(line)\n")
    }

    private func write(_ text: String) {
        if isQuiet { return }
        let bytes = Array(text.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }
}
