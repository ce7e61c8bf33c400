import Glibc

extension IOVectors {
    /// Does `act` with the I/O vectors of the first bytes only, at most `byteCountMax`.
    @inline(__always)
    func withPiece(_ byteCountMax: Int, _ act: (UnsafeMutablePointer<iovec>, Int) -> Int) -> Int {
        var left = byteCountMax
        var whole = 0
        while whole < count, base[whole].iov_len <= left {
            left -= base[whole].iov_len
            whole += 1
        }
        if whole == count || left == 0 { return act(base, whole) }
        let length = base[whole].iov_len
        base[whole].iov_len = left
        let result = act(base, whole + 1)
        base[whole].iov_len = length
        return result
    }
}
