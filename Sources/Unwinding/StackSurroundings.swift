/// What a stack is walked in.
public protocol StackSurroundings {
    var memory: MemoryReader { get }

    /// The executable memory that holds an address; nil where there is none.
    mutating func code(at address: UInt64) -> CodeArea?

    /// Where the first byte of the file is mapped that an area shows a part of: the address of its ELF header. Asked
    /// once for each area.
    func moduleBase(of area: CodeArea) -> UInt64?
}
