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

    /// A file of eight pages, of which the mirror has written the second, mapped by the epoch before at `place`.
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
                mirror.write(place.start / pageSize + 1, [UInt8](repeating: 4, count: 4096))
                try body(mirror, record, path)
            }
        }
    }

    /// The first byte of a page of `place`; nil where none is mapped.
    private static func byte(_ page: UInt64) -> UInt8? {
        GuestAccess.load(UInt8.self, at: place.start + page * pageSize)
    }

    @Test("a file is mapped with its epoch; pages that come later are put over it, and stay through another layout")
    func mappedAhead() async throws {
        try await Self.withFile { mirror, record, _ in
            #expect(Self.byte(0) == 9 && Self.byte(1) == 4)
            var next = record
            next.areas.append(Self.area(AddressRange(start: 0x7000_0000, count: pageSize)))
            try mirror.prepare(layout: next.bytes)
            mirror.commit()
            mirror.write(Self.place.start / pageSize + 2, [UInt8](repeating: 5, count: 4096))
            let space = try mirror.becomeAddressSpace()
            #expect(space.areas() == next.areas)
            #expect((0..<4).map(Self.byte) == [9, 4, 5, 9])
        }
    }

    @Test("a dropped page of a file's is the file's again, and the others stay", arguments: [true, false])
    func droppedAhead(thenOtherLayout: Bool) async throws {
        try await Self.withFile { mirror, record, _ in
            mirror.write(Self.place.start / pageSize + 5, [UInt8](repeating: 6, count: 4096))
            mirror.discard(AddressRange(start: Self.place.start + pageSize, count: pageSize))
            var next = record
            if thenOtherLayout {
                next.areas.append(Self.area(AddressRange(start: 0x7000_0000, count: pageSize)))
                try mirror.prepare(layout: next.bytes)
                mirror.commit()
            }
            let space = try mirror.becomeAddressSpace()
            #expect(space.areas() == next.areas)
            #expect((0..<8).map(Self.byte) == [9, 9, 9, 9, 9, 6, 9, 9])
        }
    }

    @Test("memory that takes a file's place is empty")
    func replacedAhead() async throws {
        try await Self.withFile { mirror, _, _ in
            try mirror.prepare(layout: Self.layout([Self.area()]))
            mirror.discard(Self.place)
            mirror.commit()
            let space = try mirror.becomeAddressSpace()
            #expect(space.areas() == [Self.area()])
            #expect((0..<8).allSatisfy { Self.byte($0) == 0 })
        }
    }

    @Test("what a layout no longer maps of a file is closed, and empty when it is mapped again")
    func closedAhead() async throws {
        try await Self.withFile { mirror, record, _ in
            var next = record
            next.areas[0].range = AddressRange(start: Self.place.start, count: 2 * pageSize)
            try mirror.prepare(layout: next.bytes)
            mirror.commit()
            #expect(Self.byte(1) == 4 && Self.byte(2) == nil)
            next.areas.append(Self.area(AddressRange(start: Self.place.start + 2 * pageSize, count: pageSize)))
            try mirror.prepare(layout: next.bytes)
            mirror.commit()
            _ = try mirror.becomeAddressSpace()
            #expect((0..<3).map(Self.byte) == [9, 4, 0])
        }
    }

    @Test("a page that comes for a file that was cut short since has its place")
    func cutShortAhead() async throws {
        try await Self.withFile { mirror, _, path in
            #expect(truncate(path, 4096) == 0)
            mirror.write(Self.place.start / pageSize + 3, [UInt8](repeating: 7, count: 4096))
            #expect(Self.byte(3) == 7)
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
