/// How often one thread has made each call that a rule is about.
public struct InjectionCounters: Sendable {
    private var counts = [UInt64](repeating: 0, count: CallSelection.count)

    public init() {}

    /// The number of this call among the thread's own, from 1.
    mutating func next(_ place: Int) -> UInt64 {
        counts[place] += 1
        return counts[place]
    }
}
