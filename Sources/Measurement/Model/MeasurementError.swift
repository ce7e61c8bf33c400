/// Why a scenario could not be measured.
public struct MeasurementError: Error, Sendable {
    /// Lower case; what was run, and what came of it.
    public let message: String

    public init(_ message: String) { self.message = message }
}
