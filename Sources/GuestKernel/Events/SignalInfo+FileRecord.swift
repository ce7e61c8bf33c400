import Glibc

extension SignalInfo {
    /// Which of siginfo_t's members a signal fills (siginfo_layout in kernel/signal.c).
    private enum Layout {
        case sender, queued, timer, fault, child, poll
    }

    private var layout: Layout {
        switch code {
        case -2: return .timer  // SI_TIMER
        case -5: return .poll  // SI_SIGIO
        case ..<0: return .queued
        case 1..<siKernel:
            switch signal {
            case SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP: return .fault
            case SIGCHLD: return .child
            case SIGIO: return .poll
            default: return .sender
            }
        default: return .sender
        }
    }

    /// Writes struct signalfd_siginfo (uapi/linux/signalfd.h) over 128 zeroed bytes.
    func write(signalFileRecord record: UnsafeMutableRawPointer) {
        func put(_ value: some BitwiseCopyable, _ offset: Int) {
            record.storeBytes(of: value, toByteOffset: offset, as: type(of: value))
        }
        put(signal, 0)
        put(errno, 4)
        put(code, 8)
        let lowHalf = UInt32(truncatingIfNeeded: field0)
        let highHalf = UInt32(truncatingIfNeeded: field0 >> 32)
        switch layout {
        case .timer:
            put(lowHalf, 24)  // ssi_tid
            put(highHalf, 32)  // ssi_overrun
            put(UInt32(truncatingIfNeeded: field1), 44)  // ssi_int
            put(field1, 48)  // ssi_ptr
        case .poll:
            put(lowHalf, 28)  // ssi_band
            put(UInt32(truncatingIfNeeded: field1), 20)  // ssi_fd
        case .fault:
            put(field0, 72)  // ssi_addr
            put(UInt16(truncatingIfNeeded: field1), 80)  // ssi_addr_lsb
        case .sender, .queued, .child:
            put(lowHalf, 12)  // ssi_pid
            put(highHalf, 16)  // ssi_uid
            if layout == .queued {
                put(UInt32(truncatingIfNeeded: field1), 44)
                put(field1, 48)
            } else if layout == .child {
                put(UInt32(truncatingIfNeeded: field1), 40)  // ssi_status
                put(field2, 56)  // ssi_utime
                put(field3, 64)  // ssi_stime
            }
        }
    }
}
