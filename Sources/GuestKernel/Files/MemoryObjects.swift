import CGuestEntry
import Glibc
import GuestMemory

/// The guest's files in memory while there is a mirror (`AddressSpace+MemoryObjects`): which files those are, and what
/// calls do to them. What the guest stores through mappings is found by the tracker.
extension GuestKernel {
    private static let directory = Array("/dev/shm/".utf8)

    /// Makes a file that mmap(2) is about to map a memory object where it is to be one: its number, 0 for a file that
    /// stays what it is, or a negative errno.
    ///
    /// A memfd is one since it was made. A file in /dev/shm becomes one when it is first mapped to be written to:
    /// before that it may be a file like any other, which the guest opens again by its name after a takeover.
    func memoryObject(_ file: FileDescription, _ number: FileNumber, path: [UInt8], isSharedForWriting: Bool) -> Int {
        guard configuration.replicates, file.kind == .regular, file.volume == nil, !file.isUnreplicated else {
            return 0
        }
        let known = memory.memoryObject(number)
        if known != 0 { return Int(known) }
        guard isSharedForWriting, path.starts(with: GuestKernel.directory), case .file = file.record.current else {
            return 0
        }
        let name = path.split(separator: UInt8(ascii: "/")).last ?? []
        return memory.addMemoryObject(file.hostFD, number, name: String(decoding: name, as: UTF8.self))
    }

    /// Whether another program, in a child of vfork's, may have some of them.
    var givesMemoryToPrograms: Bool {
        guard memory.hasMemoryObjects else { return false }
        if !segments.files.isEmpty { return true }
        return files.allEntries().contains { _, entry in
            !entry.closesOnExec && entry.file.fileNumber.map { memory.memoryObject($0) != 0 } ?? false
        }
    }

    /// Lets go of objects that nobody has any more; the guest is stopped.
    public func removeMemoryObjects() {
        guard memory.hasMemoryObjects else { return }
        segments.removeUnused(memory)
        let open = files.snapshot().map(\.file) + segments.files
        memory.removeMemoryObjects(except: Set(open.compactMap(\.fileNumber)))
    }
}

extension FileDescription {
    /// What tells the file behind it from others; nil for what is no regular file that the guest has opened.
    var fileNumber: FileNumber? {
        guard kind == .regular, case .file(let record) = record.current else { return nil }
        return record.identity?.number
    }
}

extension GuestThread {
    /// Runs `call`, which writes to a file at `position`, or at the file's own place where that is nil: what it has
    /// written to a memory object travels with the next epoch.
    @inline(__always)
    func noting(_ file: FileDescription, at position: UInt64? = nil, _ call: () -> Int) -> Int {
        if !kernel.memory.hasMemoryObjects { return call() }
        return notingObject(file, at: position, call)
    }

    private func notingObject(_ file: FileDescription, at position: UInt64?, _ call: () -> Int) -> Int {
        guard let number = file.fileNumber else { return call() }
        let object = kernel.memory.memoryObject(number)
        if object == 0 { return call() }
        let isAppending = file.statusFlags.load(ordering: .relaxed) & O_APPEND != 0
        let start = position ?? place(file)
        let result = call()
        guard result > 0 else { return result }
        // What another thread appends meanwhile is taken as well.
        if isAppending { kernel.memory.noteAppended(object: object) }
        let end = position.map { $0 &+ UInt64(result) } ?? place(file)
        if end > start { kernel.memory.noteWritten(object: object, from: start, to: end) }
        return result
    }

    private func place(_ file: FileDescription) -> UInt64 {
        UInt64(max(0, hostCall(__NR_lseek, UInt64(signed: file.hostFD), 0, UInt64(SEEK_CUR))))
    }

    /// Runs a call of `VolumeCall.sizes` that changes the size of a file, or makes holes in it.
    func notingSize(
        _ number: Int32, _ arguments: SyscallArguments, _ file: FileDescription?, _ paths: [ResolvedPath],
        _ call: () -> Int
    ) -> Int {
        guard kernel.memory.hasMemoryObjects, let target = file?.fileNumber ?? fileNumber(paths) else { return call() }
        let object = kernel.memory.memoryObject(target)
        if object == 0 { return call() }
        guard number == __NR_fallocate else {
            if arguments.b > AddressSpace.memoryObjectByteCountMax, arguments.b <= UInt64(Int64.max) {
                return failed(EFBIG)
            }
            let result = call()
            if result == 0 { kernel.memory.noteDropped(object: object, from: arguments.b, to: .max) }
            return result
        }
        let end = arguments.c.addingReportingOverflow(arguments.d)
        let isTooLong = !end.overflow && end.partialValue > AddressSpace.memoryObjectByteCountMax
        if isTooLong, end.partialValue <= UInt64(Int64.max) { return failed(EFBIG) }
        let result = call()
        let makesHole: UInt64 = 2
        if result == 0, arguments.b & makesHole != 0 {
            kernel.memory.noteDropped(object: object, from: arguments.c, to: end.partialValue)
        }
        return result
    }

    /// What truncate(2) is about.
    private func fileNumber(_ paths: [ResolvedPath]) -> FileNumber? {
        guard let first = paths.first, let found = VolumePlaces.existing(first, followsLast: true) else { return nil }
        return FileNumber(device: UInt64(found.status.st_dev), inode: UInt64(found.status.st_ino))
    }
}
