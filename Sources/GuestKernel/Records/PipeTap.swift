import CGuestEntry
import Glibc
import GuestMemory

/// Looks at what lies in pipes without taking it out: tee(2) copies it into a pipe of our own, which is read.
struct PipeTap {
    private static let bytesToRead: UInt64 = 0x541b  // FIONREAD
    private static let commandSetPipeSize: UInt64 = 1031  // F_SETPIPE_SZ
    private static let nonblockingFlag: UInt64 = 2  // SPLICE_F_NONBLOCK
    private static let usualCapacity = 65536

    private var spare: SparePipe?
    private var capacity = 0

    /// The contents of the pipe of which `reader` is an end. Packets (O_DIRECT) stay apart.
    mutating func contents(of reader: FileDescription) -> QueueRecord {
        var queue = QueueRecord()
        var byteCount: Int32 = 0
        let asked = hostCall(
            __NR_ioctl, UInt64(signed: reader.hostFD), PipeTap.bytesToRead, UInt64(address: &byteCount))
        guard asked == 0, byteCount > 0 else { return queue }
        var wanted = PipeTap.usualCapacity
        if case .pipe(let pipe) = reader.record.current { wanted = max(pipe.capacity, wanted) }
        guard let spare = pipe(holding: wanted) else { return queue }
        let copied = hostCall(
            __NR_tee, UInt64(signed: reader.hostFD), UInt64(signed: spare.writeEnd), UInt64(Int32.max),
            PipeTap.nonblockingFlag)
        var left = copied
        while left > 0 {
            // A read ends behind a packet, and goes on over everything else.
            let run = [UInt8](unsafeUninitializedCapacity: left) { buffer, count in
                let result = hostCall(
                    __NR_read, UInt64(signed: spare.readEnd), UInt64(address: buffer.baseAddress),
                    UInt64(buffer.count))
                count = max(result, 0)
            }
            if run.isEmpty { break }
            left -= run.count
            queue.runs.append(run)
        }
        return queue
    }

    /// A pipe holds a number of pieces, by its size: the spare one needs room for as many.
    private mutating func pipe(holding wanted: Int) -> SparePipe? {
        if spare == nil {
            spare = SparePipe()
            capacity = PipeTap.usualCapacity
        }
        guard let spare else { return nil }
        if wanted > capacity {
            let result = hostCall(
                __NR_fcntl, UInt64(signed: spare.writeEnd), PipeTap.commandSetPipeSize, UInt64(wanted))
            if result > 0 { capacity = result }
        }
        return spare
    }
}
