import CMeasurement
import Glibc

/// The guests that are measured: small programs inside this executable, so that measuring needs no compiler.
public enum MeasurementGuest {
    /// The first word of a command line that runs one; nothing for people.
    public static let commandName = "bench-guest"

    /// Does what the words say, and returns the exit status.
    public static func run(_ words: [String]) -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        return measurement_guest(Int32(words.count), &arguments)
    }
}
