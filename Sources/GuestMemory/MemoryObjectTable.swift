import CGuestEntry
import Glibc

/// The guest's memory objects while its dirty pages are tracked.
struct MemoryObjectTable {
    private struct Entry {
        var object: MemoryObject
        /// The supervisor's own, for reading.
        let descriptor: HostDescriptor
    }

    private var entries: [UInt64: Entry] = [:]
    private var numbers: [FileNumber: UInt64] = [:]
    private var lastSerial: UInt64 = 0
    /// Counts what a layout record would show.
    private(set) var version: UInt64 = 0
    /// Bytes of objects that were written to by calls, or through mappings that are gone, in their slots.
    private var written = RangeLog(countMax: 4096)

    var isEmpty: Bool { entries.isEmpty }

    /// In order of their slots.
    var objects: [MemoryObject] { entries.values.map(\.object).sorted { $0.number < $1.number } }

    /// The object that a file is; 0 for none.
    func number(of file: FileNumber) -> UInt64 { numbers[file] ?? 0 }

    // MARK: - Coming and going

    /// Makes a file an object, all of which counts as written: its number, or a negative errno.
    mutating func add(_ hostFD: Int32, _ file: FileNumber, name: String) -> Int {
        if let known = numbers[file] { return Int(known) }
        guard let number = MemoryObjectSpace.numbers.first(where: { entries[$0] == nil }) else { return -Int(ENFILE) }
        // Opened anew: the place in the file is not the guest's, and neither are its locks.
        switch HostDescriptor.open("/proc/self/fd/\(hostFD)") {
        case .failure(let error): return -Int(error.errno)
        case .success(let descriptor):
            lastSerial += 1
            version += 1
            numbers[file] = number
            let object = MemoryObject(number: number, serial: lastSerial, file: file, name: name)
            entries[number] = Entry(object: object, descriptor: descriptor)
            written.add(MemoryObjectSpace.slot(number))
            return Int(number)
        }
    }

    /// Takes out what nobody has open or mapped any more; returns the slots that are free by that.
    mutating func removeAll(except isUsed: (MemoryObject) -> Bool) -> [AddressRange] {
        let gone = entries.values.map(\.object).filter { !isUsed($0) }
        for object in gone {
            entries[object.number] = nil
            numbers[object.file] = nil
            version += 1
        }
        return gone.map { MemoryObjectSpace.slot($0.number) }
    }

    /// Looks at sizes, permissions and seals. Returns what files that others have cut short do not have any more.
    mutating func refresh() -> [AddressRange] {
        var lost: [AddressRange] = []
        for (number, entry) in entries {
            var status = stat()
            guard fstat(entry.descriptor.number, &status) == 0 else { continue }
            let seals = hostCall(__NR_fcntl, UInt64(signed: entry.descriptor.number), MemoryFileSeals.get)
            var object = entry.object
            object.byteCount = UInt64(max(0, status.st_size))
            object.mode = UInt32(status.st_mode) & 0o7777
            object.seals = UInt32(truncatingIfNeeded: max(0, seals))
            if object == entry.object { continue }
            let (size, sizeBefore) = (roundUp(object.byteCount), roundUp(entry.object.byteCount))
            if size < sizeBefore { lost.append(MemoryObjectSpace.range(number, from: size, to: sizeBefore)) }
            entries[number]?.object = object
            version += 1
        }
        return lost
    }

    // MARK: - What was written

    /// Bytes of an object were written.
    mutating func noteWritten(_ number: UInt64, from offset: UInt64, to endOffset: UInt64) {
        if entries[number] == nil { return }
        written.add(MemoryObjectSpace.range(number, from: offset, to: endOffset))
    }

    /// Bytes were appended to an object: they lie behind what it had when it was last looked at.
    mutating func noteAppended(_ number: UInt64) {
        guard let entry = entries[number] else { return }
        noteWritten(number, from: entry.object.byteCount, to: MemoryObjectSpace.slotByteCount)
    }

    /// Has all that is there in ranges of slots sent once more.
    mutating func noteWritten(in range: AddressRange) { written.add(range) }

    mutating func noteEverythingWritten() { written.addEverything() }

    /// All pages that there are.
    func allRuns() -> [MemoryObjectRun] {
        var runs: [MemoryObjectRun] = []
        for (number, entry) in entries {
            let slot = MemoryObjectSpace.slot(number)
            var left = slot.pageCount
            _ = MemoryObjectRun.find(in: slot, of: slot, entry.descriptor, &left, into: &runs)
        }
        return runs
    }

    /// Takes some of the pages that were written, at and above `start`, out of what is to be looked at. Returns where
    /// to go on.
    mutating func takeWritten(from start: UInt64, pageCountMax: Int, into runs: inout [MemoryObjectRun]) -> UInt64 {
        if written.isEmpty { return MemoryObjectSpace.end }
        let all = AddressRange(start: MemoryObjectSpace.start, end: MemoryObjectSpace.end)
        var ranges = written.isEverything ? [all] : written.ranges
        ranges.mergeTouching()
        var left = UInt64(pageCountMax)
        var reached = max(start, MemoryObjectSpace.start)
        for object in objects where left > 0 {
            guard let entry = entries[object.number] else { continue }
            let slot = MemoryObjectSpace.slot(object.number)
            for range in ranges.overlapping(AddressRange(start: max(slot.start, min(start, slot.end)), end: slot.end))
            where left > 0 {
                guard let part = range.intersection(slot)?.roundedOutToPages() else { continue }
                let bounds = AddressRange(start: min(max(part.start, start), part.end), end: part.end)
                reached = MemoryObjectRun.find(in: bounds, of: slot, entry.descriptor, &left, into: &runs)
            }
        }
        if left > 0 { reached = MemoryObjectSpace.end }
        written.removeAll()
        for range in ranges.subtracting([AddressRange(start: max(start, all.start), end: max(reached, start))]) {
            written.add(range)
        }
        return reached
    }
}

/// fcntl(2)'s commands about seals, and some seals, which Glibc does not show to Swift (linux/fcntl.h).
public enum MemoryFileSeals {
    public static let add: UInt64 = 1033
    public static let get: UInt64 = 1034
    /// F_SEAL_SEAL and F_SEAL_SHRINK.
    public static let ofSealing: UInt64 = 1
    public static let ofShrinking: UInt64 = 2
    /// F_SEAL_WRITE and F_SEAL_FUTURE_WRITE: new shared mappings cannot be written to.
    public static let ofWrites = 8 | 16
}
