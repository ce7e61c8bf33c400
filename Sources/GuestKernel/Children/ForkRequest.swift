import Glibc

/// What fork, vfork, clone and clone3 come to where they start a process.
struct ForkRequest: Sendable {
    /// 0 for where the parent's is.
    var stackPointer: UInt64 = 0
    var exitSignal = SIGCHLD
    /// The parent waits until the child has another program, or has ended.
    var holdsParent = false
    /// The child's memory is the parent's until then.
    var sharesMemory = false
    /// CLONE_CLEAR_SIGHAND: the parent's handlers are not the child's.
    var clearsHandlers = false
    var tls: UInt64?
    /// Where the child's pid is stored in the parent's memory and in the child's, and cleared at its end; 0 for
    /// nowhere.
    var parentTid: UInt64 = 0
    var childTid: UInt64 = 0
    var clearedTid: UInt64 = 0
}
