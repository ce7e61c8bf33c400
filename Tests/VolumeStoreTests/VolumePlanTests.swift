import RecordCoding
import TestSupport
import Testing
import Volumes

/// A tree in memory, to which file operations are done.
private struct MemoryTree {
    struct File: Equatable {
        var kind: VolumeEntry.Kind
        var ownership: FileOperation.Ownership
        var times: FileOperation.Times
        var attributes: [[UInt8]: [UInt8]] = [:]
        var content = 0
    }

    /// By their numbers; a name leads to one.
    var files: [UInt64: File] = [:]
    var names: [String: UInt64] = ["": 0]
    private var next: UInt64 = 1

    init() {
        files[0] = File(kind: .directory, ownership: MemoryTree.ownership(0o755), times: MemoryTree.times(1))
    }

    static func ownership(_ mode: UInt32) -> FileOperation.Ownership {
        FileOperation.Ownership(mode: mode, user: 1, group: 1)
    }

    static func times(_ time: Int64) -> FileOperation.Times {
        FileOperation.Times(accessNanoseconds: 0, modificationNanoseconds: time)
    }

    static func path(_ name: String) -> VolumePath { VolumePath(volume: 0, relative: Array(name.utf8)) }

    mutating func add(_ name: String, _ file: File) {
        files[next] = file
        names[name] = next
        next += 1
    }

    func entries(inodeOffset: UInt64) -> [VolumeEntry] {
        names.map { name, number in
            let file = files[number]!
            return VolumeEntry(
                path: MemoryTree.path(name), kind: file.kind,
                file: VolumeEntry.File(device: 1, inode: number + inodeOffset),
                linkCount: UInt64(names.values.count { $0 == number }), ownership: file.ownership, times: file.times,
                attributes: file.attributes.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
                    VolumeEntry.Attribute(name: $0.key, value: $0.value)
                })
        }
    }

    private static func name(_ path: VolumePath) -> String { String(decoding: path.relative, as: UTF8.self) }

    mutating func apply(_ operation: FileOperation) throws {
        switch operation {
        case .createFile(let path, let ownership): try make(path, .regular(byteCount: 0), ownership)
        case .makeDirectory(let path, let ownership): try make(path, .directory, ownership)
        case .makeSymbolicLink(let path, let target, let ownership):
            try make(path, .symbolicLink(target: target), ownership)
        case .makeNode(let path, let kind, let device, let ownership):
            try make(path, .node(kind, device: device), ownership)
        case .link(.path(let from), let to):
            let number = try #require(names[MemoryTree.name(from)])
            #expect(names[MemoryTree.name(to)] == nil, "is there already")
            names[MemoryTree.name(to)] = number
            try touchParent(of: to)
        case .removeFile(let path):
            let number = try #require(names[MemoryTree.name(path)])
            names[MemoryTree.name(path)] = nil
            #expect(files[number]?.kind != .directory)
            try touchParent(of: path)
        case .removeDirectory(let path):
            let number = try #require(names[MemoryTree.name(path)])
            names[MemoryTree.name(path)] = nil
            #expect(files[number]?.kind == .directory)
            #expect(!names.keys.contains { $0.hasPrefix(MemoryTree.name(path) + "/") }, "not empty")
            try touchParent(of: path)
        case .setOwner(.path(let path), let user, let group):
            try change(path) { ($0.ownership.user, $0.ownership.group) = (user, group) }
        case .setMode(.path(let path), let mode): try change(path) { $0.ownership.mode = mode }
        case .setTimes(.path(let path), let times): try change(path) { $0.times = times }
        case .setAttribute(.path(let path), let name, let value): try change(path) { $0.attributes[name] = value }
        case .removeAttribute(.path(let path), let name):
            try change(path) { #expect($0.attributes.removeValue(forKey: name) != nil) }
        default: Issue.record("\(operation)")
        }
    }

    mutating func change(_ path: VolumePath, _ body: (inout File) -> Void) throws {
        let number = try #require(names[MemoryTree.name(path)])
        body(&files[number]!)
    }

    private mutating func make(
        _ path: VolumePath, _ kind: VolumeEntry.Kind, _ ownership: FileOperation.Ownership
    ) throws {
        #expect(names[MemoryTree.name(path)] == nil, "is there already")
        add(MemoryTree.name(path), File(kind: kind, ownership: ownership, times: MemoryTree.times(-1)))
        try touchParent(of: path)
    }

    /// Only where the owner may change it.
    private mutating func touchParent(of path: VolumePath) throws {
        try change(try #require(path.parent)) { parent in
            #expect(parent.ownership.mode & 0o700 == 0o700, "\(path)")
            parent.times = MemoryTree.times(-1)
        }
    }

    /// Whether the two show the same to whoever looks, hard links included.
    func isSame(as other: MemoryTree) -> Bool {
        guard Set(names.keys) == Set(other.names.keys) else { return false }
        for (name, number) in names {
            let otherNumber = other.names[name]!
            if files[number] != other.files[otherNumber] { return false }
            let (left, right) = (names.filter { $0.value == number }, other.names.filter { $0.value == otherNumber })
            if Set(left.keys) != Set(right.keys) { return false }
        }
        return true
    }
}

/// From any tree to any other.
@Suite("making one volume the same as another")
struct VolumePlanTests {
    private static func random(_ generator: inout SeededGenerator) -> MemoryTree {
        var tree = MemoryTree()
        for _ in 0..<generator.below(25) {
            let directories = tree.names.filter { tree.files[$0.value]!.kind == .directory }.keys.sorted()
            let parent = directories[generator.below(directories.count)]
            let name = (parent.isEmpty ? "" : parent + "/") + ["a", "b", "c", "a-b", "a.b"][generator.below(5)]
            if tree.names[name] != nil { continue }
            let kind: VolumeEntry.Kind
            switch generator.below(6) {
            case 0, 1: kind = .directory
            case 2, 3: kind = .regular(byteCount: UInt64(generator.below(3)))
            case 4: kind = .symbolicLink(target: Array("target\(generator.below(2))".utf8))
            default: kind = .node(0o010000, device: 0)
            }
            var file = MemoryTree.File(
                kind: kind, ownership: MemoryTree.ownership(generator.below(2) == 0 ? 0o644 : 0o4755),
                times: MemoryTree.times(Int64(generator.below(3))))
            if case .symbolicLink = kind { file.ownership.mode = 0o777 }
            if case .regular = kind { file.content = generator.below(3) }
            if generator.below(4) == 0 { file.attributes[Array("user.x".utf8)] = [UInt8(generator.below(2))] }
            let files = tree.names.filter { tree.files[$0.value]!.kind != .directory }.keys.sorted()
            if kind != .directory, !files.isEmpty, generator.below(3) == 0 {
                tree.names[name] = tree.names[files[generator.below(files.count)]]
            } else {
                tree.add(name, file)
            }
        }
        return tree
    }

    @Test("random trees", arguments: 0..<400)
    func random(_ number: Int) throws {
        var generator = SeededGenerator(seed: TestEnvironment.seed &+ UInt64(number))
        let wanted = Self.random(&generator)
        var tree = number % 4 == 0 ? wanted : Self.random(&generator)
        let found = tree.entries(inodeOffset: 1000).shuffled(using: &generator)
        let plan = VolumePlan(from: wanted.entries(inodeOffset: 0).shuffled(using: &generator), to: found)
        for operation in plan.names { try tree.apply(operation) }
        var written: Set<VolumePath> = []
        for entry in plan.filled + plan.compared.map(\.entry) {
            let source = wanted.files[wanted.names[String(decoding: entry.path.relative, as: UTF8.self)]!]!
            try tree.change(entry.path) { file in
                if file.content != source.content || file.kind != source.kind {
                    file.content = source.content
                    file.kind = source.kind
                    file.times = MemoryTree.times(-1)
                    written.insert(entry.path)
                }
            }
        }
        let attributes = plan.attributes(written: written)
        for operation in attributes { try tree.apply(operation) }
        #expect(tree.isSame(as: wanted), "seed \(TestEnvironment.seed)")
        // What is the same is left alone.
        if number % 4 == 0 { #expect(plan.names.isEmpty && plan.filled.isEmpty && attributes.isEmpty) }
    }

    @Test("a file with a name outside the volume is made anew: what is outside stays")
    func linkedOutside() {
        var tree = MemoryTree()
        tree.add(
            "file",
            MemoryTree.File(
                kind: .regular(byteCount: 1), ownership: MemoryTree.ownership(0o644), times: MemoryTree.times(1)))
        var found = tree.entries(inodeOffset: 0)
        for index in found.indices where !found[index].isDirectory { found[index].linkCount = 2 }
        let plan = VolumePlan(from: tree.entries(inodeOffset: 0), to: found)
        let path = MemoryTree.path("file")
        let ownership = MemoryTree.ownership(0o600)
        #expect(plan.names == [.removeFile(path), .createFile(path, ownership)])
    }

    @Test("capabilities are set again on a file that was written to")
    func capabilities() {
        let name = Array("security.capability".utf8)
        var tree = MemoryTree()
        var file = MemoryTree.File(
            kind: .regular(byteCount: 1), ownership: MemoryTree.ownership(0o755), times: MemoryTree.times(1))
        file.attributes[name] = [1]
        tree.add("file", file)
        let path = MemoryTree.path("file")
        let plan = VolumePlan(from: tree.entries(inodeOffset: 0), to: tree.entries(inodeOffset: 9))
        #expect(plan.attributes(written: []).isEmpty)
        #expect(plan.attributes(written: [path]).contains(.setAttribute(.path(path), name: name, value: [1])))
    }

    @Test("entries come back from their bytes, and damaged ones do not")
    func coding() throws {
        var generator = SeededGenerator(seed: TestEnvironment.seed)
        let entries = Self.random(&generator).entries(inodeOffset: 5)
        var writer = RecordWriter()
        for entry in entries { entry.write(to: &writer) }
        var reader = RecordReader(writer.bytes)
        for entry in entries { #expect(try VolumeEntry(from: &reader) == entry) }
        try reader.finish()
        for _ in 0..<2000 {
            var bytes = writer.bytes
            if !bytes.isEmpty { bytes[generator.below(bytes.count)] ^= UInt8(1 << generator.below(8)) }
            var damaged = RecordReader(Array(bytes.prefix(generator.below(bytes.count + 1))))
            while damaged.remaining > 0, (try? VolumeEntry(from: &damaged)) != nil {}
        }
    }
}
