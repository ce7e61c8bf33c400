import Glibc
import TestSupport
import VolumeStore
import Volumes

/// Two volumes, of which the second becomes the same as the first: without a link in between.
struct FirstCopy {
    let wanted: VolumeFixture
    let copy: VolumeFixture

    static func with(_ body: (FirstCopy) throws -> Void) async throws {
        try await ScratchDirectory.with { scratch in
            // For `asOwner`.
            chmod(scratch.path, 0o711)
            let (wanted, copy) = (try scratch.makeScratch("wanted"), try scratch.makeScratch("copy"))
            try body(FirstCopy(wanted: VolumeFixture(in: wanted), copy: VolumeFixture(in: copy)))
        }
    }

    /// Files that both have are written as a whole where any of their bytes differ.
    func run(asOwner: Bool = false) throws {
        let all = Array(try wanted.survey().values)
        var bytes: [VolumePath: [UInt8]] = [:]
        for entry in all {
            guard case .regular = entry.kind else { continue }
            let name = String(decoding: entry.path.relative, as: UTF8.self)
            bytes[entry.path] = try wanted.scratch.read("volume/\(name)")
        }
        guard asOwner else { return try run(all, bytes) }
        try copy.asOwner { try run(all, bytes) }
    }

    private func run(_ all: [VolumeEntry], _ bytes: [VolumePath: [UInt8]]) throws {
        let plan = VolumePlan(from: all, to: Array(try copy.survey(asOwner: true).values))
        var operations = plan.names
        var written: Set<VolumePath> = []
        for entry in plan.filled { operations.append(.write(.path(entry.path), offset: 0, bytes[entry.path] ?? [])) }
        for (entry, _) in plan.compared {
            var file = try VolumeReader(entry.path, in: copy.store.places, asOwner: true)
            if file.byteCount > 0, try file.block(0) == bytes[entry.path] { continue }
            operations.append(.write(.path(entry.path), offset: 0, bytes[entry.path] ?? []))
            written.insert(entry.path)
        }
        operations += plan.attributes(written: written)
        try copy.store.apply(try copy.store.check(FileOperationList.encode(operations)))
    }

    /// What the two say of a file, without what can never be the same.
    func isSame(_ path: String) throws -> Bool {
        let (left, right) = (try wanted.survey()[VolumePath(path)], try copy.survey()[VolumePath(path)])
        return left?.kind == right?.kind && left?.ownership == right?.ownership && left?.attributes == right?.attributes
    }
}
