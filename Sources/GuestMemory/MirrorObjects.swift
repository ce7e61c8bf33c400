import CGuestEntry
import Glibc

/// The mirror's memory files, one for each of the guest's memory objects.
///
/// Until the takeover each is as long as the object's pages, so that the last of them can be written whole.
struct MirrorObjects {
    private struct File {
        var object: MemoryObject
        let descriptor: HostDescriptor

        /// Bytes of whole pages.
        var pagesByteCount: UInt64 { roundUp(object.byteCount) }
    }

    private var files: [UInt64: File] = [:]

    // MARK: - An epoch comes in

    /// The files that a layout needs; those that are there are kept, and made longer where they are to be.
    func opening(_ objects: [MemoryObject]) throws(MirrorMemoryError) -> MirrorObjects {
        var next = MirrorObjects()
        for object in objects {
            let file: File
            if let known = files[object.number], known.object.serial == object.serial {
                file = File(object: object, descriptor: known.descriptor)
            } else {
                file = File(object: object, descriptor: try Self.make(object))
            }
            try Self.grow(file)
            next.files[object.number] = file
        }
        return next
    }

    /// Sealed at the takeover, as the guest has sealed its own.
    private static func make(_ object: MemoryObject) throws(MirrorMemoryError) -> HostDescriptor {
        let closesOnExec: UInt64 = 1
        let allowsSealing: UInt64 = 2
        let made = object.name.withCString { name in
            hostCall(__NR_memfd_create, UInt64(address: name), closesOnExec | allowsSealing)
        }
        if made < 0 { throw refusal(object, made) }
        return HostDescriptor(Int32(made))
    }

    private static func grow(_ file: File) throws(MirrorMemoryError) {
        var status = stat()
        fstat(file.descriptor.number, &status)
        if UInt64(max(0, status.st_size)) >= file.pagesByteCount { return }
        let result = setSize(file, file.pagesByteCount)
        if result < 0 { throw refusal(file.object, result) }
    }

    private static func setSize(_ file: File, _ byteCount: UInt64) -> Int {
        hostCall(__NR_ftruncate, UInt64(signed: file.descriptor.number), byteCount)
    }

    private static func refusal(_ object: MemoryObject, _ result: Int) -> MirrorMemoryError {
        MirrorMemoryError(
            "no memory file for the guest's \(object.name) of \(object.byteCount) bytes can be had on the mirror",
            errno: Int32(-result))
    }

    // MARK: - Pages

    /// Whether a page lies in an object's file.
    func hasPlace(for page: UInt64) -> Bool { place(page) != nil }

    private func place(_ page: UInt64) -> (descriptor: HostDescriptor, offset: UInt64)? {
        let number = MemoryObjectSpace.number(ofPage: page)
        guard let file = files[number] else { return nil }
        let offset = page * pageSize - MemoryObjectSpace.slot(number).start
        return offset < file.pagesByteCount ? (file.descriptor, offset) : nil
    }

    func write(_ page: UInt64, _ content: UnsafeRawPointer) {
        guard let (descriptor, offset) = place(page) else { return }
        let written = retryingInterrupts {
            hostCall(
                __NR_pwrite64, UInt64(signed: descriptor.number), UInt64(address: content), pageSize, offset)
        }
        precondition(written == pageSize, "a page of the mirror's memory file cannot be written: errno \(-written)")
    }

    /// False where there is no such page.
    func copy(_ page: UInt64, to content: UnsafeMutableRawPointer) -> Bool {
        guard let (descriptor, offset) = place(page) else { return false }
        let count = retryingInterrupts {
            hostCall(__NR_pread64, UInt64(signed: descriptor.number), UInt64(address: content), pageSize, offset)
        }
        return count == pageSize
    }

    /// Forgets what the pages of a range of slots held.
    func discard(_ range: AddressRange) {
        for (number, file) in files {
            let slot = MemoryObjectSpace.slot(number)
            let pages = AddressRange(start: slot.start, count: file.pagesByteCount)
            guard let part = pages.intersection(range)?.roundedOutToPages() else { continue }
            let hole: UInt64 = 3  // FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE, linux/falloc.h
            let result = hostCall(
                __NR_fallocate, UInt64(signed: file.descriptor.number), hole, part.start - slot.start, part.count)
            precondition(result == 0, "the mirror's memory file keeps its pages at \(part): errno \(-result)")
        }
    }

    func discardEverything() {
        discard(AddressRange(start: MemoryObjectSpace.start, end: MemoryObjectSpace.end))
    }

    /// Once a layout is committed: files that an earlier one had longer end with their last page.
    func cutShort() {
        for file in files.values { _ = MirrorObjects.setSize(file, file.pagesByteCount) }
    }

    // MARK: - Takeover

    /// The file behind an area's own pages; nil where there is none.
    func file(of kind: VirtualMemoryArea.Kind) -> HostDescriptor? { files[kind.memoryObject]?.descriptor }

    /// Makes the files as long as the guest's are, to the byte.
    func setSizes() {
        for file in files.values { _ = MirrorObjects.setSize(file, file.object.byteCount) }
    }

    /// Gives the files the guest's permissions and seals; last, as seals keep from mapping and from writing.
    func setModes() {
        for file in files.values {
            hostCall(__NR_fchmod, UInt64(signed: file.descriptor.number), UInt64(file.object.mode))
            if file.object.seals == 0 { continue }
            hostCall(
                __NR_fcntl, UInt64(signed: file.descriptor.number), MemoryFileSeals.add, UInt64(file.object.seals))
        }
    }

    /// A descriptor of each file.
    func duplicates() -> [FileNumber: Int32] {
        var descriptors: [FileNumber: Int32] = [:]
        for file in files.values {
            let copy = hostCall(__NR_fcntl, UInt64(signed: file.descriptor.number), UInt64(F_DUPFD_CLOEXEC), 0)
            if copy >= 0 { descriptors[file.object.file] = Int32(copy) }
        }
        return descriptors
    }
}
