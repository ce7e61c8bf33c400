import Foundation
import TestSupport
import Testing

/// What stands behind a guest's descriptors, on the other side of a takeover.
@Suite("objects after a takeover", .startsGuests)
struct ObjectTakeoverTests {
    private static let script = TestEnvironment.packageRoot + "/Tests/TakeoverTests/scripts/objects.py"

    @Test("one of each is as it was, and connections are reset", arguments: Tracker.allCases)
    func oneOfEach(_ tracker: Tracker) async throws {
        try await ScratchDirectory.with { scratch in
            let command = Command("/usr/bin/python3", [Self.script, scratch.path])
            let said = try await LocalMirror.with(command, ["--tracker", tracker.rawValue]) { local in
                try await local.shell.waitForOutput("ready")
                // Its first output is out, so that all before it is committed; the time is for what came with it.
                try await Task.sleep(nanoseconds: 100_000_000)
                kill(local.primary, SIGKILL)
                try await local.shell.waitForErrors(ReplicatedGuest.takeoverLine)
                try scratch.write("go", [])
                return try await local.finish()
            }
            let lines = said.output.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
            guard lines.last == "done", lines.contains("ok epoll"), !lines.contains(where: { $0.hasPrefix("wrong:") })
            else { throw TestFailure("not everything is as it was", said) }
        }
    }
}
