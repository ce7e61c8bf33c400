import Testing

@testable import Measurement

@Suite("progress")
struct ProgressStateTests {
    private func state() -> ProgressState {
        var state = ProgressState()
        state.expect("syscall", seconds: 30)
        state.expect("redis", seconds: 60)
        state.beginNext(now: 100)
        return state
    }

    @Test("the rest is guessed from what scenarios were expected to take, then from what they took")
    func remaining() {
        var state = state()
        #expect(state.remainingSeconds(now: 100) == 90)
        #expect(state.remainingSeconds(now: 110) == 80)
        state.advance(0.5, now: 130)
        // Half of it took what was expected of the whole.
        #expect(state.remainingSeconds(now: 130) == 90)
        // Time passes within a step, too.
        #expect(state.remainingSeconds(now: 140) == 80)
        #expect(state.remainingSeconds(now: 1000) == 60)
        state.endCurrent(now: 160)
        state.beginNext(now: 160)
        #expect(state.remainingSeconds(now: 160) == 120)
        #expect(state.beginning == "redis: 2 of 2, 2 min left in all")
    }

    @Test("the line is shorter than the terminal is wide", arguments: [1, 2, 10, 40, 80, 200])
    func width(_ columns: Int) {
        var state = state()
        state.step = "clock_gettime, inclusive, round 2 of 9"
        state.advance(0.5, now: 110)
        let line = state.line(columns: columns, now: 110)
        #expect(line.count < max(2, columns))
        if columns == 200 {
            #expect(line == "[##--------------] 16 %, 70 s left: syscall: \(state.step)")
        }
        if columns == 40 { #expect(line == "16 %, 70 s left: syscall: clock_gettim…") }
    }

    @Test("scenarios that take no time divide by nothing")
    func nothing() {
        var state = ProgressState()
        state.expect("syscall", seconds: -1)
        state.beginNext(now: 5)
        #expect(state.line(columns: 80, now: 5).contains("0 %, 0 s left"))
        state.endCurrent(now: 5)
    }
}
