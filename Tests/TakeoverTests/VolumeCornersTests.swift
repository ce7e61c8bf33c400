import TestSupport
import Testing

/// Changes to a volume that come by odd ways (guest-examples/volume_corners.c), and those that a replicated volume
/// has to refuse.
@Suite("odd ways to change a volume", .startsGuests)
struct VolumeCornersTests {
    private static func run(_ command: Command, in pair: VolumePair) async throws -> ReplicatedOutcome {
        let outcome = try await ReplicatedGuest.with(command, pair.options()) { try await $0.waitForEnd() }
        guard outcome.primary.ending == .exited(0), outcome.mirror.ending == .exited(0), !outcome.didTakeOver else {
            throw TestFailure("not the end of a mirror that was not needed\n\(outcome)")
        }
        return outcome
    }

    @Test("the mirror follows all of them", arguments: [Linkage.static, .dynamic])
    func followed(_ linkage: Linkage) async throws {
        let program = try #require(linkage.path(of: "volume_corners"), "run make guests")
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let outcome = try await VolumeCornersTests.run(Command(program, [pair.volume]), in: pair)
            try outcome.requireNoTrouble()
            guard outcome.primary.outputText.hasSuffix("volume_corners: ok\n") else {
                throw TestFailure("not ok: \(outcome)")
            }
            try await pair.requireEqual()
            let capabilities = try await VolumeCornersTests.capabilities(pair.volume)
            #expect(try await VolumeCornersTests.capabilities(pair.mirrored) == capabilities)
        }
    }

    /// Which the digest leaves out.
    private static func capabilities(_ directory: String) async throws -> String {
        let script = """
            import os
            import sys
            path = sys.argv[1] + "/trusted"
            print([(name, os.getxattr(path, name)) for name in os.listxattr(path) if name == "security.capability"])
            """
        return try await Command("/usr/bin/python3", ["-c", script, directory]).run().outputText
    }

    /// What a mirror could not follow, or would let the guest write where no mirror has a copy.
    private static let refused = """
        import os
        import sys
        volume, outside = sys.argv[1:]
        \(GuestScript.tell)
        def make(path):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        tell("remove the volume", lambda: os.rmdir(volume))
        tell("rename the volume", lambda: os.rename(volume, volume))
        os.symlink(outside + "/made", volume + "/link")
        tell("a link to nothing outside", lambda: make(volume + "/link"))
        there = os.open(outside + "/there", os.O_RDONLY)
        tell("open again", lambda: os.open("/proc/self/fd/%d" % there, os.O_WRONLY | os.O_TRUNC))
        os.symlink("/proc/self/fd/%d" % os.open(outside, os.O_RDONLY), volume + "/door")
        tell("a link to a descriptor", lambda: make(volume + "/door/made"))
        os.chdir(volume)
        name = "d" * 250
        for depth in range(20):
            try:
                os.mkdir(name)
                os.chdir(name)
            except OSError as error:
                print("too deep", error.strerror, flush=True)
                break
        tell("a file too deep", lambda: make(name))
        """

    @Test("what it cannot follow is refused")
    func refused() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let outside = try scratch.makeDirectory("outside")
            try scratch.write("outside/there", text: "as it was")
            let before = try await VolumePair.digest(of: outside)
            let guest = Command("/usr/bin/python3", ["-c", VolumeCornersTests.refused, pair.volume, outside])
            let outcome = try await VolumeCornersTests.run(guest, in: pair)
            #expect(
                outcome.primary.outputText == """
                    remove the volume Device or resource busy
                    rename the volume Device or resource busy
                    a link to nothing outside Read-only file system
                    open again Read-only file system
                    a link to a descriptor Read-only file system
                    too deep File name too long
                    a file too deep File name too long

                    """, "\(outcome)")
            #expect(try await VolumePair.digest(of: outside) == before)
            try await pair.requireEqual()
        }
    }
}
