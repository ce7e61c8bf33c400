import CGuestEntry
import Glibc
import GuestMemory
import Volumes

/// How far the volumes are on their way to the mirror, for who waits at a terminal. Elsewhere a line says so where it
/// takes long.
final class VolumeProgress {
    private let messages: MessageLog
    private let isDrawn: Bool
    private var fileCount = 0
    private var byteCount: UInt64 = 0
    private var doneByteCount: UInt64 = 0
    private var sentByteCount: UInt64 = 0
    private let start = VolumeProgress.now()
    private var lastDrawn: UInt64 = 0
    private var hasSaid = false

    private static let drawnEachNanoseconds: UInt64 = 100_000_000
    /// Whoever waits for longer wants to know what for.
    private static let quietNanoseconds: UInt64 = 2_000_000_000

    init(_ messages: MessageLog) {
        self.messages = messages
        isDrawn = messages.format == .text && isatty(STDERR_FILENO) == 1
    }

    func begin(_ plan: VolumePlan) {
        fileCount = plan.filled.count + plan.compared.count
        for entry in plan.filled + plan.compared.map(\.entry) {
            if case .regular(let count) = entry.kind { byteCount += count }
        }
    }

    func advance(by count: UInt64) {
        doneByteCount = min(byteCount, doneByteCount + count)
        let now = VolumeProgress.now()
        if isDrawn {
            guard now - start > VolumeProgress.quietNanoseconds / 4,
                now - lastDrawn > VolumeProgress.drawnEachNanoseconds
            else { return }
            lastDrawn = now
            draw()
        } else if !hasSaid, now - start > VolumeProgress.quietNanoseconds {
            hasSaid = true
            messages.say(.info, "bringing the volumes to the mirror: \(fileCount) files, \(text(byteCount))")
        }
    }

    func noteSent(_ count: UInt64) {
        sentByteCount += count
    }

    func end() {
        if lastDrawn > 0 { write("\r\u{1b}[K") }
        if lastDrawn > 0 || hasSaid {
            messages.say(.info, "the mirror has the volumes: \(text(sentByteCount)) of \(text(byteCount)) were sent")
        }
    }

    private func draw() {
        let width = 30
        let share = byteCount == 0 ? 1 : Double(doneByteCount) / Double(byteCount)
        let filled = Int(share * Double(width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        write("\runderstudy: volumes [\(bar)] \(Int(share * 100)) % of \(text(byteCount)), \(fileCount) files\u{1b}[K")
    }

    private func text(_ count: UInt64) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(count), 0)
        while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        return unit == 0 ? "\(count) bytes" : "\((value * 10).rounded() / 10) \(units[unit])"
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            _ = hostCall(
                __NR_write, UInt64(signed: STDERR_FILENO), UInt64(address: bytes.baseAddress), UInt64(bytes.count))
        }
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
