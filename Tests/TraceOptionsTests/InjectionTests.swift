import GuestKernel
import Testing

@testable import Tracing

@Suite("-e inject= and -e fault=")
struct InjectionTests {
    private static let openat = 257
    private static let close = 3

    private static func plan(_ texts: String...) throws -> InjectionPlan {
        var plan = InjectionPlan()
        for text in texts { try plan.add(parsing: text, as: .inject) }
        return plan
    }

    /// Which of the first twelve calls are hit.
    private static func hits(_ occasion: String) throws -> [Int] {
        let plan = try plan("openat:error=EIO:when=\(occasion)")
        var counters = InjectionCounters()
        return (1...12).filter { _ in plan.action(for: openat, counting: &counters) != nil }
    }

    @Test(
        "when=",
        arguments: [
            ("1", [1]), ("3", [3]), ("2+", [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), ("3+2", [3, 5, 7, 9, 11]),
            ("2..4", [2, 3, 4]), ("1..5+2", [1, 3, 5]), ("2..5+", [2, 3, 4, 5]), ("1..1", [1]), ("65535", []),
            ("1..65534+65535", [1]), ("01", [1]), ("2..6+3", [2, 5]),
        ])
    func occasions(_ text: String, _ expected: [Int]) throws {
        #expect(try Self.hits(text) == expected)
    }

    @Test(
        "when= that is wrong",
        arguments: [
            "0", "1..", "..3", "5..1", "1..0", "65536", "1..65535", "1+0", "1+65536", "+1", "", "1...3", "1..+", "0x1",
            "-1", " 1", "1 ", "1++", "99999999999999999999", "1..2..3", "1+2+3",
        ])
    func wrongOccasions(_ text: String) {
        #expect(throws: TraceOptionError.self) { try Self.hits(text) }
    }

    @Test("what is injected")
    func actions() throws {
        let plan = try Self.plan(
            "openat:error=enoent:signal=USR1:delay_enter=5:delay_exit=1.5ms", "close:retval=0x10", "read:error=4095")
        var counters = InjectionCounters()
        let action = try #require(plan.action(for: Self.openat, counting: &counters))
        #expect(action.replacement == -2 && action.signal == 10)
        #expect(action.delayEnterNanoseconds == 5000 && action.delayExitNanoseconds == 1_500_000)
        #expect(plan.action(for: Self.close, counting: &counters)?.replacement == 16)
        #expect(plan.action(for: 0, counting: &counters)?.replacement == -4095)
        for number in [1, 600, -1, Int.max] { #expect(plan.action(for: number, counting: &counters) == nil) }
    }

    @Test(
        "return values and delays",
        arguments: [
            ("retval=010", 8, 0), ("retval=-4096", -4096, 0), ("retval=18446744073709547520", -4096, 0),
            ("retval=0", 0, 0), ("error=1:delay_enter=0", -1, 0), ("error=1:delay_enter=7ns", -1, 7),
            ("error=1:delay_enter=2s", -1, 2_000_000_000), ("error=1:delay_enter=.5us", -1, 500),
        ])
    func values(_ text: String, _ replacement: Int, _ nanoseconds: UInt64) throws {
        let plan = try Self.plan("openat:\(text)")
        var counters = InjectionCounters()
        let action = try #require(plan.action(for: Self.openat, counting: &counters))
        #expect(action.replacement == replacement && action.delayEnterNanoseconds == nanoseconds)
    }

    @Test("each thread and each call has its own count; a later rule takes the place of an earlier one")
    func counting() throws {
        let plan = try Self.plan("openat,close:error=EIO:when=2", "close:error=EBADF:when=1")
        var (one, other) = (InjectionCounters(), InjectionCounters())
        #expect(plan.action(for: Self.openat, counting: &one) == nil)
        #expect(plan.action(for: Self.openat, counting: &other) == nil)
        #expect(plan.action(for: Self.openat, counting: &one)?.replacement == -5)
        #expect(plan.action(for: Self.close, counting: &one)?.replacement == -9)
        #expect(plan.action(for: Self.close, counting: &one) == nil)
    }

    @Test("what is not traced is not hit, and not counted")
    func limited() throws {
        let plan = try Self.plan("openat,close:error=EIO").limited(to: CallSelection(parsing: "close"))
        var counters = InjectionCounters()
        #expect(plan.action(for: Self.openat, counting: &counters) == nil)
        #expect(plan.action(for: Self.close, counting: &counters) != nil)
        #expect(try InjectionPlan().isEmpty && Self.plan("?nothing:error=1").isEmpty)
    }

    @Test("fault= fails with ENOSYS unless told otherwise")
    func fault() throws {
        var plan = InjectionPlan()
        try plan.add(parsing: "openat:when=1", as: .fault)
        try plan.add(parsing: "close:error=EIO", as: .fault)
        var counters = InjectionCounters()
        #expect(plan.action(for: Self.openat, counting: &counters)?.replacement == -38)
        #expect(plan.action(for: Self.close, counting: &counters)?.replacement == -5)
        #expect(throws: TraceOptionError("fault= takes error= and when= only: use inject= for signal=")) {
            try plan.add(parsing: "close:signal=1", as: .fault)
        }
    }

    @Test("more rules than a byte tells apart")
    func tooMany() throws {
        var plan = InjectionPlan()
        for _ in 0..<InjectionPlan.ruleCountMax { try plan.add(parsing: "close:error=EIO", as: .inject) }
        #expect(throws: TraceOptionError.self) { try plan.add(parsing: "close:error=EIO", as: .inject) }
    }

    @Test(
        "errors",
        arguments: [
            ("", "an empty set of syscalls: name some, or use all or none"),
            ("openat", "inject=openat says not what to inject: add error=, retval=, signal= or a delay"),
            ("openat:when=1", "inject=openat:when=1 says not what to inject: add error=, retval=, signal= or a delay"),
            ("opena:error=EIO", "no syscall is called opena; did you mean open or openat?"),
            ("openat:error=ENOET", "no errno is called ENOET; did you mean ENOENT or ENONET?"),
            ("openat:error=0", "error=0: use an errno's name, or its number from 1 to 4095"),
            ("openat:error=4096", "error=4096: use an errno's name, or its number from 1 to 4095"),
            ("openat:error=512", "error=512: use an errno's name, or its number from 1 to 4095"),
            ("openat:error=EIO:error=EIO", "error= is given twice"),
            ("openat:error=EIO:retval=1", "error= and retval= exclude each other: use one"),
            ("openat:retval=-1", "retval=-1 would be taken for an errno: use error=1"),
            ("openat:retval=18446744073709551616", "retval=18446744073709551616 is no number of 64 bits"),
            ("openat:retval=", "retval= is no number of 64 bits"),
            ("openat:signal=0", "signal 0 does not exist: they go from 1 to 64"),
            ("openat:delay_enter=1h", "delay_enter=1h: use microseconds, or a unit: 1000ns, 5us, 10ms or 1s"),
            ("openat:delay_exit=", "delay_exit=: use microseconds, or a unit: 1000ns, 5us, 10ms or 1s"),
            ("openat:delay_exit=-1", "delay_exit=-1: use microseconds, or a unit: 1000ns, 5us, 10ms or 1s"),
            ("openat:delay_exit=999999999999999999", "delay_exit=999999999999999999: at most a day"),
            ("openat:syscall=getpid", "not supported: syscall= in inject="),
            ("openat:poke_enter=@arg1=00", "not supported: poke_enter= in inject="),
            ("openat:eror=EIO", "no part of inject= is called eror; did you mean error?"),
            ("openat:error", "error needs a value: error=…"),
        ])
    func errors(_ text: String, _ message: String) {
        #expect(throws: TraceOptionError(message)) { try Self.plan(text) }
    }
}
