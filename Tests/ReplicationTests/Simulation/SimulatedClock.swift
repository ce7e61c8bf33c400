/// A queue of things to happen, and the time that passes between them. Equal times keep their order.
struct SimulatedClock {
    private struct Entry {
        let time: UInt64
        let order: UInt64
        let action: () -> Void

        func comesBefore(_ other: Entry) -> Bool { (time, order) < (other.time, other.order) }
    }

    /// True time, in nanoseconds.
    private(set) var now: UInt64 = 0
    private(set) var stepCount: UInt64 = 0
    /// A binary heap: each entry comes before the two below it.
    private var heap: [Entry] = []

    mutating func schedule(at time: UInt64, _ action: @escaping () -> Void) {
        stepCount += 1
        heap.append(Entry(time: max(time, now), order: stepCount, action: action))
        var index = heap.count - 1
        while index > 0, heap[index].comesBefore(heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// What is left holds on to the simulation that holds this clock.
    mutating func forgetAll() {
        heap = []
    }

    /// Takes what comes next, and makes it now; nil after `end`.
    mutating func next(until end: UInt64) -> (() -> Void)? {
        guard let first = heap.first, first.time <= end else { return nil }
        now = first.time
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].comesBefore(heap[least]) { least = child }
            }
            if least == index { return first.action }
            heap.swapAt(index, least)
            index = least
        }
    }
}
