import SyscallShapes
import Testing

@testable import Tracing

@Suite("calls as text")
struct CallFormatterTests {
    @Test("a call without memory, its result in column 40")
    func plain() {
        #expect(line(3, [3], result: 0) == "close(3)                                = 0")
        let failed = "close(-1)                               = -1 EBADF (Bad file descriptor)"
        #expect(line(3, [.max], result: -9) == failed)
        #expect(line(12, [0], result: 0x5555_0000) == "brk(NULL)                               = 0x55550000")
    }
}
