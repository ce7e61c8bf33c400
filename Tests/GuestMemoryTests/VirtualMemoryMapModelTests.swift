import GuestMemory
import TestSupport
import Testing

/// Random calls on the map and on a page-by-page model of it, which must agree in every answer.
@Suite("virtual memory map against a page model")
struct VirtualMemoryMapModelTests {
    @Test("the map and the model agree", arguments: SeededGenerator.seeds(count: 8))
    func agreement(seed: UInt64) {
        var run = ModelRun(seed: seed)
        for step in 0..<3000 {
            // All areas are looked at after every fourth call only; each call's own answer is compared at once.
            guard let disagreement = run.step() ?? (step % 4 == 3 ? run.compare() : nil) else { continue }
            Issue.record("\(disagreement) (\(SeededGenerator.replayHint(seed: seed, step: step)))")
            return
        }
    }
}

/// One seed's map, model and dice.
private struct ModelRun {
    private static let firstPage: UInt64 = 16
    private static let endPage: UInt64 = 16 + 700

    private var generator: SeededGenerator
    private var map: VirtualMemoryMap
    private var model: PageModel

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        map = VirtualMemoryMap(limits: pages(Self.firstPage..<Self.endPage))
        model = PageModel(limits: map.limits)
    }

    /// Does one random thing to both; says what they differ in, or nil.
    mutating func step() -> String? {
        switch generator.below(12) {
        case 0, 1: return insert()
        case 2, 3, 4, 5: return mapWhereFree()
        case 6, 7: return remove()
        case 8, 9: return change()
        case 10: return move()
        default: return ask()
        }
    }

    // MARK: - Edits

    private mutating func insert() -> String? {
        enter(randomPages(), growsDownOneIn: 15)
        return nil
    }

    private mutating func mapWhereFree() -> String? {
        let pageCount = UInt64(generator.oneIn(5) ? generator.below(60) : generator.below(5)) + 1
        let alignment: UInt64 = generator.oneIn(6) ? 16 : 1
        let below = generator.oneIn(6) ? randomPage() : Self.endPage - 50
        let above = generator.oneIn(6) ? randomPage() : 0
        let hint: UInt64? = generator.oneIn(5) ? randomPage() : nil

        var expected = model.highestGap(pageCount: pageCount, alignment: alignment, below: below, above: above)
        if let hint, hint % alignment == 0, hint + pageCount <= Self.endPage {
            let takeable = model.takeablePages()
            if (hint..<(hint + pageCount)).allSatisfy({ takeable.contains($0) }) { expected = hint }
        }
        let found = map.findGap(
            count: pageCount * pageSize - UInt64(generator.below(4096)), alignment: alignment * pageSize,
            hint: hint.map { $0 * pageSize + 7 }, below: below * pageSize, above: above * pageSize)
        if found != expected.map({ $0 * pageSize }) {
            return "findGap of \(pageCount) pages, alignment \(alignment), below \(below), above \(above), hint"
                + " \(hint.map(String.init) ?? "none"): \(found.map(hexadecimal) ?? "nil"), not page"
                + " \(expected.map(String.init) ?? "nil")"
        }
        if let expected { enter(expected..<(expected + pageCount), growsDownOneIn: 40) }
        return nil
    }

    private mutating func enter(_ numbers: Range<UInt64>, growsDownOneIn odds: Int) {
        let source = generator.oneIn(2) ? .anonymous : PageModel.Source.allCases.randomElement(using: &generator)
        var page = PageModel.Page(
            protection: randomProtection(), source: source ?? .anonymous, place: 0, name: randomName(), flags: [])
        // Offsets that follow from the address make it likely that neighbours go on in each other.
        if page.source.hasOffset { page.place = numbers.lowerBound + UInt64(generator.oneIn(3) ? 1 : 0) }
        if generator.oneIn(odds) { page.flags.insert(.growsDown) }
        model.insert(numbers, first: page)
        map.insert(
            VirtualMemoryArea(
                range: pages(numbers), protection: page.protection,
                kind: PageModel.kind(page.source, place: page.place), name: page.name, flags: page.flags))
    }

    private mutating func remove() -> String? {
        let numbers = randomPages()
        let removed = map.remove(pages(numbers))
        let expected = model.remove(numbers)
        return removed == expected ? nil : "remove of pages \(numbers): \(removed), not \(expected)"
    }

    private mutating func change() -> String? {
        let numbers = randomPages()
        if generator.oneIn(4) {
            let name = randomName()
            map.setName(name, in: pages(numbers))
            model.change(numbers) { $0.name = name }
        } else {
            let protection = randomProtection()
            map.setProtection(protection, in: pages(numbers))
            model.change(numbers) { $0.protection = protection }
        }
        return nil
    }

    private mutating func move() -> String? {
        let numbers = randomPages()
        let destination = randomPage()
        let target = destination..<(destination + UInt64(numbers.count))
        if target.upperBound > Self.endPage || target.overlaps(numbers) { return nil }
        let displaced = map.move(from: pages(numbers), to: destination * pageSize)
        let expected = model.move(numbers, to: destination)
        return displaced == expected ? nil : "move of \(numbers) to \(destination): \(displaced), not \(expected)"
    }

    // MARK: - Questions

    private mutating func ask() -> String? {
        let numbers = randomPages()
        let range = pages(numbers)
        if map.isFree(range) != model.isFree(numbers) { return "isFree differs on pages \(numbers)" }
        if map.isFullyMapped(range) != model.isFullyMapped(numbers) { return "isFullyMapped differs on \(numbers)" }
        if map.areas(in: range) != model.areas(in: numbers) { return "areas differ in pages \(numbers)" }
        let whole = model.areas(in: Self.firstPage..<Self.endPage)
        if Array(map.areas(overlapping: range)) != whole.filter({ $0.range.overlaps(range) }) {
            return "overlapping areas differ in pages \(numbers)"
        }
        let number = randomPage()
        let address = number * pageSize + UInt64(generator.below(4096))
        if map.area(containing: address) != whole.first(where: { $0.range.contains(address) }) {
            return "area containing \(hexadecimal(address)) differs"
        }
        let gapStart = (number..<Self.endPage).first { model.isFree($0..<($0 + 1)) }
        let expected = gapStart.map { start in
            pages(start..<((start..<Self.endPage).first { !model.isFree($0..<($0 + 1)) } ?? Self.endPage))
        }
        return map.gapAfter(number * pageSize) == expected ? nil : "gapAfter page \(number) differs"
    }

    /// Says what is wrong with the map as a whole, or nil.
    func compare() -> String? {
        if let broken = map.checkInvariants() { return broken }
        let expected = model.areas(in: Self.firstPage..<Self.endPage)
        return map.areas == expected ? nil : "areas are \(map.areas), not \(expected)"
    }

    // MARK: - Dice

    private mutating func randomPage() -> UInt64 {
        Self.firstPage + UInt64(generator.below(Int(Self.endPage - Self.firstPage)))
    }

    private mutating func randomPages() -> Range<UInt64> {
        let start = randomPage()
        let pageCount = UInt64(generator.oneIn(10) ? generator.below(200) : generator.below(12)) + 1
        return start..<min(start + pageCount, Self.endPage)
    }

    private mutating func randomProtection() -> Protection {
        generator.oneIn(2) ? [.read, .write] : Protection(rawValue: Int32(generator.below(8)))
    }

    private mutating func randomName() -> String? {
        generator.oneIn(10) ? "pool" : nil
    }
}
