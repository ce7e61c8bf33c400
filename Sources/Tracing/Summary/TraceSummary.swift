import Glibc
import GuestKernel

/// `-c`: how often each call was made, how often it failed, and how long it took.
///
/// Belongs to one thread. All memory is reserved at once; what of it is never counted in is never touched.
public final class TraceSummary {
    private let totals: UnsafeMutableBufferPointer<CallTotals>
    /// `LatencyBuckets.count` for each number.
    private let latencies: UnsafeMutableBufferPointer<UInt64>

    public init() {
        totals = .allocate(capacity: CallSelection.count)
        totals.initialize(repeating: CallTotals())
        let count = CallSelection.count * LatencyBuckets.count
        // Fresh pages are zero already: writing to them would make 5 MB of memory of them.
        guard let zeroed = calloc(count, MemoryLayout<UInt64>.stride) else { preconditionFailure("out of memory") }
        latencies = UnsafeMutableBufferPointer(start: zeroed.bindMemory(to: UInt64.self, capacity: count), count: count)
    }

    deinit {
        totals.deallocate()
        free(latencies.baseAddress)
    }

    /// Counts a call that returned.
    public func record(number: Int, result: Int, durationNanoseconds: UInt64) {
        let place = CallSelection.place(of: number)
        totals[place].add(isError: CallResult.isError(result), nanoseconds: durationNanoseconds)
        latencies[place * LatencyBuckets.count + LatencyBuckets.index(of: durationNanoseconds)] += 1
    }

    public var isEmpty: Bool { totals.allSatisfy { $0.calls == 0 } }

    /// A row for each call that was made, in the order asked for.
    func rows(_ order: SummaryOrder) -> [SummaryRow] {
        let all = totals.reduce(into: UInt64(0)) { $0 &+= $1.nanoseconds }
        let rows = totals.indices.filter { totals[$0].calls > 0 }.map { place in
            let start = place * LatencyBuckets.count
            let counts = UnsafeBufferPointer(rebasing: latencies[start..<start + LatencyBuckets.count])
            return row(TraceSummary.name(of: place), totals[place], counts, of: all)
        }
        return order.sorted(rows)
    }

    /// All calls taken together.
    var totalRow: SummaryRow {
        var sum = CallTotals()
        for one in totals { sum.add(one) }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: LatencyBuckets.count) { counts in
            counts.initialize(repeating: 0)
            for place in totals.indices where totals[place].calls > 0 {
                for index in counts.indices { counts[index] += latencies[place * LatencyBuckets.count + index] }
            }
            var total = row("total", sum, UnsafeBufferPointer(counts), of: sum.nanoseconds)
            total.share = 1
            return total
        }
    }

    private func row(
        _ name: String, _ totals: CallTotals, _ counts: UnsafeBufferPointer<UInt64>, of all: UInt64
    ) -> SummaryRow {
        func quantile(_ fraction: Double) -> UInt64 {
            LatencyBuckets.quantile(
                fraction, of: counts, total: totals.calls, minimum: totals.shortestNanoseconds,
                maximum: totals.longestNanoseconds)
        }
        return SummaryRow(
            name: name, totals: totals, p50Nanoseconds: quantile(0.5), p99Nanoseconds: quantile(0.99),
            share: all == 0 ? 0 : Double(totals.nanoseconds) / Double(all))
    }

    private static func name(of place: Int) -> String {
        if place == CallSelection.count - 1 { return "syscall_others" }
        return SyscallTable.rows[place]?.name ?? "syscall_0x\(String(place, radix: 16))"
    }
}
