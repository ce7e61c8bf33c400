import Volumes

/// Which of a guest's processes have which files open: a file is closed on the mirror when the last of them has closed
/// it. The guest's first process has the serial 0.
struct VolumeHolders {
    private typealias Handle = FileOperation.Handle

    /// Of files that a child has or had, by handle. All others are the first process's.
    private var holders: [Handle: Set<UInt32>] = [:]
    /// The children that live, as far as is known.
    private(set) var processes: [SharedRecord.StartedProcess] = []

    var isEmpty: Bool { holders.isEmpty && processes.isEmpty }

    /// A process has opened a file of its own.
    mutating func open(_ handle: FileOperation.Handle, by serial: UInt32) {
        if serial != 0 { holders[handle] = [serial] }
    }

    /// A process has closed a file: whether it was the last one.
    mutating func close(_ handle: FileOperation.Handle, by serial: UInt32) -> Bool {
        guard var left = holders[handle] else { return serial == 0 }
        left.remove(serial)
        holders[handle] = left.isEmpty ? nil : left
        return left.isEmpty
    }

    /// A child has all that its parent gave it, beside those who had it before.
    mutating func start(_ process: SharedRecord.StartedProcess, _ handles: [FileOperation.Handle]) {
        processes.append(process)
        for handle in handles { holders[handle, default: [0]].insert(process.serial) }
    }

    /// A process has ended: what it was the last to have, in the order of the handles.
    mutating func end(_ serial: UInt32) -> [FileOperation.Handle] {
        processes.removeAll { $0.serial == serial }
        let held = holders.filter { $0.value.contains(serial) }.keys.sorted()
        return held.filter { close($0, by: serial) }
    }
}
