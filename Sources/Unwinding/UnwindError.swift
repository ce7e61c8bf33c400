/// Why a frame's caller cannot be found by the module's own description of it.
enum UnwindError: Error {
    /// Memory that the description or the stack would be in.
    case unreadable
    /// It contradicts itself, or has no end.
    case malformed
    /// Something that no program for x86-64 was seen to use.
    case unsupported
}
