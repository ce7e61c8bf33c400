import Foundation
import TestSupport
import Testing

/// A guest that writes to its files faster than the link takes it.
@Suite("files on a slow link", .startsGuests)
struct SlowLinkFilesTests {
    /// Goes on until its input ends.
    private static let writer = """
        import os
        import select
        import sys
        file = os.open(sys.argv[1] + "/file", os.O_RDWR | os.O_CREAT)
        block = os.urandom(1 << 16)
        print("ready", flush=True)
        count = 0
        while not select.select([sys.stdin], [], [], 0)[0]:
            os.pwrite(file, block, (count % 2000) << 16)
            count += 1
        print("done", flush=True)
        """

    private static let limitByteCount = 8 << 20
    /// What the guest may have done since the last cut (VolumeJournal), once as operations and once as bytes.
    private static let journalByteCount = 2 * (32 << 20)
    /// Twice the limit waits, an epoch's files are encoded, and the rest is as without files; 94 MB were seen.
    private static let growthMax = 2 * limitByteCount + journalByteCount + (32 << 20) + (24 << 20)

    @Test("the writer waits, memory stays within limits, and in the end both copies are the same")
    func slow() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            var options = pair.options(ReplicationOptions())
            options.failureTimeout = "120s"
            options.primaryWords += ["--queue-limit", "8M"]
            var command = Command("/usr/bin/python3", ["-c", Self.writer, pair.volume])
            command.input = .held
            let port = try FreePort.any()
            try await ReplicatedGuest.withMirror(at: "127.0.0.1:\(port)", options) { mirror in
                try await SlowLink.with(to: port) { link in
                    try await options.primary(command, mirroredAt: "127.0.0.1:\(link.port)").running { primary in
                        try await primary.waitForErrors(ReplicatedGuest.protectedLine)
                        try await primary.waitForOutput("ready\n")
                        try await Self.congest(link, primary, mirror)
                        link.set(.unlimited)
                        primary.closeInput()
                        let ended = try await primary.waitForEnd()
                        guard ended.outputText == "ready\ndone\n", ended.ending == .exited(0) else {
                            throw TestFailure("not the guest's end", ended)
                        }
                    }
                }
                let ended = try await mirror.waitForEnd()
                guard ended.ending == .exited(0) else { throw TestFailure("not the mirror's end", ended) }
                let words = ["-s", pair.volume + "/file", pair.mirrored + "/file"]
                #expect(try await Command("/usr/bin/cmp", words).run().ending == .exited(0))
            }
        }
    }

    private static func congest(_ link: SlowLink, _ primary: RunningCommand, _ mirror: RunningCommand) async throws {
        let sides = [("primary", primary.pid), ("mirror", mirror.pid)]
        let before = try sides.map { try SupervisorMemory.residentByteCount(of: $0.1) }
        link.set(.bytesPerSecond(1_000_000))
        let deadline = Date(timeIntervalSinceNow: 6)
        var most = [0, 0]
        while Date() < deadline {
            try await Task.sleep(nanoseconds: 50_000_000)
            for (index, (name, pid)) in sides.enumerated() {
                let growth = try SupervisorMemory.residentByteCount(of: pid) - before[index]
                most[index] = max(most[index], growth)
                guard growth <= growthMax else {
                    throw TestFailure("the \(name) has grown by \(growth) bytes, beyond \(growthMax)")
                }
            }
        }
        SoakLog.note("files on a slow link", ["primary's growth": most[0], "mirror's growth": most[1]])
    }
}
