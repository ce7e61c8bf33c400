import Glibc
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("the life page", .serialized)
struct LifePageTests {
    enum End: CaseIterable {
        case killed
        case exited
    }

    @Test("the owner's death is noticed soon, however it ends and however much memory it has", arguments: End.allCases)
    func death(end: End) async throws {
        for memory in [0, 512 << 20] {
            // The best of three: other tests keep the machine busy meanwhile.
            var best = Double.infinity
            for _ in 0..<3 {
                best = min(best, try await Threads.run { try Self.millisecondsToNotice(end, memory: memory) })
            }
            #expect(best < 50, "\(best) ms")
            print("life page: \(end) with \(memory >> 20) MiB noticed after \(best) ms")
        }
    }

    private static func millisecondsToNotice(_ end: End, memory: Int) throws -> Double {
        let page = try LifePage.create()
        let peer = try PeerProcess()
        _ = try peer.give(page, holdingAs: .primary)
        #expect(page.isHeld(by: .primary))
        #expect(!page.isHeld(by: .mirror))
        try peer.ask(PeerProcess.Kind.fill, UInt64(memory + 4096))
        _ = try peer.answer()
        return try milliseconds {
            switch end {
            case .killed: peer.kill()
            case .exited: try peer.ask(PeerProcess.Kind.exit, 0)
            }
            page.waitForDeath(of: .primary)
        }
    }

    @Test("who lives is not reported dead; waiting begins before the owner holds it; all who wait are told")
    func waiting() async throws {
        let page = try LifePage.create()
        let returned = Counter()
        let peer = try PeerProcess()
        let pid = peer.pid
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await Threads.run {
                        page.waitForDeath(of: .mirror)
                        returned.increment()
                    }
                }
            }
            usleep(100_000)
            #expect(returned.value == 0)
            _ = try peer.give(page, holdingAs: .mirror)
            usleep(200_000)
            #expect(returned.value == 0)
            kill(pid, SIGSTOP)
            usleep(100_000)
            #expect(returned.value == 0)
            kill(pid, SIGKILL)
            try await group.waitForAll()
        }
        #expect(!page.isHeld(by: .mirror))
        try await Threads.run { page.waitForDeath(of: .mirror) }
        #expect(throws: TransportError.self) { try page.hold(as: .mirror) }
    }

    @Test("each of two processes watches the other")
    func bothWays() async throws {
        try await Threads.run {
            let page = try LifePage.create()
            let primary = try PeerProcess()
            let mirror = try PeerProcess()
            _ = try primary.give(page, holdingAs: .primary)
            _ = try mirror.give(page, holdingAs: .mirror)
            try mirror.ask(PeerProcess.Kind.watch, UInt64(PeerRole.primary.rawValue))
            primary.kill()
            #expect(try mirror.answer().kind == PeerProcess.Kind.ready)
            #expect(page.isHeld(by: .mirror))
        }
    }

    @Test("what one side writes the other reads, also after its death")
    func facts() async throws {
        try await Threads.run {
            let page = try LifePage.create()
            #expect(page.primaryReleasedEpoch == 0 && page.claimant == nil)
            let peer = try PeerProcess()
            _ = try peer.give(page, holdingAs: .primary)
            for epoch: UInt64 in [5, 17, 3] {
                try peer.ask(PeerProcess.Kind.release, epoch)
                _ = try peer.answer()
            }
            peer.kill()
            page.waitForDeath(of: .primary)
            #expect(page.primaryReleasedEpoch == 17)
        }
    }

    @Test("only one of the two may go on")
    func claims() async throws {
        for _ in 0..<100 {
            let page = try LifePage.create()
            let won = Mutex<[PeerRole]>([])
            try await Threads.run(2) { index in
                let role = PeerRole.allCases[index]
                if page.claim(for: role) { won.withLock { $0.append(role) } }
            }
            let winners = won.withLock { $0 }
            #expect(winners.count == 1)
            #expect(page.claimant == winners.first)
            #expect(page.claim(for: winners[0]) && !page.claim(for: winners[0].other))
            #expect(page.hasMirrorTakenOver == (winners[0] == .mirror))
            #expect(page.hasPrimaryGoneOn == (winners[0] == .primary))
        }
    }

    @Test("a descriptor that is something else is refused, and closed")
    func wrongDescriptor() throws {
        let pipe = try TestPipe()
        let copy = fcntl(pipe.writing, F_DUPFD_CLOEXEC, 0)
        pipe.closeWriting()
        #expect(throws: TransportError.self) { try LifePage(descriptor: copy) }
        #expect(pipe.readAll() == [])
        let page = try LifePage.create()
        #expect(fcntl(page.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(ftruncate(page.descriptor, 0) != 0)
        #expect(ftruncate(page.descriptor, 8192) != 0)
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func increment() { count.add(1, ordering: .sequentiallyConsistent) }
}
