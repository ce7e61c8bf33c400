import Foundation

/// Where the tests find what they drive. `make test` says so in the environment; without it, the places where
/// `make` puts things.
public enum TestEnvironment {
    /// The package's directory.
    public static let packageRoot: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The executable under test.
    public static let understudy = variable("UNDERSTUDY") ?? packageRoot + "/.build/release/understudy"

    /// The guest programs, in directories static, dynamic and static-pie.
    public static let guests = variable("UNDERSTUDY_GUESTS") ?? packageRoot + "/.build/guests"

    /// The sources of the guest programs, and the tables of how they are run.
    public static let guestExamples = packageRoot + "/guest-examples"

    /// The seed of this whole run: the one in the environment, or a new one. Said once, on stderr.
    public static let seed: UInt64 = {
        let name = SeededGenerator.environmentVariable
        let given = variable(name).flatMap(UInt64.init)
        // Short enough to be typed again.
        let seed = given ?? UInt64.random(in: 1...999_999)
        let line = "seed of this run: \(seed); \(name)=\(seed) runs the same again\n"
        FileHandle.standardError.write(Data(line.utf8))
        return seed
    }()

    private static func variable(_ name: String) -> String? {
        let value = ProcessInfo.processInfo.environment[name]
        return value?.isEmpty == true ? nil : value
    }
}
