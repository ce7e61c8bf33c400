import CGuestEntry
import Glibc
import Testing

@testable import GuestMemory

extension ArenaTests {
    /// Single properties of collecting dirty pages, under either tracker.
    @Suite("collecting pages")
    struct CollectionTests {}
}

extension ArenaTests.CollectionTests {
    /// An address space with `pageCount` pages mapped and written, everything collected once.
    static func tracked(
        _ method: TrackerMethod, pageCount: UInt64
    ) throws -> (AddressSpace, AddressRange, PageStaging) {
        let space = try AddressSpace()
        try space.startTracking(method)
        let range = AddressRange(start: 0x5000_0000, count: pageCount * pageSize)
        #expect(space.map(request(range)) == Int(range.start))
        try #require(GuestAccess.fill(range.start, with: 7, count: Int(range.count)))
        let staging = try PageStaging()
        _ = try collect(space, staging)
        #expect(staging.count == Int(pageCount))
        _ = space.takeDiscards()
        return (space, range, staging)
    }

    /// The guest stores to these pages of a range, counted from its first.
    static func store(_ pages: [UInt64], in range: AddressRange) {
        for page in pages { #expect(GuestAccess.store(page, at: range.start + page * pageSize)) }
    }

    static func request(
        _ range: AddressRange, _ protection: Protection = [.read, .write],
        source: MappingRequest.Source = .anonymous
    ) -> MappingRequest {
        MappingRequest(
            placement: .fixed(range.start), byteCount: range.count, protection: protection, source: source)
    }

    /// The numbers of the dirty pages, in order.
    static func collect(_ space: AddressSpace, _ staging: PageStaging) throws -> [UInt64] {
        staging.reset()
        var cursor: UInt64 = 0
        while try !space.collectDirtyPages(into: staging, from: &cursor, pageCountMax: .max) {}
        return staging.numbers.sorted()
    }

    private static let available = TrackerMethod.allCases.filter { $0.isAvailable }

    @Test("only what was written since is collected, and only once", arguments: available)
    func once(method: TrackerMethod) throws {
        try Arena.using {
            let (space, range, staging) = try Self.tracked(method, pageCount: 300)
            #expect(try Self.collect(space, staging).isEmpty)
            let first = range.start / pageSize
            for page in [3, 4, 77, 299] as [UInt64] {
                #expect(GuestAccess.store(page, at: range.start + page * pageSize))
            }
            #expect(try Self.collect(space, staging) == [3, 4, 77, 299].map { first + $0 })
            #expect(try Self.collect(space, staging).isEmpty)
        }
    }

    @Test("a limit on the pages is kept, and nothing is left out or collected twice", arguments: available)
    func limit(method: TrackerMethod) throws {
        try Arena.using {
            let (space, range, staging) = try Self.tracked(method, pageCount: 200)
            try #require(GuestAccess.fill(range.start, with: 8, count: Int(range.count)))
            var cursor: UInt64 = 0
            var found: [UInt64] = []
            var isFinished = false
            while !isFinished {
                staging.reset()
                isFinished = try space.collectDirtyPages(into: staging, from: &cursor, pageCountMax: 33)
                #expect(staging.count <= 33)
                found += staging.numbers
            }
            #expect(found.sorted() == Array(range.start / pageSize..<range.end / pageSize))
        }
    }

    @Test("memory that was never touched is not collected, and costs nothing", arguments: available)
    func untouched(method: TrackerMethod) throws {
        try Arena.using {
            let (space, _, staging) = try Self.tracked(method, pageCount: 4)
            let large = AddressRange(start: 0x1_0000_0000, count: 8 << 30)
            #expect(space.map(Self.request(large)) == Int(large.start))
            #expect(try Self.collect(space, staging).isEmpty)
            #expect(GuestAccess.store(UInt8(1), at: large.start + (5 << 30)))
            #expect(try Self.collect(space, staging) == [(large.start + (5 << 30)) / pageSize])
        }
    }

    @Test("pages whose access was taken away after they were written are collected", arguments: available)
    func unreadable(method: TrackerMethod) throws {
        try Arena.using {
            let (space, range, staging) = try Self.tracked(method, pageCount: 8)
            #expect(GuestAccess.store(UInt64(0x1234), at: range.start + 2 * pageSize))
            #expect(space.protect(range.start, byteCount: range.count, [], growsDown: false) == 0)
            #expect(try Self.collect(space, staging) == [range.start / pageSize + 2])
            #expect(staging.contents.loadUnaligned(as: UInt64.self) == 0x1234)
        }
    }

    @Test("too many discards are everything, and all pages are collected again", arguments: available)
    func everything(method: TrackerMethod) throws {
        try Arena.using {
            let (space, range, staging) = try Self.tracked(method, pageCount: 10_000)
            for page in stride(from: 0, to: 10_000 as UInt64, by: 2) {
                let address = range.start + page * pageSize
                #expect(space.advise(address, byteCount: pageSize, advice: MADV_DONTNEED) == 0)
            }
            #expect(space.takeDiscards() == .everything)
            #expect(space.takeDiscards() == .ranges([]))
            let left = stride(from: 1, to: 10_000 as UInt64, by: 2).map { range.start / pageSize + $0 }
            #expect(try Self.collect(space, staging) == left)
        }
    }

    @Test("discards name what was unmapped, dropped or mapped over")
    func discards() throws {
        try Arena.using {
            let (space, range, _) = try Self.tracked(Self.available[0], pageCount: 100)
            func part(_ first: UInt64, _ count: UInt64) -> AddressRange {
                AddressRange(start: range.start + first * pageSize, count: count * pageSize)
            }
            #expect(space.unmap(part(0, 2).start, byteCount: 2 * pageSize) == 0)
            #expect(space.advise(part(10, 3).start, byteCount: 3 * pageSize, advice: MADV_DONTNEED) == 0)
            #expect(space.map(Self.request(part(40, 5))) == Int(part(40, 5).start))
            #expect(space.takeDiscards() == .ranges([part(0, 2), part(10, 3), part(40, 5)]))
            // Nothing was there before.
            #expect(space.map(Self.request(AddressRange(start: 0x6000_0000, count: pageSize))) == 0x6000_0000)
            #expect(space.takeDiscards() == .ranges([]))
        }
    }

    @Test("pages that are written again are found by the count of faults, or not taken for all")
    func rewritten() throws {
        guard TrackerMethod.kernel.isAvailable else { return }
        try Arena.using {
            let (space, range, staging) = try Self.tracked(.kernel, pageCount: 2000)
            let first = range.start / pageSize
            /// What is found after stores to these pages; nil where it may not be all.
            func found(_ pages: [UInt64], faultCount: UInt64) throws -> [UInt64]? {
                Self.store(pages, in: range)
                staging.reset()
                var cost = CollectionCost()
                let hasAll = try space.collectRewrittenPages(into: staging, faultCount: faultCount, cost: &cost)
                return hasAll ? staging.numbers.sorted().map { $0 - first } : nil
            }
            /// What a usual collection has left to find.
            func left() throws -> [UInt64] {
                staging.reset()
                var cursor: UInt64 = 0
                var cost = CollectionCost()
                while try !space.collectDirtyPages(
                    into: staging, from: &cursor, pageCountMax: .max, isSecond: true, cost: &cost)
                {}
                return staging.numbers.sorted().map { $0 - first }
            }
            // Nothing is known of where they are, unless there can be none.
            #expect(try found([], faultCount: 0) == [])
            #expect(try found([7, 8], faultCount: 2) == nil)
            #expect(try left() == [7, 8])
            #expect(try found([7, 9, 200], faultCount: 3) == [7, 9, 200])
            // They are not watched again: the next collection finds them in any case.
            #expect(try left() == [7, 9, 200])
            #expect(try found([7], faultCount: 1) == [7])
            #expect(try left() == [7])
            // One of them is where none was before, or there may be others.
            #expect(try found([7, 1500], faultCount: 2) == nil)
            #expect(try left() == [7, 1500])
            #expect(try found([7, 1501], faultCount: 2) == [7, 1501])
            #expect(try left() == [7, 1501])
            #expect(try found([7, 1501], faultCount: 3) == nil)
            #expect(try left() == [7, 1501])
        }
    }

    @Test("what a device writes, and what was not writable when all were watched, is not told by faults")
    func rewrittenOtherwise() throws {
        guard TrackerMethod.kernel.isAvailable else { return }
        try Arena.using {
            let (space, range, staging) = try Self.tracked(.kernel, pageCount: 300)
            func hasAll() throws -> Bool {
                var cost = CollectionCost()
                return try space.collectRewrittenPages(into: staging, faultCount: 0, cost: &cost)
            }
            #expect(try Self.collect(space, staging).isEmpty)
            #expect(try hasAll())
            space.noteWrittenDirectly(range.start + 5 * pageSize + 100, 5000)
            #expect(try !hasAll())
            #expect(try Self.collect(space, staging) == [5, 6].map { range.start / pageSize + $0 })
            #expect(try hasAll())
            // Behind a collection that goes on.
            try #require(GuestAccess.fill(range.start, with: 8, count: Int(range.count)))
            var cursor: UInt64 = 0
            #expect(try !space.collectDirtyPages(into: staging, from: &cursor, pageCountMax: 100))
            space.noteWrittenDirectly(range.start, 100)
            while try !space.collectDirtyPages(into: staging, from: &cursor, pageCountMax: .max) {}
            #expect(try !hasAll())
            #expect(try Self.collect(space, staging) == [range.start / pageSize])
            #expect(try hasAll())
            #expect(space.protect(range.start, byteCount: pageSize, [.read], growsDown: false) == 0)
            #expect(try !hasAll())
        }
    }

    @Test("a fault may show several pages of shared memory: they prove nothing")
    func rewrittenShared() throws {
        guard TrackerMethod.kernel.isAvailable else { return }
        try Arena.using {
            let (space, _, staging) = try Self.tracked(.kernel, pageCount: 1)
            let shared = AddressRange(start: 0x7000_0000, count: 64 * pageSize)
            let request = MappingRequest(
                placement: .fixed(shared.start), byteCount: shared.count, protection: [.read, .write],
                source: .sharedAnonymous)
            #expect(space.map(request) == Int(shared.start))
            for _ in 0..<2 {
                #expect(GuestAccess.store(UInt8(1), at: shared.start))
                var cost = CollectionCost()
                #expect(try !space.collectRewrittenPages(into: staging, faultCount: 1, cost: &cost))
                var cursor: UInt64 = 0
                while try !space.collectDirtyPages(
                    into: staging, from: &cursor, pageCountMax: .max, isSecond: true, cost: &cost)
                {}
            }
        }
    }

    @Test("a host call's pages stay open while it runs, and are collected after it")
    func held() throws {
        guard TrackerMethod.signal.isAvailable else { return }
        try Arena.using {
            let (space, range, staging) = try Self.tracked(.signal, pageCount: 16)
            let ends = try Self.pipe()
            defer { for end in ends { close(end) } }
            let read = { () -> Int in
                hostCall(__NR_read, UInt64(signed: ends[0]), range.start + 5 * pageSize, 4)
            }
            #expect(write(ends[1], "late", 4) == 4)
            #expect(read() == -Int(EFAULT))
            let result = space.writing(range.start + 5 * pageSize, 4) { () -> Int in
                // A collection beside the running guest comes in between.
                #expect((try? Self.collect(space, staging)) == [range.start / pageSize + 5])
                return read()
            }
            #expect(result == 4)
            #expect(try Self.collect(space, staging) == [range.start / pageSize + 5])
            #expect(staging.contents.loadUnaligned(as: UInt32.self) == 0x6574_616c)
            #expect(try Self.collect(space, staging).isEmpty)
        }
    }

    private static func pipe() throws -> [Int32] {
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        return ends
    }

    @Test("a fault is the guest's where it may not write")
    func guestFault() throws {
        guard TrackerMethod.signal.isAvailable else { return }
        try Arena.using {
            let (space, range, _) = try Self.tracked(.signal, pageCount: 4)
            #expect(space.protect(range.start, byteCount: pageSize, [.read], growsDown: false) == 0)
            #expect(!space.resolveTrackedWrite(range.start + 8))
            #expect(space.resolveTrackedWrite(range.start + pageSize))
            #expect(!space.resolveTrackedWrite(range.end))
            #expect(!space.resolveTrackedWrite(0))
            #expect(!space.resolveTrackedWrite(.max))
        }
    }

    @Test("many scattered writes do not use up the host's mappings")
    func scattered() throws {
        guard TrackerMethod.signal.isAvailable else { return }
        try Arena.using {
            let pageCount: UInt64 = 100_000
            let (space, range, staging) = try Self.tracked(.signal, pageCount: pageCount)
            for page in stride(from: 0, to: pageCount, by: 2) {
                let address = range.start + page * pageSize
                if guest_store32(UnsafeMutablePointer(bitPattern: UInt(address)), 1) == 0 { continue }
                try #require(space.resolveTrackedWrite(address))
                try #require(guest_store32(UnsafeMutablePointer(bitPattern: UInt(address)), 1) == 0)
            }
            let found = Set(try Self.collect(space, staging))
            let missing = stride(from: 0, to: pageCount, by: 2).filter { !found.contains(range.start / pageSize + $0) }
            #expect(missing.isEmpty)
        }
    }
}
