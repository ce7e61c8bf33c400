import Foundation
import SyscallShapes
import Testing

@testable import Tracing

@Suite("calls as JSON")
struct JsonFormatterTests {
    private let address: UInt64 = 0x7f00_1000

    private func object(_ line: String) throws -> [String: Any] {
        #expect(line.hasSuffix("\n") && !line.dropLast().contains("\n"))
        let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(parsed as? [String: Any])
    }

    @Test("a call: the same argument texts as in a line")
    func call() throws {
        let bytes: Snippets = [address: Array("a\"\\\n\u{e9}".utf8)]
        let line = text(1, [1, address, 6], 6, bytes) {
            JsonFormatter().appendCall($0, circumstances: .init(epoch: 5, isHeld: true), &$1)
        }
        let object = try object(line)
        #expect(object["v"] as? Int == 1)
        #expect(object["type"] as? String == "syscall")
        #expect(line.contains("\"time\":1700000000.123456789,"))
        #expect(object["thread"] as? Int == 7)
        #expect(object["name"] as? String == "write")
        #expect(object["number"] as? Int == 1)
        #expect(object["args"] as? [String] == ["1", #""a\"\\\n\303\251""#, "6"])
        #expect(object["raw"] as? [UInt64] == [1, address, 6])
        #expect(object["result"] as? Int == 6)
        #expect(object["return"] as? String == "6")
        #expect(object["errno"] == nil)
        #expect(object["duration_ns"] as? Int == 12_345)
        #expect(object["epoch"] as? Int == 5)
        #expect(object["held"] as? Bool == true)
    }

    @Test("a call that failed, one that has not returned")
    func results() throws {
        let failed = try object(text(3, [9], -9) { JsonFormatter().appendCall($0, &$1) })
        #expect(failed["result"] as? Int == -1)
        #expect(failed["errno"] as? String == "EBADF")
        #expect(failed["return"] as? String == "-1 EBADF (Bad file descriptor)")
        #expect(failed["epoch"] == nil)
        let open = try object(text(231, [0], nil) { JsonFormatter().appendCall($0, &$1) })
        #expect(open["result"] is NSNull)
    }

    @Test("signals and ends")
    func events() throws {
        let information = little(Int32(10), Int32(0), Int32(0), Int32(0), Int32(5), UInt32(0))
        let whole = information + [UInt8](repeating: 0, count: 128 - information.count)
        let signal = try object(
            whole.withUnsafeBytes { bytes in
                appended { JsonFormatter().appendSignal(10, information: bytes, thread: 3, nanoseconds: 5, &$0) }
            })
        #expect(signal["type"] as? String == "signal")
        #expect(signal["signal"] as? String == "SIGUSR1")
        #expect(signal["info"] as? String == "{si_signo=SIGUSR1, si_code=SI_USER, si_pid=5, si_uid=0}")
        let exit = try object(appended { JsonFormatter().appendExit(status: 7, thread: 3, nanoseconds: 5, &$0) })
        #expect(exit["type"] as? String == "exit")
        #expect(exit["status"] as? Int == 7)
        let killed = try object(appended { JsonFormatter().appendKilled(by: 9, thread: 3, nanoseconds: 5, &$0) })
        #expect(killed["signal"] as? String == "SIGKILL")
    }
}
