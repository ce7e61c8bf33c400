import Foundation
import Testing

@testable import Tracing

@Suite("-c")
struct TraceSummaryTests {
    private static func example() -> TraceSummary {
        let summary = TraceSummary()
        for index in 1...100 { summary.record(number: 0, result: index, durationNanoseconds: UInt64(index) * 1000) }
        summary.record(number: 257, result: -2, durationNanoseconds: 4_000_000)
        summary.record(number: 257, result: 3, durationNanoseconds: 950_400)
        return summary
    }

    @Test("strace's columns, and the percentiles before the name")
    func text() {
        #expect(
            Self.example().text() == """
                % time     seconds  usecs/call     calls    errors p50 usecs p99 usecs max usecs syscall
                ------ ----------- ----------- --------- --------- --------- --------- --------- ----------------
                 50.50    0.005050          50       100                49.7      99.3     100.0 read
                 49.50    0.004950        2475         2         1     958.5    4000.0    4000.0 openat
                ------ ----------- ----------- --------- --------- --------- --------- --------- ----------------
                100.00    0.010000          98       102         1      50.7     958.5    4000.0 total

                """)
    }

    @Test("exactly strace's table with strace's columns")
    func straceColumns() throws {
        let summary = TraceSummary()
        summary.record(number: 230, result: 0, durationNanoseconds: 100_000_111_500)
        for _ in 1...3 { summary.record(number: 12, result: 1, durationNanoseconds: 6_100) }
        let columns = try SummaryColumn.list(
            parsing: "name,longest,shortest,calls,time,total-time,avg-time,errors")
        #expect(
            summary.text(columns: columns) == """
                syscall             longest   shortest     calls % time     seconds  usecs/call    errors
                ---------------- ---------- ---------- --------- ------ ----------- ----------- ---------
                clock_nanosleep  100.000112 100.000112         1 100.00  100.000112   100000111 \("         ")
                brk                0.000006   0.000006         3   0.00    0.000018           6 \("         ")
                ---------------- ---------- ---------- --------- ------ ----------- ----------- ---------
                total            100.000112   0.000006         4 100.00  100.000130    25000032 \("         ")

                """)
    }

    @Test("a long name widens its column")
    func longName() throws {
        let summary = TraceSummary()
        for _ in 1...3 { summary.record(number: 146, result: 99, durationNanoseconds: 0) }
        #expect(
            summary.text(columns: try SummaryColumn.list(parsing: "calls,name,errors")) == """
                    calls syscall                    errors
                --------- ----------------------- ---------
                        3 sched_get_priority_max  \("         ")
                --------- ----------------------- ---------
                        3 total                   \("         ")

                """)
    }

    @Test("nothing for nothing")
    func empty() {
        #expect(TraceSummary().text() == "")
        #expect(TraceSummary().json() == "{\"v\":1,\"type\":\"summary\",\"calls\":[],\"total\":null}\n")
    }

    @Test("numbers without a name, and outside of the table")
    func numbers() {
        let summary = TraceSummary()
        for number in [337, 511, 100_000, -1] { summary.record(number: number, result: -38, durationNanoseconds: 1) }
        #expect(summary.rows(.nothing).map(\.name) == ["syscall_0x151", "syscall_others"])
        #expect(summary.rows(.nothing).map(\.totals.errors) == [1, 3])
    }

    @Test(
        "-S",
        arguments: [
            ("time", ["read", "openat"]), ("calls", ["read", "openat"]), ("errors", ["openat", "read"]),
            ("name", ["openat", "read"]), ("min", ["openat", "read"]), ("max-time", ["openat", "read"]),
            ("avg", ["openat", "read"]), ("nothing", ["read", "openat"]), ("total-time", ["read", "openat"]),
        ])
    func order(_ text: String, _ names: [String]) throws {
        #expect(try Self.example().rows(SummaryOrder(parsing: text)).map(\.name) == names)
    }

    @Test("-S and -U that are wrong")
    func wrong() {
        #expect(throws: TraceOptionError("no order of the summary is called tim; did you mean time?")) {
            try SummaryOrder(parsing: "tim")
        }
        #expect(throws: TraceOptionError("no order of the summary is called \"\"")) { try SummaryOrder(parsing: "") }
        #expect(throws: TraceOptionError("no column of the summary is called \"\"")) {
            try SummaryColumn.list(parsing: "")
        }
        #expect(throws: TraceOptionError("column count is asked for twice")) {
            try SummaryColumn.list(parsing: "calls,count")
        }
    }

    @Test("-U adds the name")
    func columns() throws {
        #expect(try SummaryColumn.list(parsing: "calls,time") == [.calls, .share, .name])
        #expect(try SummaryColumn.list(parsing: "syscall,p50") == [.name, .p50])
    }

    @Test("JSON that a parser reads")
    func json() throws {
        let text = Self.example().json(order: .errors)
        #expect(text.last == "\n" && !text.dropLast().contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let calls = try #require(object["calls"] as? [[String: Any]])
        #expect(calls.map { $0["name"] as? String } == ["openat", "read"])
        #expect(calls[0]["max_ns"] as? Int == 4_000_000 && calls[0]["errors"] as? Int == 1)
        #expect((object["total"] as? [String: Any])?["calls"] as? Int == 102)
    }

    @Test("percentiles are right to within 2 percent")
    func error() {
        for exponent in 0..<43 {
            let power = UInt64(1) << UInt64(exponent)
            for value in [power, power + power / 2, 2 * power - 1] {
                let middle = LatencyBuckets.value(of: LatencyBuckets.index(of: value))
                let difference = max(value, middle) - min(value, middle)
                #expect(difference * 50 <= value, "\(value) became \(middle)")
            }
        }
        var last = -1
        for value in UInt64(0)..<5000 {
            let index = LatencyBuckets.index(of: value)
            #expect(index == last || index == last + 1)
            last = index
        }
        #expect(LatencyBuckets.index(of: .max) == LatencyBuckets.count - 1)
        #expect(LatencyBuckets.index(of: (1 << 44) - 1) == LatencyBuckets.count - 1)
    }

    @Test("a very long call is its own longest")
    func hours() {
        let summary = TraceSummary()
        summary.record(number: 7, result: 0, durationNanoseconds: 1 << 50)
        #expect(summary.rows(.time)[0].p50Nanoseconds == 1 << 50)
    }
}
