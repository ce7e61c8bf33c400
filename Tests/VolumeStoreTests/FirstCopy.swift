import TestSupport
import VolumeStore
import Volumes

/// Two volumes, of which the second becomes the same as the first: without a link in between.
struct FirstCopy {
    let wanted: VolumeFixture
    let copy: VolumeFixture

    static func with(_ body: (FirstCopy) throws -> Void) async throws {
        try await ScratchDirectory.with { scratch in
            let (wanted, copy) = (try scratch.makeScratch("wanted"), try scratch.makeScratch("copy"))
            try body(FirstCopy(wanted: VolumeFixture(in: wanted), copy: VolumeFixture(in: copy)))
        }
    }

    func run() throws {
        let plan = VolumePlan(from: Array(try wanted.survey().values), to: Array(try copy.survey().values))
        var operations = plan.names
        let files = plan.filled + plan.compared.map(\.entry)
        for entry in files {
            let bytes = try wanted.scratch.read("volume/" + String(decoding: entry.path.relative, as: UTF8.self))
            operations.append(.write(.path(entry.path), offset: 0, bytes))
        }
        operations += plan.attributes(written: Set(files.map(\.path)))
        try copy.store.apply(try copy.store.check(FileOperationList.encode(operations)))
    }

    /// What the two say of a file, without what can never be the same.
    func isSame(_ path: String) throws -> Bool {
        let (left, right) = (try wanted.survey()[VolumePath(path)], try copy.survey()[VolumePath(path)])
        return left?.kind == right?.kind && left?.ownership == right?.ownership && left?.attributes == right?.attributes
    }
}
