import Synchronization

/// Sleeping on a word that other processes may see as well (futex(2), not private).
enum Futex {
    private static let wait = 0
    private static let wake = 1

    /// Sleeps while the word is `value`; may return early for no reason.
    static func wait(_ word: borrowing Atomic<UInt32>, while value: UInt32) {
        _ = asleep { HostSystemCall.call(HostSystemCall.futex, address(of: word), wait, Int(value), 0) }
    }

    static func wakeAll(_ word: borrowing Atomic<UInt32>) {
        _ = HostSystemCall.call(HostSystemCall.futex, address(of: word), wake, Int(Int32.max))
    }

    /// Sound: an Atomic cannot be copied, so what is borrowed is the word in its place, in a class or in shared memory
    /// (SE-0410), and it is laid out as its value.
    private static func address(of word: borrowing Atomic<UInt32>) -> Int {
        withUnsafePointer(to: word) { Int(bitPattern: $0) }
    }
}
