/// What is said of a distribution, in the report and in `ctl status`.
public struct Quantiles: Codable, Sendable {
    public var p50: Double
    public var p99: Double
    public var max: Double
}

extension Quantiles {
    /// `unit` is how many of the distribution's make one of these.
    init(_ distribution: Distribution, unit: Double) {
        self.init(
            p50: Double(distribution.quantile(0.5)) / unit, p99: Double(distribution.quantile(0.99)) / unit,
            max: Double(distribution.maximum) / unit)
    }
}
