import CGuestEntry
import Glibc
import TestSupport
import Testing

@testable import GuestMemory

extension ArenaTests {
    /// Dirty pages against what the guest's memory really holds.
    @Suite("trackers")
    struct TrackerTests {}
}

extension ArenaTests.TrackerTests {
    static let runs = TrackerMethod.allCases.flatMap { method in
        SeededGenerator.seeds(count: 4).map { (method, $0) }
    }

    @Test("a mirror that applies every epoch has the guest's memory", arguments: runs)
    func epochs(method: TrackerMethod, seed: UInt64) async throws {
        guard method.isAvailable else { return }
        try await ScratchDirectory.with { scratch in try Self.run(method, seed, scratch) }
    }

    private static func run(_ method: TrackerMethod, _ seed: UInt64, _ scratch: ScratchDirectory) throws {
        var guest: TrackedGuest?
        var expected: [UInt64: [UInt8]] = [:]
        var areas: [VirtualMemoryArea] = []
        try Arena.using {
            let running = try TrackedGuest(seed: seed, method: method, scratch: scratch)
            for step in 0..<200 {
                for _ in 0..<40 where step % 4 == 0 { try running.step() }
                if step % 4 != 0 { try running.makeStores() }
                try running.cut(preCopies: step % 12 == 0)
                guard let disagreement = running.disagreement() else { continue }
                Issue.record("\(disagreement) (\(SeededGenerator.replayHint(seed: seed, step: step)))")
                return
            }
            #expect(method == .signal || running.openCollectionCount > 0)
            #expect(method == .signal || running.likelyCollectionCount > 0)
            areas = running.space.areas()
            expected = contents(areas)
            guest = running
        }
        guard let guest, !areas.isEmpty else { return }
        try Arena.using { try takeOver(guest.epochs, areas, expected) }
    }

    private static func contents(_ areas: [VirtualMemoryArea]) -> [UInt64: [UInt8]] {
        var contents: [UInt64: [UInt8]] = [:]
        for area in areas {
            for number in area.range.start / pageSize..<area.range.end / pageSize {
                contents[number] = Arena.content(of: number)
            }
        }
        return contents
    }

    /// Applies the epochs to a mirror's memory, lets it become an address space, and looks at every page.
    private static func takeOver(
        _ epochs: [TrackedGuest.Epoch], _ areas: [VirtualMemoryArea], _ expected: [UInt64: [UInt8]]
    ) throws {
        let mirror = try MirrorMemory()
        for epoch in epochs {
            try mirror.check(epoch.pages.map { $0.number })
            try mirror.prepare(layout: epoch.layout)
            for page in epoch.early { mirror.write(page.number, page.content) }
            switch epoch.discards {
            case .everything: mirror.discardEverything()
            case .ranges(let ranges): for range in ranges { mirror.discard(range) }
            }
            mirror.commit()
            for page in epoch.pages {
                mirror.write(page.number, page.content)
                var content = [UInt8](repeating: 0, count: Int(pageSize))
                let isWritten = mirror.copyCommitted(page.number, to: &content) && Arena.isSame(content, page.content)
                if !isWritten { Issue.record("page \(page.number) is not what was written to it") }
            }
        }
        let space = try mirror.becomeAddressSpace()
        let placed = areas.map { area in
            var area = area
            area.flags.remove(.moved)
            return area
        }
        var map = VirtualMemoryMap(limits: GuestLayout.mappable)
        for area in placed { map.insert(area) }
        #expect(space.areas() == map.areas)
        let found = contents(areas)
        #expect(found.keys.count == expected.keys.count)
        for (number, content) in expected where !Arena.isSame(found[number] ?? [], content) {
            Issue.record("page \(hexadecimal(number * pageSize)) differs after the takeover")
            return
        }
        // It is an address space like any other: all of it can be unmapped and mapped again.
        #expect(space.unmap(GuestLayout.lowestAddress, byteCount: GuestLayout.mappable.count) == 0)
        let request = MappingRequest(
            placement: .fixed(areas[0].range.start), byteCount: 8 * pageSize, protection: [.read, .write],
            source: .anonymous)
        #expect(space.map(request) == Int(areas[0].range.start))
        #expect(GuestAccess.load(UInt64.self, at: areas[0].range.start) == 0)
    }
}
