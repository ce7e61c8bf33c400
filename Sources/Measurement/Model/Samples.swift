/// One thing, measured several times. In the unit of whoever holds it.
public struct Samples: Sendable {
    public private(set) var values: [Double]

    public init(_ values: [Double] = []) { self.values = values }

    public var isEmpty: Bool { values.isEmpty }
    public var count: Int { values.count }
    public var median: Double { quantile(0.5) }
    public var low: Double { values.min() ?? .nan }
    public var high: Double { values.max() ?? .nan }
    public var sum: Double { values.reduce(0, +) }

    public mutating func add(_ value: Double) { values.append(value) }

    /// The smallest value that at least `fraction` of all are no larger than; of an even number, for 0.5, the middle
    /// between two. NaN for none.
    public func quantile(_ fraction: Double) -> Double {
        if values.isEmpty { return .nan }
        let sorted = values.sorted()
        if fraction == 0.5, sorted.count.isMultiple(of: 2) {
            return (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
        }
        let index = Int((Double(sorted.count) * fraction).rounded(.up)) - 1
        return sorted[min(max(index, 0), sorted.count - 1)]
    }

    public func map(_ change: (Double) -> Double) -> Samples { Samples(values.map(change)) }
}
