import CTestSupport
import Glibc
import TestSupport

/// A pipe by which a test sees whether any copy of its writing end is left open.
final class TestPipe {
    let reading: Int32
    private(set) var writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe_close_on_exec(&ends) == 0 else { throw TestFailure("no pipe") }
        (reading, writing) = (ends[0], ends[1])
        // A copy that is left open must fail the test, not hang it.
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    }

    deinit {
        closeWriting()
        close(reading)
    }

    func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }

    /// All that was written; nil while somebody could write more.
    func readAll() -> [UInt8]? {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(reading, &buffer, buffer.count)
            if count == 0 { return all }
            if count < 0 { return nil }
            all += buffer.prefix(count)
        }
    }
}
