import Foundation
import TestSupport
import Testing

/// What a mirror does to its copy of a volume before it protects a guest.
@Suite("a volume's first copy", .startsGuests)
struct VolumeStartTests {
    /// Something of every kind: by a seed, so that two of them can be the same.
    private static func fill(_ directory: String, seed: Int) async throws {
        let command = try VolumePair.model([directory, String(seed), "3", "keep"])
        let outcome = try await command.run()
        guard outcome.ending == .exited(0) else { throw TestFailure("not filled", outcome) }
    }

    /// A guest that changes nothing, and is protected for a moment.
    private static func protect(_ pair: VolumePair) async throws -> ReplicatedOutcome {
        let outcome = try await ReplicatedGuest.with(Command("/bin/sleep", ["0.3"]), pair.options()) { guest in
            try await guest.waitUntilProtected()
            return try await guest.waitForEnd()
        }
        try outcome.requireNoTrouble()
        guard outcome.mirror.ending == .exited(0) else { throw TestFailure("the mirror's end: \(outcome)") }
        return outcome
    }

    @Test("an empty copy becomes the volume", arguments: 1...3)
    func empty(_ seed: Int) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            try await Self.fill(pair.volume, seed: seed)
            let before = try await VolumePair.digest(of: pair.volume)
            _ = try await Self.protect(pair)
            try await pair.requireEqual()
            #expect(try await VolumePair.digest(of: pair.volume) == before)
        }
    }

    @Test("another copy becomes the volume, whatever was there", arguments: 1...3)
    func different(_ seed: Int) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            try FileManager.default.createDirectory(atPath: pair.mirrored, withIntermediateDirectories: true)
            try await Self.fill(pair.volume, seed: seed)
            try await Self.fill(pair.mirrored, seed: seed + 100)
            _ = try await Self.protect(pair)
            try await pair.requireEqual()
        }
    }

    @Test("what is the same stays, what differs is changed, what is too much goes")
    func differencesOnly() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let volume = ScratchDirectory(path: pair.volume)
            try volume.makeDirectory("kept/inner")
            try volume.write("kept/large", (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 251) })
            try volume.write("kept/inner/small", text: "as it was")
            try volume.write("changed", text: "before")
            let above = URL(fileURLWithPath: pair.mirrored).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: above, withIntermediateDirectories: true)
            let copy = try await Command("/bin/cp", ["-a", pair.volume, above]).run()
            guard copy.ending == .exited(0) else { throw TestFailure("not copied", copy) }
            let mirrored = ScratchDirectory(path: pair.mirrored)
            try mirrored.makeDirectory("too much/inner")
            try mirrored.write("too much/inner/file", text: "not in the volume")
            try volume.write("changed", text: "after!")
            let kept = ["kept/large", "kept/inner/small"]
            let before = try kept.map { try Self.changeTime(mirrored.file($0)) }

            _ = try await Self.protect(pair)
            try await Self.requireSame(pair)
            // Nothing that is done to a file leaves this time alone.
            #expect(try kept.map { try Self.changeTime(mirrored.file($0)) } == before)
        }
    }

    private static func changeTime(_ path: String) throws -> [Int] {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw TestFailure("no \(path)") }
        return [Int(status.st_ino), status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }

    @Test(
        "killed before all of it was there: no takeover, and the next primary finds the mirror ready", arguments: 0..<4)
    func interrupted(_ number: Int) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            try Self.fillWithNoise(ScratchDirectory(path: pair.volume))
            var generator = SeededGenerator(seed: TestEnvironment.seed &+ UInt64(number))
            let delay = UInt64(generator.below(150_000)) * 1000
            let port = try FreePort.any()
            let options = pair.options()
            try await ReplicatedGuest.withMirror(at: "127.0.0.1:\(port)", options) { mirror in
                let guest = Command("/bin/sleep", ["1"])
                try await options.primary(guest, mirroredAt: "127.0.0.1:\(port)").running { primary in
                    try await Task.sleep(nanoseconds: delay)
                    primary.send(signal: SIGKILL)
                    _ = try await primary.waitForEnd()
                }
                try await Task.sleep(nanoseconds: 100_000_000)
                // One that has the first epoch has the volume as well.
                if mirror.errorText.contains(ReplicatedGuest.takeoverLine) { return try await Self.requireSame(pair) }
                let again = options.primary(guest, mirroredAt: "127.0.0.1:\(port)")
                guard try await Self.protectAgain(again, by: mirror) else { return }
                try await Self.requireSame(pair)
                let outcome = try await mirror.waitForEnd()
                guard outcome.ending == .exited(0), Understudy.trouble(in: outcome.errorText) == nil else {
                    throw TestFailure("not a mirror's end", outcome)
                }
            }
        }
    }

    /// Runs a primary, as soon as the mirror has noticed that the former one is gone. False where that one had begun
    /// with its first epoch: then the mirror ends.
    private static func protectAgain(_ primary: Command, by mirror: RunningCommand) async throws -> Bool {
        let deadline = Date(timeIntervalSinceNow: 30)
        while true {
            let outcome = try await primary.run()
            if outcome.errorText.contains(ReplicatedGuest.protectedLine) { return true }
            if mirror.errorText.contains("first epoch was whole") { return false }
            guard outcome.errorText.contains("this mirror has a primary already"), Date() < deadline else {
                throw TestFailure("not protected", outcome)
            }
            try await Task.sleep(nanoseconds: 50_000_000)
        }
    }

    private static func fillWithNoise(_ directory: ScratchDirectory) throws {
        for file in 0..<6 {
            var generator = SeededGenerator(seed: UInt64(file))
            var bytes: [UInt8] = []
            bytes.reserveCapacity(4 << 20)
            while bytes.count < 4 << 20 { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
            try directory.write("file\(file)", bytes)
        }
    }

    /// What a program can make of the edges: holes, hard links, attributes, names that are no text.
    @Test("holes, hard links, many files and strange names come across, and what differs in them is found")
    func edges() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let script = """
                cd "$1" && truncate -s 3G sparse
                printf x | dd of=sparse bs=1 seek=2000000000 conv=notrunc status=none
                mkdir many && for n in $(seq 3000); do echo "$n" >many/$n; done
                ln many/1 linked && ln many/1 many/again && mkfifo fifo && ln -s nowhere dangling
                printf 'name' >"$(printf 'b\\377d\\nname')" && mkdir -m 555 closed && chmod 4711 many/2
                head -c 300000 /dev/zero >zeros && head -c 200001 /dev/urandom >odd && touch -d 1969-12-31 old
                """
            let made = try await Command("/bin/bash", ["-ec", script, "sh", pair.volume]).run()
            guard made.ending == .exited(0) else { throw TestFailure("not made", made) }
            _ = try await Self.protect(pair)
            try await Self.requireSame(pair)
            let change = """
                cd "$1" && rm linked many/again && cp many/1 linked
                printf y | dd of=sparse bs=1 seek=5 conv=notrunc status=none
                rm -r many/3* fifo && mkdir fifo && rm dangling && echo file >dangling && truncate -s 100 odd
                head -c 100000 /dev/urandom >zeros && ln many/2 closed/two && rm many/2
                """
            let changed = try await Command("/bin/bash", ["-ec", change, "sh", pair.mirrored]).run()
            guard changed.ending == .exited(0) else { throw TestFailure("not changed", changed) }
            _ = try await Self.protect(pair)
            try await Self.requireSame(pair)
        }
    }

    /// All that tar(1) knows of two trees, and how much room they take.
    private static func requireSame(_ pair: VolumePair) async throws {
        let script = """
            cd "$1"
            find . -type d -printf '%P %y %m %U %G %n %T@\\n' -o -printf '%P %y %m %U %G %s %n %l %T@\\n' | sort
            find . -type f -size -20M | sort | xargs -d '\\n' cksum
            [ ! -e sparse ] || dd if=sparse bs=1M count=64 status=none | cksum
            du -s --block-size=8M .
            """
        var said: [String] = []
        for directory in [pair.volume, pair.mirrored] {
            let outcome = try await Command("/bin/bash", ["-c", script, "sh", directory]).run()
            said.append(outcome.outputText)
        }
        let (left, right) = (said[0].split(separator: "\n"), said[1].split(separator: "\n"))
        for (one, other) in zip(left, right) where one != other { Issue.record("\(one)\n\(other)") }
        #expect(left.count == right.count && left.count > 4)
    }

    @Test("a file that cannot be read is named, and the guest does not start")
    func unreadable() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            try ScratchDirectory(path: pair.volume).write("secret", text: "kept", mode: 0o000)
            chmod(scratch.path, 0o755)
            try await ReplicatedGuest.withMirror(at: "127.0.0.1:\(try FreePort.any())", pair.options()) { mirror in
                let address = String(mirror.errorText.dropFirst("understudy: listening on ".count).dropLast())
                let options = ["--mirror", address, "--volume", pair.volume]
                var command = Understudy.run(Command("/bin/echo", ["ran"]), options: options)
                if geteuid() == 0 {
                    let asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", command.program]
                    command.arguments = asNobody.map { Array($0.utf8) } + command.arguments
                    command.program = "/usr/bin/setpriv"
                }
                let outcome = try await command.run()
                #expect(outcome.ending == .exited(125) && outcome.output == [], "\(outcome)")
                let words = "cannot open \(pair.volume)/secret: permission denied"
                #expect(outcome.errorText.contains(words), "\(outcome)")
            }
        }
    }
}
