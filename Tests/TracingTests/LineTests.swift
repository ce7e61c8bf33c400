import SyscallShapes
import Testing

@testable import Tracing

@Suite("beginnings and ends of lines, and other lines")
struct LineTests {
    private func start(_ body: (inout LinePrefix) -> Void) -> String {
        var prefix = LinePrefix()
        body(&prefix)
        return appended { prefix.appendStart(thread: 42, nanoseconds: 1_700_000_000_123_456_789, &$0) }
    }

    @Test("threads and times")
    func prefixes() {
        #expect(start { _ in } == "")
        #expect(start { $0.showsThread = true } == "[pid    42] ")
        #expect(
            start {
                $0.showsThread = true
                $0.isForFile = true
            } == "42    ")
        #expect(start { $0.clock = .seconds } == "22:13:20 ")
        #expect(start { $0.clock = .microseconds } == "22:13:20.123456 ")
        #expect(start { $0.clock = .sinceEpoch } == "1700000000.123456 ")
        #expect(
            start {
                $0.clock = .seconds
                $0.secondsEastOfUTC = 3600 * 2
            } == "00:13:20 ")
    }

    @Test("time since the line before")
    func relative() {
        var prefix = LinePrefix()
        prefix.isRelative = true
        let lines = appended {
            prefix.appendStart(thread: 1, nanoseconds: 5_000_000_000, &$0)
            prefix.appendStart(thread: 1, nanoseconds: 6_000_141_000, &$0)
        }
        #expect(lines == "     0.000000      1.000141 ")
        prefix.clock = .sinceEpoch
        #expect(
            appended { prefix.appendStart(thread: 1, nanoseconds: 6_000_141_000, &$0) }
                == "6.000141 (+     0.000000) ")
    }

    @Test("how long a call took")
    func duration() {
        var prefix = LinePrefix()
        prefix.showsDuration = true
        #expect(appended { prefix.appendEnd(durationNanoseconds: 12_345, &$0) } == " <0.000012>")
    }

    @Test("signals")
    func signals() {
        var child = little(Int32(17), Int32(0), Int32(1), Int32(0), Int32(5), UInt32(0), Int32(3), Int32(0))
        child += little(Int64(1), Int64(0)) + [UInt8](repeating: 0, count: 80)
        let line = child.withUnsafeBytes { bytes in
            appended { EventText.appendSignal(17, information: bytes, &$0) }
        }
        #expect(
            line == "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=5, si_uid=0, si_status=3, "
                + "si_utime=1 /* 0.01 s */, si_stime=0} ---")
        let fault =
            little(Int32(11), Int32(0), Int32(1), Int32(0), UInt64(0x29)) + [UInt8](repeating: 0, count: 104)
        let other = fault.withUnsafeBytes { bytes in
            appended { EventText.appendSignal(11, information: bytes, &$0) }
        }
        #expect(other == "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x29} ---")
    }

    @Test("ends")
    func ends() {
        #expect(appended { EventText.appendExit(status: 7, &$0) } == "+++ exited with 7 +++")
        #expect(appended { EventText.appendKilled(by: 11, &$0) } == "+++ killed by SIGSEGV +++")
        #expect(
            appended { EventText.appendKilled(by: 6, coreDumped: true, &$0) }
                == "+++ killed by SIGABRT (core dumped) +++")
    }
}
