import TestSupport
import Testing

/// The same calls, arguments and results as by strace.
@Suite("traces compared with strace's", .startsGuests)
struct TraceComparisonTests {
    @Test("strace with strace", arguments: TraceCase.all)
    func reference(_ traced: TraceCase) async throws {
        _ = try await traced.compare(.strace, with: .strace)
    }

    @Test("every call of a command", arguments: TraceCase.all)
    func calls(_ traced: TraceCase) async throws {
        #expect(try await traced.compare() > 0)
    }
}
