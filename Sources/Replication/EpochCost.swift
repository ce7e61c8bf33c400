/// What one epoch cost, for `AutomaticInterval`. In nanoseconds.
public struct EpochCost: Equatable, Sendable {
    /// For so long the guest stood still.
    public var pause: UInt64
    /// Processor time after that: encoding.
    public var encoding: UInt64
    /// The time until the link had taken all of it.
    public var sending: UInt64

    public init(pause: UInt64, encoding: UInt64, sending: UInt64) {
        self.pause = pause
        self.encoding = encoding
        self.sending = sending
    }
}
