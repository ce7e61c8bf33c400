/// The six arguments of a syscall, as the registers held them.
public struct SyscallArguments: Sendable, BitwiseCopyable {
    public var a, b, c, d, e, f: UInt64

    @inlinable
    public init(a: UInt64, b: UInt64, c: UInt64, d: UInt64, e: UInt64, f: UInt64) {
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
    }

    @inlinable
    public subscript(index: Int) -> UInt64 {
        get {
            switch index {
            case 0: return a
            case 1: return b
            case 2: return c
            case 3: return d
            case 4: return e
            default: return f
            }
        }
        set {
            switch index {
            case 0: a = newValue
            case 1: b = newValue
            case 2: c = newValue
            case 3: d = newValue
            case 4: e = newValue
            default: f = newValue
            }
        }
    }

    /// The lower half of an argument, which is all the kernel takes of an `int`.
    @inlinable
    public func int(_ index: Int) -> Int32 {
        Int32(truncatingIfNeeded: self[index])
    }
}
