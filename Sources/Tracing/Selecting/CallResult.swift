/// What a result says.
enum CallResult {
    /// The highest errno that a result can stand for, as in Linux.
    private static let errnoMax = 4095

    @inline(__always)
    static func isError(_ result: Int) -> Bool {
        result < 0 && result >= -errnoMax
    }
}
