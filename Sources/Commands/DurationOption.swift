import ArgumentParser

/// A duration with its unit, as every option of ours takes one: 500us, 25ms, 1s, 10m, 1h.
struct DurationOption: Sendable, Equatable {
    var nanoseconds: UInt64

    private static let units: [(suffix: String, nanoseconds: UInt64)] = [
        ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ]
    /// A week: beyond it somebody has mistaken the unit.
    private static let nanosecondsMax: UInt64 = 7 * 24 * 3_600_000_000_000

    init(parsing text: String) throws {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = String(text.dropFirst(digits.count))
        guard let number = UInt64(digits), let unit = DurationOption.units.first(where: { $0.suffix == suffix }) else {
            throw ValidationError("a duration has a unit: 500us, 25ms, 1s, 10m or 1h")
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.nanoseconds)
        guard !overflow, product > 0, product <= DurationOption.nanosecondsMax else {
            throw ValidationError("a duration is more than nothing and at most a week")
        }
        nanoseconds = product
    }

    /// The same within what makes sense for an option.
    static func within(_ range: ClosedRange<UInt64>, _ words: String) -> @Sendable (String) throws -> DurationOption {
        { text in
            let duration = try DurationOption(parsing: text)
            guard range.contains(duration.nanoseconds) else { throw ValidationError("use \(words)") }
            return duration
        }
    }
}

/// `--failure-timeout`: a duration, or off.
enum FailureTimeoutOption: Sendable, Equatable {
    case off
    case after(DurationOption)

    /// Below 20 ms a heartbeat that is late because of a busy machine would count as a failure: gaps of 38 ms were
    /// measured beside four busy threads.
    private static let allowed: ClosedRange<UInt64> = 20_000_000...3_600_000_000_000

    init(parsing text: String) throws {
        if text == "off" {
            self = .off
            return
        }
        self = .after(try DurationOption.within(FailureTimeoutOption.allowed, "20ms to 1h, or off")(text))
    }

    var nanoseconds: UInt64? {
        switch self {
        case .off: return nil
        case .after(let duration): return duration.nanoseconds
        }
    }
}
