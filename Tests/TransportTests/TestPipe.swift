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

    /// A process that another test starts has copies of all descriptors until its exec, which closes them: up to 7 ms
    /// were seen. A copy that was leaked stays, and must fail the test instead of hanging it.
    private static let patienceMilliseconds: Int32 = 5000

    /// All that was written, once nobody can write more; nil when somebody still could after some seconds.
    func readAll() -> [UInt8]? {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(reading, &buffer, buffer.count)
            if count == 0 { return all }
            if count > 0 {
                all += buffer.prefix(count)
                continue
            }
            var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, TestPipe.patienceMilliseconds) == 0 { return nil }
        }
    }
}
