import Glibc
import GuestMemory

/// signalfd(2).
enum SignalFile {
    static func read(_ thread: GuestThread, _ file: FileDescription, _ address: UInt64, _ count: Int) -> Int {
        failed(EINVAL)
    }
}
