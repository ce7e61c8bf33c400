import GuestKernel
import Testing

@testable import Tracing

@Suite("what a trace is asked for")
struct TraceRequestTests {
    private static func request(_ expressions: String...) throws -> TraceRequest {
        var request = TraceRequest()
        for expression in expressions { try request.apply(expression: expression) }
        return request
    }

    @Test("every qualifier, and its other names")
    func qualifiers() throws {
        let open = try CallSelection(parsing: "open")
        for text in ["open", "trace=open", "t=open"] { #expect(try Self.request(text).calls == open) }
        for text in ["abbrev=open", "a=open"] { #expect(try Self.request(text).lines.abbreviated == open) }
        for text in ["verbose=open", "v=open"] { #expect(try Self.request(text).lines.dereferenced == open) }
        for text in ["raw=open", "x=open"] { #expect(try Self.request(text).lines.raw == open) }
        for text in ["signal=2", "signals=int", "s=SIGINT"] {
            let signals = try Self.request(text).signals
            #expect(signals.contains(2) && !signals.contains(3))
        }
        for text in ["quiet=exit", "silent=exit", "silence=exit", "q=exit"] {
            #expect(try Self.request(text).quiet == .exit)
        }
        #expect(try Self.request("status=failed").statuses == .failed)
        #expect(try Self.request("decode-fds=all").lines.descriptorDetail == .all)
        #expect(try Self.request("decode-fd=path").lines.descriptorDetail == .paths)
    }

    @Test("times are only taken where something is shown or chosen by them")
    func times() throws {
        #expect(!TraceRequest().needsTimes)
        #expect(try !Self.request("inject=open:delay_enter=5", "status=failed").needsTimes)
        let changes: [(inout TraceRequest) -> Void] = [
            { $0.isJSON = true }, { $0.slowerThanNanoseconds = 1 }, { $0.lines.timestamps = .seconds },
            { $0.lines.showsRelativeTimes = true }, { $0.lines.showsDurations = true },
            { $0.summary = SummaryRequest(isAlone: true) },
        ]
        for change in changes {
            var request = TraceRequest()
            change(&request)
            #expect(request.needsTimes)
        }
        #expect(try TraceRequest(file: "/tmp/trace", isJSON: false).needsTimes)
    }

    @Test("a later expression replaces an earlier one; injections add up")
    func repeated() throws {
        #expect(try Self.request("open", "close").calls == CallSelection(parsing: "close"))
        let plan = try Self.request("inject=open:error=EIO", "fault=close").injections
        #expect(plan.calls == (try CallSelection(parsing: "open,close")))
    }

    @Test("what is not traced is not tampered with, in either order")
    func limited() throws {
        let close = try CallSelection(parsing: "close")
        #expect(try Self.request("inject=open,close:error=EIO", "close").injections.calls == close)
        #expect(try Self.request("close", "fault=open,close").injections.calls == close)
        #expect(try Self.request("close", "fault=open").injections.isEmpty)
    }

    @Test(
        "errors",
        arguments: [
            ("foo=open", "no qualifier is called foo"),
            ("trce=open", "no qualifier is called trce; did you mean trace?"),
            ("trace=opn", "no syscall is called opn; did you mean open?"),
            ("trace=", "an empty set of syscalls: name some, or use all or none"),
            ("read=3", "not supported: -e read=3: dumps; use -e trace=read -s BYTES"),
            ("kvm=vcpu", "not supported: -e kvm=vcpu"), ("decode-pids=comm", "not supported: -e decode-pids=comm"),
            ("decode-fds=dev", "not supported: -e decode-fds=dev: use path, all or none"),
            ("", "an empty set of syscalls: name some, or use all or none"),
        ])
    func errors(_ text: String, _ message: String) {
        #expect(throws: TraceOptionError(message)) { try Self.request(text) }
    }

    @Test("where the trace goes")
    func output() throws {
        #expect(try TraceOutput(parsing: "f", isAppended: true) == .file(path: "f", isAppended: true))
        #expect(try TraceOutput(parsing: "|cat -n", isAppended: false) == .command("cat -n"))
        #expect(try TraceOutput(parsing: "!cat", isAppended: false) == .command("cat"))
        for text in ["", "|", "! "] {
            #expect(throws: TraceOptionError.self) { try TraceOutput(parsing: text, isAppended: false) }
        }
    }

    @Test("which results are shown")
    func results() throws {
        var request = try Self.request("status=failed")
        #expect(request.statuses.includes(result: -2) && request.needsResult)
        #expect(!request.statuses.includes(result: 0))
        request = TraceRequest()
        #expect(!request.needsResult)
        request.slowerThanNanoseconds = 10
        #expect(!request.isSlowEnough(10) && request.needsResult)
        #expect(request.isSlowEnough(11))
    }

    @Test("what run --trace writes")
    func runTrace() throws {
        let request = try TraceRequest(file: "trace.json", isJSON: true)
        #expect(request.isJSON && request.lines.timestamps == .unixMicroseconds && request.lines.showsDurations)
        #expect(request.output == .file(path: "trace.json", isAppended: false) && request.calls == .all)
    }
}
