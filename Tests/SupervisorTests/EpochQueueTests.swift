import GuestMemory
import Testing

@testable import GuestKernel
@testable import Supervisor

@Suite("the queue of epochs")
struct EpochQueueTests {
    private let queue = EpochQueue(freeByteCountMax: 64 << 20)

    private func epoch(_ number: UInt64, pageCount: Int = 1) throws -> CapturedEpoch {
        let epoch = try queue.makeEpoch(number)
        try withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { page in
            page.initializeMemory(as: UInt8.self, repeating: 1)
            for number in 0..<pageCount { try epoch.pages.add(UInt64(number), UnsafeRawPointer(page.baseAddress!)) }
        }
        epoch.add(CapturedEpoch.Parts(output: [0, 0, 0, 0]))
        return epoch
    }

    private func next() -> CapturedEpoch? {
        guard case .epoch(let epoch)? = queue.next() else { return nil }
        return epoch
    }

    @Test("hands epochs on in order, counts their bytes, and takes back only what has not begun")
    func order() throws {
        try queue.put(epoch(1, pageCount: 3))
        try queue.put(epoch(2))
        #expect(queue.load.waitingCount == 2 && queue.load.byteCount == 4 * 4096 + 8)
        #expect(next()?.number == 1)
        #expect(queue.load.begunByteCount == 3 * 4096 + 4 && queue.load.waitingByteCount == 4096 + 4)
        let last = try #require(queue.withdrawLast())
        #expect(last.number == 2 && queue.load.waitingCount == 0 && queue.load.waitingByteCount == 0)
        #expect(queue.withdrawLast() == nil, "the first has begun")
        queue.put(last)
        queue.finish()
        #expect(next()?.number == 2)
    }

    @Test("gives the link to one of the two only")
    func link() throws {
        #expect(queue.takeLink())
        #expect(!queue.takeLink())
        queue.giveBackLink(rest: [])
        try queue.put(epoch(1))
        #expect(!queue.takeLink(), "what waits goes first")
        #expect(next()?.number == 1)
        #expect(!queue.takeLink())
        queue.finish()
        #expect(queue.takeLink())
        queue.giveBackLink(rest: [1, 2, 3])
        #expect(!queue.takeLink(), "the rest is not sent yet")
        try queue.put(epoch(2))
        guard case .rest(let rest)? = queue.next() else { throw CancellationError() }
        #expect(rest == [1, 2, 3])
        queue.finish()
        #expect(next()?.number == 2)
    }

    @Test("does not let the guest's last epoch grow")
    func final() throws {
        let last = try epoch(1)
        last.finish(.exited(0))
        queue.put(last)
        #expect(queue.withdrawLast() == nil)
    }

    @Test("forgets everything when it is closed")
    func closing() throws {
        try queue.put(epoch(1))
        queue.close()
        #expect(queue.next() == nil && !queue.takeLink() && queue.load.byteCount == 0)
        try queue.put(epoch(2))
        #expect(queue.load.waitingCount == 0)
    }
}
