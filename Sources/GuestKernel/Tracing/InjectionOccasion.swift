/// Which of a thread's calls of one number are hit: the `first`, and every `step`th after it up to the `last`.
public struct InjectionOccasion: Sendable, BitwiseCopyable, Equatable {
    /// Counted from 1.
    public var first: UInt64
    public var last: UInt64
    /// At least 1.
    public var step: UInt64

    public init(first: UInt64, last: UInt64, step: UInt64) {
        self.first = first
        self.last = last
        self.step = step
    }

    /// Every call.
    public static let always = InjectionOccasion(first: 1, last: .max, step: 1)

    /// `count` is 1 for a thread's first call.
    public func includes(_ count: UInt64) -> Bool {
        count >= first && count <= last && (count - first) % step == 0
    }
}
