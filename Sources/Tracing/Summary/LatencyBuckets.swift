/// Buckets of equal width within each power of two, as HdrHistogram has them (Tene): a value is known to within 1/64 of
/// itself by the middle of its bucket.
enum LatencyBuckets {
    private static let bits = 5
    private static let countPerPower = 1 << bits
    /// Nanoseconds from here on, close to five hours, share the last bucket.
    private static let exponentMax = 44
    static let count = (exponentMax - bits + 1) * countPerPower

    @inline(__always)
    static func index(of value: UInt64) -> Int {
        if value < UInt64(countPerPower) { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - bits
        return min(shift * countPerPower + Int(truncatingIfNeeded: value >> UInt64(shift)), count - 1)
    }

    /// The middle of a bucket.
    static func value(of index: Int) -> UInt64 {
        if index < countPerPower { return UInt64(index) }
        let shift = UInt64(index / countPerPower - 1)
        let lower = UInt64(index % countPerPower + countPerPower) << shift
        return lower + ((1 << shift) - 1) / 2
    }

    /// The smallest value that at least `fraction` of all are no larger than, to within 1/64; 0 for none.
    static func quantile(
        _ fraction: Double, of counts: UnsafeBufferPointer<UInt64>, total: UInt64, minimum: UInt64, maximum: UInt64
    ) -> UInt64 {
        let wanted = max(1, UInt64((Double(total) * fraction).rounded(.up)))
        var seen: UInt64 = 0
        for index in 0..<count - 1 {
            seen += counts[index]
            if seen >= wanted { return max(minimum, min(value(of: index), maximum)) }
        }
        return maximum
    }
}
