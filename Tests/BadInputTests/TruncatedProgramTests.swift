import Foundation
import TestSupport
import Testing

/// Real programs whose files were cut off: turned down, or they die as natively; never is the supervisor harmed.
@Suite("truncated programs", .startsGuests)
struct TruncatedProgramTests {
    /// Where a file may be cut: near all that is special about it, and at random places.
    private static func lengths(of byteCount: Int) -> [Int] {
        var random = SeededGenerator(seed: TestEnvironment.seed)
        let special = [0, 1, 3, 4, 15, 16, 52, 63, 64, 65, 119, 120, 121, 500, 632, 1000, 4095, 4096, 4097, 8191, 8192]
        let late = [1, 100, 4096, 8192, 50_000].map { byteCount - $0 }
        return (special + late + (0..<24).map { _ in random.below(byteCount) }).filter { 0..<byteCount ~= $0 }
    }

    @Test("never harm the supervisor", arguments: [Linkage.static, .dynamic, .staticPIE])
    func truncated(_ linkage: Linkage) async throws {
        let whole = try #require(linkage.path(of: "globals"), "run make guests")
        let bytes = try #require(FileManager.default.contents(atPath: whole))
        for length in Self.lengths(of: bytes.count) {
            try await ScratchDirectory.with { scratch in
                let path = try scratch.write("cut-at-\(length)", bytes.prefix(length), mode: 0o755)
                let guest = try await Understudy.run(Command(path)).run()
                try guest.requireNoTrouble()
                if guest.ending == .exited(126) {
                    try guest.requireRefusal(126, naming: path)
                } else {
                    // Only what nobody loads is missing, or it is missed when it is touched.
                    try guest.requireSame(as: await Command(path).run())
                }
            }
        }
    }
}
