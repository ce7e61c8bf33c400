import Foundation
import TestSupport

/// A volume, and where a mirror on the same machine keeps its own copy of it.
struct VolumePair: Sendable {
    /// Where the guest, and the primary, know the volume.
    let volume: String
    /// The mirror's `--volume-root`.
    let root: String
    /// Where the volume is on the mirror.
    var mirrored: String { root + volume }

    /// Two empty directories, in one of a test's own.
    init(in scratch: ScratchDirectory) throws {
        volume = try scratch.makeDirectory("volume")
        root = try scratch.makeDirectory("mirror")
    }

    /// After both sides ended: the mirror's copy becomes what is replicated, and what was it is where the new mirror
    /// looks for its copy.
    init(swapping old: VolumePair, in scratch: ScratchDirectory) throws {
        volume = old.mirrored
        root = try scratch.makeDirectory("former-primary")
        let place = URL(fileURLWithPath: root + volume)
        let above = place.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: above, withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: URL(fileURLWithPath: old.volume), to: place)
    }

    /// The same options with this volume.
    func options(_ options: ReplicationOptions = ReplicationOptions()) -> ReplicationOptions {
        var options = options
        options.unreplicatedPaths = []
        options.primaryWords += ["--volume", volume]
        options.mirrorWords += ["--volume-root", root]
        return options
    }

    /// The guest program that knows what should be in the volume.
    static func model(_ arguments: [String]) throws -> Command {
        guard let path = Linkage.dynamic.path(of: "volume_model") else { throw TestFailure("run make guests") }
        return Command(path, arguments)
    }

    /// One line for all that a program can see of a tree.
    static func digest(of directory: String) async throws -> String {
        let outcome = try await model(["digest", directory]).run()
        guard outcome.ending == .exited(0) else { throw TestFailure("no digest of \(directory)", outcome) }
        return outcome.outputText
    }

    /// Throws unless the two sides' trees are the same.
    func requireEqual() async throws {
        let (left, right) = (try await VolumePair.digest(of: volume), try await VolumePair.digest(of: mirrored))
        if left != right { throw TestFailure("\(volume) and \(mirrored) differ") }
    }
}
