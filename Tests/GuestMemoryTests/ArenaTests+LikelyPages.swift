import CGuestEntry
import Glibc
import Testing

@testable import GuestMemory

/// What is collected without a search everywhere.
extension ArenaTests.CollectionTests {
    @Test("pages that were left open are all, unless something else may have been written")
    func leftOpen() throws {
        guard TrackerMethod.kernel.isAvailable else { return }
        try Arena.using {
            let (space, range, staging) = try Self.tracked(.kernel, pageCount: 300)
            let first = range.start / pageSize
            /// Leaves open what was written; how many faults there were by then.
            func leaveOpen(_ pages: [UInt64]) throws -> UInt64 {
                Self.store(pages, in: range)
                staging.reset()
                var cursor: UInt64 = 0
                var cost = CollectionCost()
                #expect(
                    try space.collectDirtyPages(
                        into: staging, from: &cursor, pageCountMax: 100, leavesOpen: true, cost: &cost))
                #expect(staging.numbers.sorted() == pages.map { first + $0 })
                return try #require(space.state.withLock { $0.tracking?.open?.faultCount })
            }
            func found(_ faultCount: UInt64?) throws -> [UInt64]? {
                staging.reset()
                var cost = CollectionCost()
                let hasAll = try space.collectLikelyPages(
                    into: staging, leavesOpen: true, pageCountMax: 100, faultCount: faultCount, cost: &cost)
                return hasAll ? staging.numbers.sorted().map { $0 - first } : nil
            }
            let count = try leaveOpen([3, 4, 70])
            Self.store([4], in: range)
            #expect(try found(count) == [3, 4, 70])
            #expect(try found(count) == [3, 4, 70])
            #expect(staging.contents.loadUnaligned(fromByteOffset: Int(pageSize), as: UInt64.self) == 4)
            // Another page was written, or nobody knows.
            #expect(try found(count + 1) == nil)
            #expect(try found(nil) == nil)
            let faults = try #require(FaultCount.ofProcess)
            Self.store([71], in: range)
            #expect(try #require(FaultCount.ofProcess) > faults)
            #expect(try leaveOpen([3, 4, 70, 71]) > count)
            // A device writes, a mapping is new, pages are dropped: there is another search first.
            let changes: [() -> Void] = [
                { space.noteWrittenDirectly(range.start, 10) },
                { _ = space.map(Self.request(AddressRange(start: 0x6000_0000, count: pageSize))) },
                { _ = space.advise(range.start + 3 * pageSize, byteCount: pageSize, advice: MADV_DONTNEED) },
                { _ = space.protect(range.start, byteCount: pageSize, [], growsDown: false) },
            ]
            for change in changes {
                _ = try Self.collect(space, staging)
                let count = try leaveOpen([5, 6])
                #expect(try found(count) == [5, 6])
                change()
                #expect(try found(count) == nil)
                _ = space.takeDiscards()
            }
            // All are watched again.
            _ = try Self.collect(space, staging)
            #expect(try found(space.state.withLock { $0.tracking?.open?.faultCount }) == [])
        }
    }

    @Test("what was written is looked for where pages were found before, and is all where faults say so")
    func likely() throws {
        guard TrackerMethod.kernel.isAvailable else { return }
        try Arena.using {
            let (space, range, staging) = try Self.tracked(.kernel, pageCount: 3000)
            let first = range.start / pageSize
            var cost = CollectionCost()
            /// Writes, and collects as after so many faults more. The pages that were copied, and whether they are all.
            func collect(
                _ pages: [UInt64], faultCount: UInt64, leavesOpen: Bool = false, pageCountMax: Int = 100
            ) throws -> ([UInt64], hasAll: Bool) {
                Self.store(pages, in: range)
                staging.reset()
                let before = try #require(space.state.withLock { $0.tracking?.open?.faultCount })
                let hasAll = try space.collectLikelyPages(
                    into: staging, leavesOpen: leavesOpen, pageCountMax: pageCountMax,
                    faultCount: before + faultCount, cost: &cost)
                return (staging.numbers.sorted().map { $0 - first }, hasAll)
            }
            func search() throws -> [UInt64] { try Self.collect(space, staging).map { $0 - first } }
            func expect(
                _ found: ([UInt64], hasAll: Bool), _ pages: [UInt64], hasAll: Bool,
                _ place: SourceLocation = #_sourceLocation
            ) {
                #expect(found.0 == pages && found.hasAll == hasAll, sourceLocation: place)
            }
            // Nothing is known of where they are, unless there can be none.
            _ = try search()
            space.state.withLock { $0.tracking?.likely = LikelyPages() }
            expect(try collect([], faultCount: 0), [], hasAll: true)
            expect(try collect([7, 9], faultCount: 2), [], hasAll: false)
            #expect(try search() == [7, 9])
            // Watched again, so that each takes its fault; left open, they are found in any case.
            expect(try collect([7, 8], faultCount: 2), [7, 8], hasAll: true)
            expect(try collect([], faultCount: 0), [], hasAll: true)
            expect(try collect([8], faultCount: 1, leavesOpen: true), [8], hasAll: true)
            expect(try collect([], faultCount: 0, leavesOpen: true), [8], hasAll: true)
            expect(try collect([9], faultCount: 1, leavesOpen: true), [8, 9], hasAll: true)
            expect(try collect([7], faultCount: 1), [7, 8, 9], hasAll: true)
            // One is elsewhere, or took no fault, or took two: there may be others.
            expect(try collect([7, 2500], faultCount: 2), [7], hasAll: false)
            #expect(try search() == [2500])
            expect(try collect([7, 2501], faultCount: 2), [7, 2501], hasAll: true)
            expect(try collect([7], faultCount: 2, leavesOpen: true), [], hasAll: false)
            #expect(try search() == [7])
            expect(try collect([8], faultCount: 3, leavesOpen: true), [], hasAll: false)
            #expect(try search() == [8])
            // After two in vain it is not tried at once; nor are too many left open.
            expect(try collect([7], faultCount: 1), [], hasAll: false)
            #expect(try search() == [7])
            expect(try collect([7, 8], faultCount: 2, leavesOpen: true, pageCountMax: 1), [], hasAll: false)
            #expect(try search() == [7, 8])
        }
    }

    /// Whether all was found, as after so many faults since the last collection of all.
    private static func hasAll(
        _ space: AddressSpace, _ staging: PageStaging, faultCount: UInt64, isSecond: Bool = false
    ) throws -> Bool {
        staging.reset()
        guard let before = space.state.withLock({ $0.tracking?.open?.faultCount }) else { return false }
        var cost = CollectionCost()
        return try space.collectLikelyPages(
            into: staging, leavesOpen: false, pageCountMax: 100, isSecond: isSecond,
            faultCount: before + faultCount, cost: &cost)
    }

    @Test("pages of shared memory may have been written elsewhere, and prove nothing")
    func likelyShared() throws {
        guard TrackerMethod.kernel.isAvailable else { return }
        try Arena.using {
            let (space, range, staging) = try Self.tracked(.kernel, pageCount: 4)
            let shared = AddressRange(start: range.end, count: 4 * pageSize)
            #expect(space.map(Self.request(shared, source: .sharedAnonymous)) == Int(shared.start))
            for place in [range.start, shared.start] { #expect(GuestAccess.store(UInt8(1), at: place)) }
            _ = try Self.collect(space, staging)
            _ = space.takeDiscards()
            _ = try Self.collect(space, staging)
            #expect(GuestAccess.store(UInt8(2), at: range.start))
            #expect(try Self.hasAll(space, staging, faultCount: 1))
            #expect(GuestAccess.store(UInt8(3), at: shared.start))
            #expect(try !Self.hasAll(space, staging, faultCount: 1))
            // It is watched again, and was copied for that.
            #expect(staging.count == 1)
        }
    }

    @Test("only after a collection in one piece, by one that was not distrusted, and not for ever")
    func likelyAfter() throws {
        guard TrackerMethod.kernel.isAvailable else { return }
        try Arena.using {
            let (space, range, staging) = try Self.tracked(.kernel, pageCount: 40)
            #expect(try Self.hasAll(space, staging, faultCount: 0))
            #expect(GuestAccess.fill(range.start, with: 8, count: Int(range.count)))
            var cursor: UInt64 = 0
            staging.reset()
            while try !space.collectDirtyPages(into: staging, from: &cursor, pageCountMax: 30) {}
            #expect(staging.count == 40)
            #expect(try !Self.hasAll(space, staging, faultCount: 0))
            _ = try Self.collect(space, staging)
            #expect(try Self.hasAll(space, staging, faultCount: 0))
            space.distrustCollection()
            #expect(try !Self.hasAll(space, staging, faultCount: 0))
            _ = try Self.collect(space, staging)
            for _ in 0..<LikelyPages.hitCountMax { #expect(try Self.hasAll(space, staging, faultCount: 0)) }
            #expect(try !Self.hasAll(space, staging, faultCount: 0))
            _ = try Self.collect(space, staging)
            #expect(try Self.hasAll(space, staging, faultCount: 0))
        }
    }

    @Test("of what was written beside a collection it is noted where")
    func likelySecond() throws {
        guard TrackerMethod.kernel.isAvailable else { return }
        try Arena.using {
            let (space, range, staging) = try Self.tracked(.kernel, pageCount: 10)
            #expect(GuestAccess.store(UInt8(1), at: range.start))
            #expect(try Self.hasAll(space, staging, faultCount: 1, isSecond: true))
            #expect(GuestAccess.store(UInt8(2), at: range.start))
            staging.reset()
            var cost = CollectionCost()
            #expect(try space.collectRewrittenPages(into: staging, faultCount: 1, cost: &cost))
            #expect(staging.count == 1)
        }
    }
}
