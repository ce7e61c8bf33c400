import Foundation
import TestSupport
import Testing

/// Pages that travel as differences to what the mirror has, in all the ways that there are.
@Suite("pages as differences", .startsGuests)
struct DeltaTakeoverTests {
    /// What `--compress` takes, and the codings that it may use.
    private static let codings: [String: Set<String>] = [
        "auto": ["zero", "raw", "lz4", "unchanged", "rle", "xor_rle", "xor_lz4"], "off": ["zero", "raw"],
        "lz4": ["zero", "raw", "lz4"], "xor-rle": ["zero", "raw", "unchanged", "rle", "xor_rle"],
        "xor-lz4": ["zero", "raw", "unchanged", "lz4", "xor_lz4"],
    ]

    /// Writes to pages here and there, says what they come to, and does so again. With a file's name, it does not come
    /// to its end before there is one: the test may take its time with the takeover.
    private static let writer = """
        import os
        import random
        import sys
        import time
        import zlib
        random.seed(7)
        kept = bytearray(random.randbytes(2 << 20))
        empty = bytearray(2 << 20)
        for round in range(150):
            for place in range(round % 7, len(kept), 40961):
                kept[place] ^= round + 1
                empty[place] = round
            kept[:8192] = random.randbytes(8192) if round % 2 else kept[1:8193]
            print(round, zlib.crc32(kept), zlib.crc32(empty), flush=True)
            time.sleep(0.002)
            while round == 140 and sys.argv[1:] and not os.path.exists(sys.argv[1]):
                time.sleep(0.01)
        """

    @Test("the guest's memory is right after a takeover", arguments: codings.keys.sorted(), ["0", "64K", "128M"])
    func takeover(_ compression: String, _ cache: String) async throws {
        let native = try await NativeRuns.shared.outcome(
            of: Command("/usr/bin/python3", ["-c", DeltaTakeoverTests.writer]))
        var generator = SeededGenerator(seed: TestEnvironment.seed &+ UInt64(compression.utf8.count))
        let line = 5 + generator.below(120)
        var options = ReplicationOptions(tracker: .taking(turn: generator.below(2)))
        options.epoch = "2ms"
        options.primaryWords = ["--compress", compression, "--delta-cache", cache]
        let outcome = try await ScratchDirectory.with { scratch in
            let mayEnd = scratch.file("may-end")
            let command = Command("/usr/bin/python3", ["-c", DeltaTakeoverTests.writer, mayEnd])
            return try await ReplicatedGuest.with(command, options) { guest in
                try await guest.waitUntilProtected()
                try await guest.primary.waitForOutput("\n\(line) ")
                guest.killPrimary()
                try scratch.write("may-end", text: "")
                return try await guest.waitForEnd()
            }
        }
        try #require(outcome.didTakeOver, "\(outcome)")
        try outcome.requireSame(as: native)
    }

    @Test("the report says how pages were encoded", arguments: codings.keys.sorted())
    func report(_ compression: String) async throws {
        try await ScratchDirectory.with { scratch in
            let command = Command("/usr/bin/python3", ["-c", DeltaTakeoverTests.writer, scratch.file("may-end")])
            var options = ReplicationOptions()
            options.epoch = "2ms"
            let file = scratch.file("report.json")
            options.primaryWords = ["--compress", compression, "--delta-cache", "1M", "--report", file]
            let outcome = try await ReplicatedGuest.with(command, options) { guest in
                try await guest.waitUntilProtected()
                try scratch.write("may-end", text: "")
                return try await guest.waitForEnd()
            }
            try #require(outcome.primary.ending == .exited(0), "\(outcome)")
            let json = try JSONSerialization.jsonObject(with: Data(scratch.read("report.json"))) as? [String: Any]
            let replication = try #require(json?["replication"] as? [String: Any])
            for name in ["page_encoding", "first_epoch_page_encoding"] {
                let encoding = try #require(replication[name] as? [String: Any])
                let used = try #require(encoding["codings"] as? [String: [String: Int]])
                let pages = used.values.reduce(0) { $0 + ($1["pages"] ?? 0) }
                let bytes = used.values.reduce(0) { $0 + ($1["bytes"] ?? 0) }
                #expect(pages > 0 && encoding["pages"] as? Int == pages && encoding["encoded_bytes"] as? Int == bytes)
                #expect(encoding["raw_bytes"] as? Int == 4096 * pages)
                #expect(bytes <= pages * (4096 + 16))
                let names = Set(used.filter { $0.value["pages"] != 0 }.keys)
                #expect(names.isSubset(of: DeltaTakeoverTests.codings[compression] ?? []), "\(names)")
            }
            let encoding = try #require(replication["page_encoding"] as? [String: Any])
            let hits = try #require(encoding["cache_hits"] as? Int)
            #expect((hits > 0) == !["off", "lz4"].contains(compression), "\(encoding)")
            let evictions = try #require(encoding["cache_evictions"] as? Int)
            #expect((evictions > 0) == (hits > 0), "\(encoding)")
        }
    }

    /// Says where two pages of its own are, and then writes to the one or the other whenever it is told to.
    private static let told = """
        import ctypes
        kept = ctypes.create_string_buffer(bytes(range(1, 256)) * 64)
        page = (ctypes.addressof(kept) + 4095) // 4096 * 4096
        print("page", page, flush=True)
        for line in open(0):
            place, value = map(int, line.split())
            ctypes.memset(page + 4096 * place + 100, value, 1)
            print("wrote", value, flush=True)
        """

    @Test("a difference to something that the mirror does not have: refused, and the guest goes on without it")
    func otherBase() async throws {
        var command = Command("/usr/bin/python3", ["-c", DeltaTakeoverTests.told])
        command.input = .held
        try await ReplicatedGuest.with(command) { guest in
            try await guest.waitUntilProtected()
            try await guest.primary.waitForOutput("page ")
            let text = guest.primary.outputText.split(separator: "\n").first?.split(separator: " ").last
            let page = try #require(text.flatMap { UInt64($0) })
            // What is said was held until its epoch was acknowledged; it is applied before the next is received.
            for (value, place) in [0, 1, 1].enumerated() {
                guest.primary.send(text: "\(place) \(value + 1)\n")
                try await guest.primary.waitForOutput("wrote \(value + 1)\n")
            }
            try DeltaTakeoverTests.damage(guest.mirror, at: page + 3000)
            guest.primary.send(text: "0 4\n")
            try await guest.waitUntilUnprotected()
            try await guest.primary.waitForOutput("wrote 4\n")
            try #require(guest.primary.errorText.contains("as a difference to something else"))
            guest.primary.closeInput()
            let outcome = try await guest.waitForEnd()
            try #require(outcome.primary.ending == .exited(0), "\(outcome)")
            try #require(!outcome.didTakeOver, "\(outcome)")
        }
    }

    /// Changes a byte in a process.
    private static func damage(_ process: RunningCommand, at address: UInt64) throws {
        let memory = open("/proc/\(process.pid)/mem", O_RDWR | O_CLOEXEC)
        defer { close(memory) }
        var byte: UInt8 = 0
        try #require(pread(memory, &byte, 1, off_t(address)) == 1)
        byte ^= 0x80
        try #require(pwrite(memory, &byte, 1, off_t(address)) == 1)
    }
}
