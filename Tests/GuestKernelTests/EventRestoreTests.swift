import Glibc
import RecordCoding
import TestSupport
import Testing

@testable import GuestKernel

@Suite("events go through a checkpoint", .serialized)
struct EventRestoreTests {
    @Test("an eventfd counts on")
    func counter() throws {
        let old = try KernelFixture()
        for isSemaphore in [false, true] {
            let hostFD = Int32(EventFile.make(initial: 5, isSemaphore: isSemaphore))
            try old.add(.event, hostFD, .event(EventRecord(isSemaphore: isSemaphore)))
        }
        // More than eventfd2(2) takes.
        let large: [UInt8] = [0xf0, 1, 2, 3, 4, 5, 6, 7]
        let hostFD = Int32(EventFile.make(initial: 0, isSemaphore: false))
        try old.add(.event, hostFD, .event(EventRecord(isSemaphore: false)))
        #expect(HostObjects.write(hostFD, large) == 8)
        let new = try old.takenOver()
        #expect(try HostObjects.read(new.host(0), 8) == [5, 0, 0, 0, 0, 0, 0, 0])
        #expect(try HostObjects.read(new.host(1), 8) == [1, 0, 0, 0, 0, 0, 0, 0])
        #expect(try HostObjects.read(new.host(2), 8) == large)
        #expect(try HostObjects.read(new.host(0), 8) == nil && errno == EAGAIN)
    }

    // MARK: - Timers

    private static func addTimer(_ fixture: KernelFixture, _ value: UInt64, _ interval: UInt64) throws
        -> FileDescription
    {
        var timer = TimerRecord(clock: CLOCK_MONOTONIC)
        timer.intervalNanoseconds = interval
        return try fixture.add(.timer, HostObjects.timer(value, interval), .timer(timer))
    }

    @Test("a timer that has not expired does so when it would have")
    func pendingTimer() throws {
        let old = try KernelFixture()
        _ = try Self.addTimer(old, 60_000_000_000, 0)
        _ = try Self.addTimer(old, 0, 0)
        let new = try old.takenOver()
        let left = try HostObjects.nanosecondsLeft(new.host(0))
        #expect(left > 55_000_000_000 && left <= 60_000_000_000)
        #expect(try HostObjects.nanosecondsLeft(new.host(1)) == 0)
        #expect(try HostObjects.events(new.host(0), POLLIN) == 0)
        #expect(try HostObjects.events(new.host(1), POLLIN) == 0)
    }

    @Test("expiries that nobody has read are read afterwards")
    func unreadTimer() throws {
        let old = try KernelFixture()
        _ = try Self.addTimer(old, 1_000_000, 0)
        _ = try Self.addTimer(old, 1_000_000, 100_000_000)
        usleep(250_000)
        let new = try old.takenOver()
        #expect(try HostObjects.read(new.host(0), 8) == [1, 0, 0, 0, 0, 0, 0, 0])
        #expect(try HostObjects.nanosecondsLeft(new.host(0)) == 0)
        let ticks = try #require(try HostObjects.read(new.host(1), 8)).first ?? 0
        #expect((3...5).contains(ticks), "\(ticks) expiries in 250 ms of one each 100 ms")
        #expect(try (1...100_000_000).contains(HostObjects.nanosecondsLeft(new.host(1))))
    }

    @Test("a timer that was looked at before it expired expires on the other side")
    func expiresInBetween() throws {
        let old = try KernelFixture()
        _ = try Self.addTimer(old, 30_000_000, 0)
        let records = old.capture()
        usleep(50_000)
        // Untouched: the same records say the same.
        #expect(old.capture() == records)
        let new = try KernelFixture.restored(from: records)
        #expect(try HostObjects.events(new.host(0), POLLIN) == POLLIN)
        #expect(try HostObjects.read(new.host(0), 8) == [1, 0, 0, 0, 0, 0, 0, 0])
    }

    // MARK: - Signals and watches

    @Test("a signalfd watches on")
    func signals() throws {
        let old = try KernelFixture()
        try old.add(try #require(SignalFile.describe(old.kernel, mask: 1 << 9, statusFlags: O_RDWR)))
        let new = try old.takenOver()
        #expect(old.kernel.signals.state.withLock { $0.watchers.count } == 0)
        #expect(new.kernel.signals.state.withLock { $0.watchers.map { $0.mask.load(ordering: .relaxed) } } == [1 << 9])
        #expect(try HostObjects.events(new.host(0), POLLIN) == 0)
    }

    @Test("watches keep their numbers")
    func watches() async throws {
        try await ScratchDirectory.with { scratch in
            let old = try KernelFixture()
            let directory = try scratch.makeDirectory("watched")
            var watch = WatchRecord()
            watch.watches = [
                WatchRecord.Watch(number: 5, path: Array(directory.utf8), mask: 0x100),
                WatchRecord.Watch(number: 2, path: Array("/no such directory".utf8), mask: 0x100),
                WatchRecord.Watch(number: 3, path: Array(scratch.path.utf8), mask: 0x100),
            ]
            try old.add(.event, inotify_init1(Int32(O_NONBLOCK)), .watch(watch))
            let new = try old.takenOver()
            #expect(try HostObjects.events(new.host(0), POLLIN) == 0)
            try scratch.write("watched/a", [])
            try scratch.write("b", [])
            let events = try #require(try HostObjects.read(new.host(0), 4096))
            #expect(events.first == 5)
            #expect(events[32...].first == 3)
        }
    }

    // MARK: - Epoll

    @Test("an epoll set watches what it watched, sets and duplicates included")
    func sets() throws {
        let old = try KernelFixture()
        let inner = HostObjects.epoll()
        let outer = HostObjects.epoll()
        let (innerSet, outerSet) = (EpollSet(hostFD: inner), EpollSet(hostFD: outer))
        // Before what they watch, so that the order of the records is no help.
        let outerFile = FileDescription(
            kind: .epoll, hostFD: outer, statusFlags: O_RDWR, record: .epoll(EpollRecord()), payload: outerSet)
        let innerFile = FileDescription(
            kind: .epoll, hostFD: inner, statusFlags: O_RDWR, record: .epoll(EpollRecord()), payload: innerSet)
        try old.add(outerFile)
        try old.add(innerFile)
        let counter = try old.add(
            .event, Int32(EventFile.make(initial: 1, isSemaphore: false)), .event(EventRecord(isSemaphore: false)))
        try old.add(counter, at: 3)
        #expect(outerSet.add(innerFile, 1, PackedEpollEvent(events: 1, data: 11)) == 0)
        #expect(innerSet.add(counter, 2, PackedEpollEvent(events: 1, data: 22)) == 0)
        #expect(innerSet.add(counter, 3, PackedEpollEvent(events: 1, data: 33)) == 0)
        let record = innerSet.record
        let new = try old.takenOver()
        let set = try #require(EpollCalls.set(of: try new.file(1)))
        #expect(set.record == record)
        #expect(try HostObjects.eventCount(new.host(0)) == 1)
        #expect(try HostObjects.eventCount(new.host(1)) == 2)
        #expect(try set.remove(new.file(3), 3) == 0)
        #expect(try HostObjects.eventCount(new.host(1)) == 1)
    }

    @Test("a one-shot that has fired is quiet until it is armed again")
    func oneShot() throws {
        let old = try KernelFixture()
        let set = EpollSet(hostFD: HostObjects.epoll())
        try old.add(
            FileDescription(
                kind: .epoll, hostFD: HostObjects.epoll(), statusFlags: O_RDWR, record: .epoll(EpollRecord()),
                payload: set))
        let counter = try old.add(
            .event, Int32(EventFile.make(initial: 1, isSemaphore: false)), .event(EventRecord(isSemaphore: false)))
        var interest = EpollRecord.Interest(
            file: counter.identity, descriptor: 1, events: 1 | EpollSet.oneShotFlag, data: 5)
        interest.hasFired = true
        set.restore(interest, counter)
        let new = try old.takenOver()
        let restored = try #require(EpollCalls.set(of: try new.file(0)))
        #expect(restored.record.interests.first?.hasFired == true)
        #expect(try HostObjects.eventCount(new.host(0)) == 0)
        #expect(try restored.add(new.file(1), 1, PackedEpollEvent(events: 1, data: 0)) == -Int(EEXIST))
        #expect(try restored.modify(new.file(1), 1, PackedEpollEvent(events: 1, data: 6)) == 0)
        #expect(try HostObjects.eventCount(new.host(0)) == 1)
        #expect(restored.record.interests.first?.hasFired == false)
        #expect(try restored.remove(new.file(1), 1) == 0)
        #expect(try HostObjects.eventCount(new.host(0)) == 0)
    }
}
