import CGuestEntry
import Glibc
import GuestMemory
import SyscallShapes
import Unwinding

/// What a call's record has beside the memory that its arguments point to.
extension GuestThread {
    /// The call has not begun, so the thread's scratch memory is nobody's.
    func captureStack(_ writer: inout SnippetWriter) {
        let buffer = UnsafeMutableRawBufferPointer(start: scratch, count: GuestThread.scratchByteCount / 2)
        let byteCount = guestStack.write(self, to: buffer)
        writer.append(.stack, 0, UnsafeRawBufferPointer(rebasing: buffer[..<byteCount]))
    }

    // MARK: - Descriptors

    func captureDescriptors(
        _ shape: CallShape, _ arguments: SyscallArguments, _ writer: inout SnippetWriter
    ) {
        for index in 0..<shape.count where shape.kinds[index].isDescriptor {
            captureDescriptor(arguments[index], &writer)
        }
    }

    /// Those that a call has made: its result, or a pair that it has written.
    func captureNewDescriptors(
        _ shape: CallShape, _ arguments: SyscallArguments, _ result: Int, _ writer: inout SnippetWriter
    ) {
        if shape.result == .descriptor { captureDescriptor(UInt64(result), &writer) }
        for index in 0..<shape.count {
            guard case .output(.descriptor, _) = shape.kinds[index],
                let pair = GuestAccess.load(UInt64.self, at: arguments[index])
            else { continue }
            captureDescriptor(pair & 0xffff_ffff, &writer)
            captureDescriptor(pair >> 32, &writer)
        }
    }

    /// The path of what a descriptor stands for, as /proc/self/fd has it.
    private func captureDescriptor(_ descriptor: UInt64, _ writer: inout SnippetWriter) {
        let number = Int32(truncatingIfNeeded: descriptor)
        let key = UInt64(bitPattern: Int64(number))
        if number == AT_FDCWD {
            withPath(of: "/proc/self/cwd") { writer.append(.descriptorPath, key, $0) }
            return
        }
        guard let file = kernel.files.find(descriptor) else { return }
        if file.kind == .synthetic, let path = file.openedPath {
            path.withUnsafeBytes { _ = writer.append(.descriptorPath, key, $0) }
            return
        }
        withPath(of: "/proc/self/fd/\(file.hostFD)") { writer.append(.descriptorPath, key, $0) }
    }

    private func withPath(of link: String, _ use: (UnsafeRawBufferPointer) -> Bool) {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            let count = link.withCString { link in
                hostCall(
                    __NR_readlink, UInt64(address: link), UInt64(address: buffer.baseAddress), UInt64(buffer.count))
            }
            if count > 0 { _ = use(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        }
    }
}
