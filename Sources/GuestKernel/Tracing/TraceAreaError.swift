/// Shared memory for a trace could not be had.
public struct TraceAreaError: Error {
    public let errno: Int32

    public init(errno: Int32) {
        self.errno = errno
    }

    /// A host call's result, or the error that it is.
    static func check(_ result: Int) throws(TraceAreaError) -> Int {
        if result < 0 { throw TraceAreaError(errno: Int32(-result)) }
        return result
    }
}
