/// What is known of the modules that a walk came through: whether they have a table, and where.
///
/// Only that: what is in the tables is read from memory each time, where the guest may have changed it.
struct ModuleCache: Sendable {
    private struct Entry: Sendable {
        let area: CodeArea
        let table: UnwindTable?
    }

    private var entries: [Entry] = []

    /// A program with more libraries has them looked for again.
    private static let entryCountMax = 256

    mutating func table(of area: CodeArea, _ surroundings: borrowing some StackSurroundings) -> UnwindTable? {
        if let entry = entries.first(where: { $0.area == area }) { return entry.table }
        let memory = surroundings.memory
        let table = surroundings.moduleBase(of: area).flatMap { ModuleImage(at: $0, in: memory) }
            .flatMap { UnwindTable(of: $0, in: memory) }
        if entries.count == ModuleCache.entryCountMax { entries.removeAll() }
        entries.append(Entry(area: area, table: table))
        return table
    }
}
