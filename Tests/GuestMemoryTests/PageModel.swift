import GuestMemory

/// The same as ``VirtualMemoryMap``, kept page by page in a dictionary: too slow to use, too simple to be wrong.
struct PageModel {
    /// What a page is. Two pages in a row belong to one area where all agrees and the place goes on.
    struct Page: Equatable {
        var protection: Protection
        var source: Source
        /// Pages into the source; 0 for sources that have no offsets.
        var place: UInt64
        var name: String?
        var flags: VirtualMemoryArea.Flags
    }

    enum Source: Equatable, CaseIterable {
        case anonymous
        case heap
        case stack
        case sharedObject
        case privateFile
        case hostMappedFile
        case sharedFile

        var hasOffset: Bool {
            switch self {
            case .anonymous, .heap, .stack: return false
            case .sharedObject, .privateFile, .hostMappedFile, .sharedFile: return true
            }
        }
    }

    let limits: AddressRange
    private(set) var pages: [UInt64: Page] = [:]

    private static let file = FileIdentity(device: 8, inode: 99, path: "/usr/lib/libc.so.6")

    init(limits: AddressRange) {
        self.limits = limits
    }

    static func kind(_ source: Source, place: UInt64) -> VirtualMemoryArea.Kind {
        let offset = place * pageSize
        switch source {
        case .anonymous: return .anonymous
        case .heap: return .heap
        case .stack: return .stack
        case .sharedObject: return .sharedAnonymous(object: 5, offset: offset)
        case .privateFile: return .privateFile(file: file, offset: offset, isHostMapped: false)
        case .hostMappedFile: return .privateFile(file: file, offset: offset, isHostMapped: true)
        case .sharedFile: return .sharedFile(file: file, offset: offset, isWritable: true)
        }
    }

    // MARK: - Edits, on page numbers

    mutating func insert(_ numbers: Range<UInt64>, first: Page) {
        for number in numbers {
            var page = first
            if page.source.hasOffset { page.place += number - numbers.lowerBound }
            pages[number] = page
        }
    }

    mutating func remove(_ numbers: Range<UInt64>) -> [VirtualMemoryArea] {
        let removed = areas(in: numbers)
        for number in numbers { pages[number] = nil }
        return removed
    }

    mutating func change(_ numbers: Range<UInt64>, _ body: (inout Page) -> Void) {
        for number in numbers {
            guard var page = pages[number] else { continue }
            body(&page)
            pages[number] = page
        }
    }

    mutating func move(_ numbers: Range<UInt64>, to destination: UInt64) -> [VirtualMemoryArea] {
        let moved = numbers.map { pages[$0] }
        for number in numbers { pages[number] = nil }
        let target = destination..<(destination + UInt64(numbers.count))
        let displaced = remove(target)
        for (number, page) in zip(target, moved) {
            guard var page else { continue }
            if page.source == .heap || page.source == .stack { page.source = .anonymous }
            pages[number] = page
        }
        return displaced
    }

    // MARK: - Questions

    /// The areas that the pages in a range make up.
    func areas(in numbers: Range<UInt64>) -> [VirtualMemoryArea] {
        var areas: [VirtualMemoryArea] = []
        var previous: Page?
        for number in numbers {
            defer { previous = pages[number] }
            guard let page = pages[number] else { continue }
            if let previous, continues(previous, page), let last = areas.indices.last {
                areas[last].range.end += pageSize
                continue
            }
            areas.append(
                VirtualMemoryArea(
                    range: AddressRange(start: number * pageSize, count: pageSize), protection: page.protection,
                    kind: Self.kind(page.source, place: page.place), name: page.name, flags: page.flags))
        }
        return areas
    }

    private func continues(_ previous: Page, _ page: Page) -> Bool {
        var expected = previous
        if expected.source.hasOffset { expected.place += 1 }
        return expected == page
    }

    func isFullyMapped(_ numbers: Range<UInt64>) -> Bool {
        numbers.allSatisfy { pages[$0] != nil }
    }

    func isFree(_ numbers: Range<UInt64>) -> Bool {
        numbers.allSatisfy { pages[$0] == nil }
    }

    /// The pages that a mapping without MAP_FIXED may take: free, and not the guard of an area that grows downwards.
    func takeablePages() -> Set<UInt64> {
        let all = (limits.start / pageSize)..<(limits.end / pageSize)
        var takeable = Set(all.filter { pages[$0] == nil })
        for number in all where pages[number]?.flags.contains(.growsDown) == true {
            let guardCount = VirtualMemoryArea.stackGuardByteCount / pageSize
            var below = number
            while below > all.lowerBound, number - below < guardCount, pages[below - 1] == nil {
                below -= 1
                takeable.remove(below)
            }
        }
        return takeable
    }

    /// The highest run of takeable pages, tried one start after the other.
    func highestGap(pageCount: UInt64, alignment: UInt64, below: UInt64, above: UInt64) -> UInt64? {
        let takeable = takeablePages()
        var run: UInt64 = 0
        var number = min(below, limits.end / pageSize)
        let floor = max(above, limits.start / pageSize)
        while number > floor {
            number -= 1
            run = takeable.contains(number) ? run + 1 : 0
            if run >= pageCount, number % alignment == 0 { return number }
        }
        return nil
    }
}
