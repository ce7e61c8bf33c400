import Glibc
import GuestMemory

/// A word in memory that a child shares with its parent, by which it says that it has another program: from then on its
/// exit signal is SIGCHLD, whatever clone(2) was told (de_thread in fs/exec.c).
///
/// Sound as `@unchecked Sendable`: the word is set once and never cleared.
final class ExecutionMark: @unchecked Sendable {
    private let word: UnsafeMutablePointer<UInt32>

    /// Nil without memory.
    init?() {
        let mapped = mmap(nil, Int(pageSize), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED else { return nil }
        word = mapped.bindMemory(to: UInt32.self, capacity: 1)
    }

    deinit {
        munmap(word, Int(pageSize))
    }

    var isSet: Bool { word.pointee != 0 }

    /// In the child.
    func set() {
        word.pointee = 1
    }
}
