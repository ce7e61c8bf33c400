import CGuestEntry
import Glibc
import GuestMemory

extension OutputEmission {
    /// A regular file that the primary was writing to, on this machine: what is there already is seen, and is not
    /// written again.
    ///
    /// Exactly once as long as nobody else writes to the file. Where another's line has come in between (two programs
    /// that append to one log), the bytes do not lie where they are looked for, and are written: never a gap.
    struct SameFile {
        private static let pieceByteCountMax = 64 << 10

        let hostFD: Int32
        private let isAppending: Bool

        /// Nil where the descriptor is of another file, or of another machine's.
        init?(_ hostFD: Int32, device: UInt64, inode: UInt64) {
            var status = stat()
            guard hostFD >= 0, fstat(hostFD, &status) == 0 else { return nil }
            guard UInt64(status.st_dev) == device, UInt64(status.st_ino) == inode else { return nil }
            self.hostFD = hostFD
            isAppending = FileOrigin.isAppending(hostFD)
        }

        /// Makes the file hold `bytes` at `offset`, and go on behind them.
        func complete(_ bytes: [UInt8], at offset: Int64) {
            guard offset >= 0 else { return append(bytes[...]) }
            let rest = bytes.dropFirst(presentByteCount(of: bytes, at: offset))
            if isAppending { return append(rest) }
            // Its position may be the primary's own, or one that this process has for itself.
            hostCall(__NR_lseek, UInt64(signed: hostFD), UInt64(offset) + UInt64(rest.startIndex), UInt64(SEEK_SET))
            append(rest)
        }

        /// How many of the bytes are in the file already. None where it cannot be read.
        private func presentByteCount(of bytes: [UInt8], at offset: Int64) -> Int {
            // The descriptor itself is for writing only, most of the time.
            let reader = HostFile.open(Array("/proc/self/fd/\(hostFD)".utf8), flags: O_RDONLY)
            guard reader >= 0 else { return 0 }
            defer { hostCall(__NR_close, UInt64(signed: Int32(reader))) }
            var piece = [UInt8](repeating: 0, count: min(bytes.count, SameFile.pieceByteCountMax))
            var done = 0
            while done < bytes.count {
                let wanted = min(piece.count, bytes.count - done)
                let count = piece.withUnsafeMutableBytes { piece in
                    retryingInterrupts {
                        hostCall(
                            __NR_pread64, UInt64(signed: Int32(reader)), UInt64(address: piece.baseAddress),
                            UInt64(wanted), UInt64(offset) + UInt64(done))
                    }
                }
                guard count > 0 else { return done }
                for index in 0..<count where piece[index] != bytes[done + index] { return done + index }
                done += count
            }
            return done
        }

        private func append(_ bytes: ArraySlice<UInt8>) {
            _ = OutputEmission.write(Array(bytes), to: hostFD, patienceMilliseconds: -1)
        }
    }
}
