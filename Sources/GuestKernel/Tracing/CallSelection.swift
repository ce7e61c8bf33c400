/// A set of syscalls by number, as a flat bitmap that can lie in shared memory.
public struct CallSelection: Sendable, BitwiseCopyable {
    /// One more than the highest number that is told apart.
    public static let count = 512
    /// The last bit stands for every number that is not below it, and for negative ones: a guest may call anything.
    private static let otherNumbers = count - 1

    private var words: InlineArray<8, UInt64>

    private init(repeating word: UInt64) {
        words = InlineArray(repeating: word)
    }

    public static let all = CallSelection(repeating: .max)
    public static let none = CallSelection(repeating: 0)

    @inline(__always)
    public func contains(_ number: Int) -> Bool {
        let place = CallSelection.place(of: number)
        return words[place >> 6] >> UInt64(place & 63) & 1 != 0
    }

    public mutating func insert(_ number: Int) {
        let place = CallSelection.place(of: number)
        words[place >> 6] |= 1 << UInt64(place & 63)
    }

    public mutating func formUnion(_ other: CallSelection) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    public func intersection(_ other: CallSelection) -> CallSelection {
        var result = self
        for index in words.indices { result.words[index] &= other.words[index] }
        return result
    }

    /// All that is not in it.
    public var complement: CallSelection {
        var result = self
        for index in words.indices { result.words[index] = ~words[index] }
        return result
    }

    public var isEmpty: Bool { self == .none }

    /// The place of a number, below `count`, in what is kept by number; the last is shared by all that have none.
    @inline(__always)
    public static func place(of number: Int) -> Int {
        number >= 0 && number < otherNumbers ? number : otherNumbers
    }
}

extension CallSelection: Equatable {
    public static func == (one: CallSelection, other: CallSelection) -> Bool {
        one.words.indices.allSatisfy { one.words[$0] == other.words[$0] }
    }
}
