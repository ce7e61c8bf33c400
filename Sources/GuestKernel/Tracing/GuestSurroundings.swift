import GuestMemory
import Unwinding

/// The guest's address space as a stack is walked in it.
struct GuestSurroundings: StackSurroundings {
    let memory = MemoryReader.guest
    private let space: AddressSpace
    /// What was asked for last: callers tend to be in the same module, and one frame asks twice.
    private var area: VirtualMemoryArea?

    init(_ space: AddressSpace) {
        self.space = space
    }

    mutating func code(at address: UInt64) -> CodeArea? {
        if area?.range.contains(address) != true { area = space.area(containing: address) }
        guard let area, area.protection.contains(.execute) else { return nil }
        return CodeArea(
            start: area.range.start, end: area.range.end, fileOffset: area.kind.offset,
            device: area.kind.file?.device ?? 0, inode: area.kind.file?.inode ?? 0)
    }

    func moduleBase(of code: CodeArea) -> UInt64? {
        space.area(containing: code.start).flatMap(space.moduleBase)
    }

    /// The path of the file that an area shows, or a name as the kernel gives one to memory that is no file's; else
    /// empty.
    mutating func path(of code: CodeArea) -> String {
        if area?.range.start != code.start { area = space.area(containing: code.start) }
        if let file = area?.kind.file { return file.path }
        return area?.name == GuestVdso.name ? "[vdso]" : ""
    }
}

extension AddressSpace {
    /// Where the file's first byte is mapped, of the same loading of it.
    func moduleBase(of area: VirtualMemoryArea) -> UInt64? {
        guard let file = area.kind.file else { return nil }
        return areas().last {
            $0.range.start <= area.range.start && $0.kind.file == file && $0.kind.offset == 0
        }?.range.start
    }
}
