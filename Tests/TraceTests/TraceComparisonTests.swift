import TestSupport
import Testing

/// The same calls, arguments and results as by strace.
@Suite("traces compared with strace's", .startsGuests)
struct TraceComparisonTests {
    /// What differs here is chance, and no case for the comparison.
    private static let some = TraceCase.all.enumerated().filter { $0.offset % 10 == 0 }.map(\.element)

    @Test("strace with itself", arguments: some)
    func reference(_ traced: TraceCase) async throws {
        _ = try await traced.compare(.strace, with: .strace)
    }

    @Test("every call of a command", arguments: TraceCase.all)
    func calls(_ traced: TraceCase) async throws {
        #expect(try await traced.compare() > 0)
    }
}
