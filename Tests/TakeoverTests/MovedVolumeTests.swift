import Foundation
import TestSupport
import Testing

/// After a takeover the guest's volume lies below the mirror's `--volume-root`. The guest does not see that.
@Suite("a volume that lies elsewhere", .startsGuests)
struct MovedVolumeTests {
    private static func command(_ volume: String, _ words: [String] = []) -> Command {
        let script = TestEnvironment.packageRoot + "/Tests/TakeoverTests/scripts/moved.py"
        return Command("/usr/bin/python3", [script, volume] + words)
    }

    /// What lies beside the volume.
    private static func prepare(_ scratch: ScratchDirectory, volume: String) throws {
        try scratch.write("outside", text: "a file beside the volume\n")
        guard symlink(volume + "/inner", scratch.file("link-into")) == 0 else { throw TestFailure("no link") }
    }

    @Test("every way to name a file leads to the mirror's copy", arguments: [false, true])
    func paths(isAsRemote: Bool) async throws {
        let native = try await ScratchDirectory.with { scratch in
            let volume = try scratch.makeDirectory("volume")
            try Self.prepare(scratch, volume: volume)
            return try await Self.command(volume, ["native"]).run()
        }
        try #require(native.ending == .exited(0), "\(native)")
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            try Self.prepare(scratch, volume: pair.volume)
            let former = scratch.file("former")
            var options = pair.options()
            options.isAsRemote = isAsRemote
            let outcome = try await ReplicatedGuest.with(Self.command(pair.volume), options) { guest in
                try await guest.waitUntilProtected()
                try await guest.primary.waitForOutput("ready\n")
                guest.killPrimary()
                try FileManager.default.moveItem(atPath: pair.volume, toPath: former)
                return try await guest.waitForEnd()
            }
            try #require(outcome.didTakeOver, "\(outcome)")
            let left = outcome.mirror.outputText.split(separator: "\n")
            let right = native.outputText.split(separator: "\n")
            for (mirrored, native) in zip(left, right) where mirrored != native {
                Issue.record("\(mirrored)\nnatively: \(native)")
            }
            #expect(left.count == right.count && outcome.mirror.ending == .exited(0), "\(outcome)")
            #expect(FileManager.default.fileExists(atPath: former + "/inner/file"))
            #expect(!FileManager.default.fileExists(atPath: pair.mirrored + "/inner/file"))
            #expect(!FileManager.default.fileExists(atPath: pair.volume))
        }
    }
}
