import GuestMemory
import SyscallShapes

/// The six arguments of a syscall, as the registers held them.
public typealias SyscallArguments = SyscallShapes.SyscallArguments

/// What an argument means.
public typealias ArgumentKind = SyscallShapes.ArgumentKind

/// How a call is done.
public enum SyscallClass: UInt8, Sendable {
    /// By the guest's kernel itself.
    case answeredHere
    /// By the host's kernel, with descriptors, paths and pointers translated.
    case passedOn
    /// By the guest's kernel, and it may block: written in two halves.
    case mayWait
    /// Not at all: a clean error.
    case refused
}

/// How much of a call's behaviour is there.
public enum SupportLevel: UInt8, Sendable, CaseIterable {
    case full
    case partial
    case none
}

/// A call's implementation: the result, or a negative errno (or one of `Restart`).
public typealias SyscallHandler = @Sendable (GuestThread, SyscallArguments) -> Int

/// One row of the syscall table.
public struct Syscall: Sendable {
    public var number: Int
    public var name: String
    public var arguments: [ArgumentKind]
    public var result: ResultKind
    public var callClass: SyscallClass
    public var support: SupportLevel
    public var note: String
    /// Nil for a call that is passed on by its argument kinds alone, or is refused.
    public var handler: SyscallHandler?
    /// What a refused call returns.
    public var refusal: Int32
    /// What the user is told once when a guest makes the call in vain; nil for nothing.
    public var refusalReport: String?

    public init(
        _ number: Int, _ name: String, _ arguments: ArgumentKind..., returns result: ResultKind = .number,
        callClass: SyscallClass = .answeredHere, support: SupportLevel = .full, note: String = "",
        refusal: Int32 = 0, handler: SyscallHandler? = nil
    ) {
        self.number = number
        self.name = name
        self.arguments = arguments
        self.result = result
        self.callClass = callClass
        self.support = support
        self.note = note
        self.refusal = refusal
        self.handler = handler
    }
}
