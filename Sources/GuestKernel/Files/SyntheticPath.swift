import Glibc
import GuestMemory

/// A path that the supervisor answers itself.
struct SyntheticPath: Sendable {
    /// Makes the file's content at the time it is opened.
    var content: @Sendable (GuestKernel) -> [UInt8]

    static func find(
        _ kernel: GuestKernel, path: [UInt8], start: FileDescription?, followsLast: Bool
    ) -> Result<ResolvedPath, CallError>? {
        nil
    }
}
