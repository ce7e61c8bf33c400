/// How far a run of several scenarios is, and how long the rest takes.
struct ProgressState {
    private struct Part {
        var name: String
        var estimatedSeconds: Double
    }

    /// What is being measured.
    var step = ""
    /// When the line was written last.
    var lastShown = 0.0
    private(set) var isRunning = false

    private var parts: [Part] = []
    private var current = -1
    private var partStart = 0.0
    /// Of the current scenario.
    private var share = 0.0
    /// What that share took.
    private var shareSeconds = 0.0
    /// What scenarios took beside what was expected of them, so that the rest is expected better.
    private var doneSeconds = 0.0
    private var doneEstimate = 0.0

    private static let barWidth = 16
    /// On a narrower terminal what is running is worth more than a bar.
    private static let columnsOfBar = 60
    /// A guess from what has been done is the better one from here on.
    private static let shareThatTells = 0.1

    mutating func expect(_ name: String, seconds: Double) {
        parts.append(Part(name: name, estimatedSeconds: max(0, seconds)))
    }

    mutating func beginNext(now: Double) {
        current += 1
        share = 0
        partStart = now
        step = ""
        isRunning = true
    }

    mutating func endCurrent(now: Double) {
        doneSeconds += now - partStart
        doneEstimate += parts[current].estimatedSeconds
        isRunning = false
    }

    mutating func advance(_ more: Double, now: Double) {
        share = min(1, share + more)
        shareSeconds = now - partStart
    }

    /// The line of a scenario that begins.
    var beginning: String {
        let left = Figure.duration(seconds: remainingSeconds(now: partStart))
        return "\(parts[current].name): \(current + 1) of \(parts.count), \(left) left in all"
    }

    /// What stands on a terminal; shorter than its width, so that the cursor stays on the line.
    func line(columns: Int, now: Double) -> String {
        let total = parts.reduce(0) { $0 + $1.estimatedSeconds }
        let done =
            parts.prefix(current).reduce(0) { $0 + $1.estimatedSeconds } + share * parts[current].estimatedSeconds
        let fraction = total > 0 ? min(1, done / total) : 0
        let filled = Int(fraction * Double(ProgressState.barWidth))
        let rest = String(repeating: "-", count: ProgressState.barWidth - filled)
        let bar = columns < ProgressState.columnsOfBar ? "" : "[\(String(repeating: "#", count: filled))\(rest)] "
        let left = Figure.duration(seconds: remainingSeconds(now: now))
        let running = parts[current].name + (step.isEmpty ? "" : ": \(step)")
        let line = "\(bar)\(Int(fraction * 100)) %, \(left) left: \(running)"
        return line.count < columns ? line : "\(line.prefix(max(0, columns - 2)))…"
    }

    func remainingSeconds(now: Double) -> Double {
        let factor = doneEstimate > 0 ? doneSeconds / doneEstimate : 1
        let elapsed = now - partStart
        let expected = parts[current].estimatedSeconds * factor
        let isTold = share > ProgressState.shareThatTells || share > 0 && elapsed > expected
        let whole = isTold ? shareSeconds / share : expected
        return max(0, whole - elapsed) + factor
            * parts.dropFirst(current + 1).reduce(0) { $0 + $1.estimatedSeconds }
    }
}
