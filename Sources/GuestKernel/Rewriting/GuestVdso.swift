import CGuestEntry
import Glibc
import GuestLoader
import GuestMemory

/// The guest's vDSO: clocks that are read without leaving the guest, with the guest's own time.
///
/// It is a page of the guest's memory, which a mirror gets with the others. What is the host's, its vDSO's function and
/// the offsets, is in each thread's context.
enum GuestVdso {
    /// What its area is called.
    static let name = "vdso"
    /// CLOCK_REALTIME, MONOTONIC, MONOTONIC_RAW, their coarse ones, and BOOTTIME.
    private static let clocks: [Int32] = [
        CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
        CLOCK_BOOTTIME,
    ]

    /// Finds the host's; once, before there is any thread.
    private static let isThere: Bool = {
        let start = UInt64(getauxval(33))  // AT_SYSINFO_EHDR
        guard start != 0, let library = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD),
            let function = dlsym(library, "__vdso_clock_gettime")
        else { return false }
        let place = UInt64(address: UnsafeRawPointer(function))
        // Its file is never longer, and nothing is mapped behind it that a guest thread runs.
        guard place >= start, place - start < byteCountMax else { return false }
        guest_clock_set_host(start, start + byteCountMax, place)
        return true
    }()

    private static let byteCountMax: UInt64 = 8192

    private static var functions: [guest_vdso_function] {
        (0..<UInt32(GUEST_VDSO_FUNCTIONS)).map(guest_vdso_function)
    }

    /// Puts it into guest memory: its address, nil where there is none.
    static func install(_ memory: AddressSpace) -> UInt64? {
        guard isThere else { return nil }
        var byteCount: UInt32 = 0
        let code = guest_vdso_code(&byteCount)
        let image = VdsoImage(
            code: Array(UnsafeBufferPointer(start: code, count: Int(byteCount))),
            functions: functions.map {
                VdsoImage.Function(
                    name: String(cString: $0.name), offset: UInt64($0.offset), byteCount: UInt64($0.byte_count))
            })
        var request = MappingRequest(
            placement: .anywhere(hint: 0), byteCount: UInt64(image.bytes.count), protection: [.read, .execute],
            source: .anonymous)
        request.name = name
        let address = memory.map(request)
        guard address > 0, memory.patch(UInt64(address), image.bytes) else { return nil }
        return UInt64(address)
    }

    /// The clocks that the vDSO may answer from a thread's context.
    static func setClocks(_ context: UnsafeMutablePointer<guest_context>, _ clock: GuestClock) {
        guard isThere else { return }
        for number in clocks {
            guest_context_set_clock(context, UInt32(number), clock.offsetNanoseconds(of: number))
        }
    }

    /// From now on every clock is read by a syscall. The guest is stopped.
    static func disable(at address: UInt64, _ memory: AddressSpace) {
        if address == 0 { return }
        for function in functions {
            let start = address + UInt64(VdsoImage.codeOffset) + UInt64(function.offset)
            let distance = Int32(function.slow_offset) - Int32(function.offset) - 5
            // The guest may have unmapped it, and have something else there.
            guard ModuleFunctions.read(start, 5) == [0x0f, 0x1f, 0x44, 0, 0] else { continue }
            let jump = [0xe9] + withUnsafeBytes(of: distance.littleEndian) { Array($0) }
            _ = memory.patch(start, jump)
        }
    }
}
