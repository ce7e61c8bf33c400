import Testing

@testable import Tracing

@Suite("filters other than by call")
struct FilterTests {
    @Test("-e status=")
    func status() throws {
        #expect(try StatusSelection(parsingSet: "failed") == .failed)
        #expect(try StatusSelection(parsingSet: "failed,successful") == [.failed, .successful])
        #expect(try StatusSelection(parsingSet: "!failed").isSuperset(of: [.successful, .unfinished]))
        #expect(try StatusSelection(parsingSet: "none") == [])
        #expect(try StatusSelection(parsingSet: "all") == .everything)
        #expect(throws: TraceOptionError("no status is called fialed; did you mean failed?")) {
            try StatusSelection(parsingSet: "fialed")
        }
        #expect(throws: TraceOptionError("an empty set of status names: name some, or use all or none")) {
            try StatusSelection(parsingSet: "")
        }
    }

    @Test("results that stand for errors", arguments: [(-1, true), (-4095, true), (-4096, false), (0, false)])
    func results(_ result: Int, _ isError: Bool) {
        #expect(StatusSelection.failed.includes(result: result) == isError)
        #expect(StatusSelection.successful.includes(result: result) != isError)
        #expect(StatusSelection.everything.includes(result: result))
        #expect(!StatusSelection.unfinished.includes(result: result))
    }

    @Test("when lines have to wait for the result")
    func needsResult() {
        #expect(!StatusSelection.everything.needsResult)
        #expect(StatusSelection.failed.needsResult)
    }

    @Test("-e signal=")
    func signals() throws {
        let some = try SignalSelection(parsing: "io,2,SIGUSR1,SIGRT_3")
        for signal: Int32 in 1...64 { #expect(some.contains(signal) == [29, 2, 10, 35].contains(signal), "\(signal)") }
        let others = try SignalSelection(parsing: "!SIGIO")
        #expect(!others.contains(29) && others.contains(1) && others.contains(64))
        #expect(!others.contains(0) && !others.contains(65) && !others.contains(-1))
        #expect(try SignalSelection(parsing: "all") == .all)
        #expect(try SignalSelection(parsing: "SIGRTMIN").contains(32))
        #expect(throws: TraceOptionError("signal 65 does not exist: they go from 1 to 64")) {
            try SignalSelection(parsing: "65")
        }
        #expect(throws: TraceOptionError("no signal is called SIGUS1; did you mean SIGUSR1 or SIGBUS?")) {
            try SignalSelection(parsing: "SIGUS1")
        }
    }

    @Test("-q and -e quiet=")
    func quiet() throws {
        #expect(QuietSelection(count: 0) == [])
        #expect(QuietSelection(count: 1) == [.attach, .personality])
        #expect(QuietSelection(count: 2) == [.attach, .personality, .exit])
        #expect(QuietSelection(count: 9) == .everything)
        #expect(try QuietSelection(parsingSet: "exit,superseded") == [.exit, .threadExecve])
        #expect(throws: TraceOptionError("no message is called exi; did you mean exit?")) {
            try QuietSelection(parsingSet: "exi")
        }
    }

    @Test("-P compares bytes")
    func paths() {
        var selection = PathSelection()
        #expect(selection.isEmpty)
        selection.add(Array("/etc/passwd".utf8), resolved: Array("/etc/passwd".utf8))
        #expect(selection.notes.isEmpty)
        func matches(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes(selection.matches) }
        #expect(matches("/etc/passwd"))
        for other in ["", "/etc/passwd/", "/etc/passwc", "/etc", "passwd"] { #expect(!matches(other), "\(other)") }
        selection.add(Array("link".utf8), resolved: Array("/etc".utf8))
        selection.add(Array("missing".utf8), resolved: nil)
        for path in ["link", "/etc", "/etc/passwd", "missing"] { #expect(matches(path), "\(path)") }
        #expect(selection.notes == ["requested path \"link\" resolved into \"/etc\""])
    }
}
