import Glibc
import TestSupport
import Testing

@testable import GuestMemory

extension ArenaTests {
    /// What a mirror refuses, and what it has afterwards.
    @Suite("mirror memory")
    struct MirrorTests {}
}

extension ArenaTests.MirrorTests {
    private static let place = AddressRange(start: 0x5000_0000, count: 8 * pageSize)

    private static func layout(_ areas: [VirtualMemoryArea]) -> [UInt8] {
        MemoryLayoutRecord(areas: areas, heapStart: 0x4000_0000, heapEnd: 0x4000_0000).bytes
    }

    private static func area(
        _ range: AddressRange = place, _ kind: VirtualMemoryArea.Kind = .anonymous
    ) -> VirtualMemoryArea {
        VirtualMemoryArea(range: range, protection: [.read, .write], kind: kind)
    }

    /// A mirror that has one epoch: `place` mapped, its second page written.
    private static func committed() throws -> MirrorMemory {
        let mirror = try MirrorMemory()
        try mirror.prepare(layout: layout([area()]))
        mirror.commit()
        mirror.write(place.start / pageSize + 1, [UInt8](repeating: 5, count: 4096))
        return mirror
    }

    /// Whether the mirror still is what `committed` made.
    private static func isUnharmed(_ mirror: MirrorMemory) throws -> Bool {
        let space = try mirror.becomeAddressSpace()
        return space.areas() == [area()] && GuestAccess.load(UInt8.self, at: place.start + pageSize) == 5
            && GuestAccess.load(UInt64.self, at: place.start) == 0
    }

    @Test("a file that is not there refuses the epoch by name, and what was committed stays", arguments: [true, false])
    func missingFile(isShared: Bool) throws {
        try Arena.using {
            let mirror = try Self.committed()
            let file = FileIdentity(device: 1, inode: 2, path: "/nowhere/of/this/name")
            let other = AddressRange(start: 0x7000_0000, count: pageSize)
            let kind: VirtualMemoryArea.Kind =
                isShared
                ? .sharedFile(file: file, offset: 0, isWritable: true)
                : .privateFile(file: file, offset: 0, isHostMapped: true)
            let error = #expect(throws: MirrorMemoryError.self) {
                try mirror.prepare(layout: Self.layout([Self.area(other, kind)]))
            }
            #expect(error?.message.contains("/nowhere/of/this/name") == true)
            #expect(error?.errno == ENOENT)
            #expect(!mirror.isPrepared(other.start / pageSize))
            #expect(try Self.isUnharmed(mirror))
        }
    }

    @Test("a file of the same path but another size is not the guest's; one of the same size is, elsewhere")
    func otherFile() async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("data", [UInt8](repeating: 9, count: 3 * 4096))
            try Arena.using {
                let mirror = try Self.committed()
                let file = FileIdentity(device: 77, inode: 88, path: path)
                var record = MemoryLayoutRecord(
                    areas: [Self.area(Self.place, .privateFile(file: file, offset: 4096, isHostMapped: true))],
                    fileByteCounts: [file: 3 * 4096 + 1])
                #expect(throws: MirrorMemoryError.self) { try mirror.prepare(layout: record.bytes) }
                record.fileByteCounts[file] = 3 * 4096
                try mirror.prepare(layout: record.bytes)
                mirror.discard(Self.place)
                mirror.commit()
                mirror.write(Self.place.start / pageSize + 1, [UInt8](repeating: 4, count: 4096))
                // The mirror holds it open.
                #expect(unlink(path) == 0)
                let space = try mirror.becomeAddressSpace()
                #expect(space.areas() == record.areas)
                #expect(GuestAccess.load(UInt8.self, at: Self.place.start) == 9)
                #expect(GuestAccess.load(UInt8.self, at: Self.place.start + pageSize) == 4)
            }
        }
    }

    /// With a file of eight pages, mapped at `place` by the epoch before.
    private static func withFile(
        _ body: (_ mirror: MirrorMemory, _ record: MemoryLayoutRecord, _ path: String) throws -> Void
    ) async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("data", [UInt8](repeating: 9, count: 8 * 4096))
            try Arena.using {
                let file = FileIdentity(device: 77, inode: 88, path: path)
                let record = MemoryLayoutRecord(
                    areas: [area(place, .privateFile(file: file, offset: 0, isHostMapped: true))],
                    fileByteCounts: [file: 8 * 4096])
                let mirror = try MirrorMemory()
                try mirror.prepare(layout: record.bytes)
                mirror.commit()
                try body(mirror, record, path)
            }
        }
    }

    /// The first bytes of `place`'s pages; nil where none is mapped.
    private static var bytes: [UInt8?] {
        (0..<8).map { GuestAccess.load(UInt8.self, at: place.start + UInt64($0) * pageSize) }
    }

    private static func write(_ mirror: MirrorMemory, page: UInt64, _ byte: UInt8) {
        mirror.write(place.start / pageSize + page, [UInt8](repeating: byte, count: 4096))
    }

    private static func page(_ number: UInt64) -> AddressRange {
        AddressRange(start: place.start + number * pageSize, count: pageSize)
    }

    /// The next epoch has this layout.
    private static func commit(_ mirror: MirrorMemory, _ record: MemoryLayoutRecord) throws {
        try mirror.prepare(layout: record.bytes)
        mirror.commit()
    }

    private static let elsewhere = area(AddressRange(start: 0x7000_0000, count: pageSize))

    @Test("a file is mapped with its epoch, and stays through drops of its pages and other layouts")
    func mappedAhead() async throws {
        try await Self.withFile { mirror, record, _ in
            #expect(Self.bytes == [9, 9, 9, 9, 9, 9, 9, 9])
            mirror.discard(Self.page(3))
            var next = record
            next.areas.append(Self.elsewhere)
            try Self.commit(mirror, next)
            mirror.discardEverything()
            #expect(Self.bytes == [9, 9, 9, 9, 9, 9, 9, 9])
            let space = try mirror.becomeAddressSpace()
            #expect(space.areas() == next.areas)
            #expect(Self.bytes == [9, 9, 9, 9, 9, 9, 9, 9])
        }
    }

    @Test("pages of the guest's own lie over a file that was mapped, dropped ones do not", arguments: [true, false])
    func writtenAhead(hasOtherLayout: Bool) async throws {
        try await Self.withFile { mirror, record, _ in
            for page in [1, 5, 6] as [UInt64] { Self.write(mirror, page: page, 4) }
            mirror.discard(Self.page(5))
            var next = record
            if hasOtherLayout {
                next.areas.append(Self.elsewhere)
                try Self.commit(mirror, next)
            }
            Self.write(mirror, page: 2, 3)
            let space = try mirror.becomeAddressSpace()
            #expect(space.areas() == next.areas)
            #expect(Self.bytes == [9, 4, 3, 9, 9, 9, 4, 9])
        }
    }

    @Test("memory that takes a file's place is empty, and so is what is mapped where one was closed")
    func replacedAhead() async throws {
        try await Self.withFile { mirror, record, _ in
            try mirror.prepare(layout: Self.layout([Self.area()]))
            mirror.discard(Self.place)
            mirror.commit()
            #expect(Self.bytes == [0, 0, 0, 0, 0, 0, 0, 0])
            try mirror.prepare(layout: record.bytes)
            mirror.discard(Self.place)
            mirror.commit()
            #expect(Self.bytes[0] == 9)
            try Self.commit(mirror, MemoryLayoutRecord())
            #expect(Self.bytes[0] == nil)
            try mirror.prepare(layout: Self.layout([Self.area()]))
            mirror.commit()
            #expect(try mirror.becomeAddressSpace().areas() == [Self.area()])
            #expect(Self.bytes == [0, 0, 0, 0, 0, 0, 0, 0])
        }
    }

    @Test("a part of a file that is left over has its part of the file")
    func leftOverAhead() async throws {
        try await Self.withFile { mirror, record, _ in
            var next = record
            next.areas[0].range = AddressRange(start: Self.place.start + 2 * pageSize, count: 3 * pageSize)
            next.areas[0].kind = next.areas[0].kind.advanced(by: 2 * pageSize)
            try mirror.prepare(layout: next.bytes)
            mirror.discard(AddressRange(start: Self.place.start, count: 2 * pageSize))
            mirror.discard(AddressRange(start: Self.place.start + 5 * pageSize, count: 3 * pageSize))
            mirror.commit()
            let expected: [UInt8?] = [nil, nil, 9, 9, 9, nil, nil, nil]
            #expect(Self.bytes == expected)
            #expect(try mirror.becomeAddressSpace().areas() == next.areas)
            #expect(Self.bytes == expected)
        }
    }

    @Test("a page of the guest's own stays when the file is cut short, whatever comes then")
    func cutShortAhead() async throws {
        try await Self.withFile { mirror, record, path in
            Self.write(mirror, page: 3, 7)
            #expect(truncate(path, 4096) == 0)
            Self.write(mirror, page: 4, 8)
            var next = record
            next.areas.append(Self.elsewhere)
            try Self.commit(mirror, next)
            #expect(Self.bytes[3] == 7 && Self.bytes[4] == 8)
        }
    }

    @Test("a damaged layout is refused, and what was committed stays")
    func damagedLayout() throws {
        try Arena.using {
            let mirror = try Self.committed()
            #expect(throws: MirrorMemoryError.self) { try mirror.prepare(layout: [1, 2, 3]) }
            #expect(throws: MirrorMemoryError.self) { try mirror.check([0]) }
            #expect(throws: MirrorMemoryError.self) { try mirror.check([.max]) }
            #expect(try Self.isUnharmed(mirror))
        }
    }

    @Test("a prepared layout that is never committed leaves no trace")
    func uncommitted() throws {
        try Arena.using {
            let mirror = try Self.committed()
            let other = AddressRange(start: 0x7000_0000, count: 4 * pageSize)
            try mirror.prepare(layout: Self.layout([Self.area(other)]))
            #expect(mirror.isPrepared(other.start / pageSize))
            #expect(try Self.isUnharmed(mirror))
            #expect(GuestAccess.load(UInt8.self, at: other.start) == nil)
        }
    }

    @Test("what a layout no longer maps is closed and empty")
    func unmapped() throws {
        try Arena.using {
            let mirror = try Self.committed()
            try mirror.prepare(layout: Self.layout([]))
            mirror.commit()
            #expect(GuestAccess.load(UInt8.self, at: Self.place.start + pageSize) == nil)
            try mirror.prepare(layout: Self.layout([Self.area()]))
            mirror.commit()
            #expect(GuestAccess.load(UInt8.self, at: Self.place.start + pageSize) == 0)
            mirror.write(GuestLayout.mappable.end / pageSize - 1, [UInt8](repeating: 1, count: 4096))
            #expect(mirror.withPage(Self.place.end / pageSize) { _ in true } == nil)
        }
    }

    @Test("a page's committed content is copied where there is a mapping, and from nowhere else")
    func committedCopies() throws {
        try Arena.using {
            let mirror = try Self.committed()
            var content = [UInt8](repeating: 0xa5, count: Int(pageSize))
            let first = Self.place.start / pageSize
            #expect(mirror.copyCommitted(first + 1, to: &content))
            #expect(mirror.withPage(first + 1) { Array($0) } == content)
            for number in [first - 1, Self.place.end / pageSize, 0, GuestLayout.arenaEnd / pageSize, .max] {
                #expect(!mirror.copyCommitted(number, to: &content))
            }
            // What is only prepared is nothing that an epoch has left.
            let other = AddressRange(start: 0x7000_0000, count: 4 * pageSize)
            try mirror.prepare(layout: Self.layout([Self.area(other)]))
            #expect(!mirror.copyCommitted(other.start / pageSize, to: &content))
        }
    }

    @Test("a shared file is held from its epoch on, and what the guest writes to it is the file's")
    func sharedFile() async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("shared", [UInt8](repeating: 9, count: 8 * 4096))
            let reader = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(reader) }
            try Arena.using {
                let mirror = try Self.committed()
                let file = FileIdentity(device: 1, inode: 2, path: path)
                let kind = VirtualMemoryArea.Kind.sharedFile(file: file, offset: 0, isWritable: true)
                try mirror.prepare(layout: Self.layout([Self.area(Self.place, kind)]))
                mirror.commit()
                #expect(unlink(path) == 0)
                _ = try mirror.becomeAddressSpace()
                #expect(GuestAccess.store(UInt8(3), at: Self.place.start + 5))
                var byte: UInt8 = 0
                #expect(pread(reader, &byte, 1, 5) == 1)
                #expect(byte == 3)
                #expect(GuestAccess.load(UInt8.self, at: Self.place.start + 6) == 9)
            }
        }
    }

    @Test("the arena is there once")
    func taken() throws {
        try Arena.using {
            let mirror = try MirrorMemory()
            let error = #expect(throws: AddressSpaceError.self) { try MirrorMemory() }
            #expect(error?.errno == EEXIST)
            #expect(!mirror.isPrepared(16))
        }
    }
}
