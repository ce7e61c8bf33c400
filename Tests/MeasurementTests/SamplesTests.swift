import Measurement
import Testing

@Suite("samples")
struct SamplesTests {
    @Test("the median of an even number is the middle between two")
    func median() {
        #expect(Samples([3, 1, 2]).median == 2)
        #expect(Samples([4, 1, 2, 3]).median == 2.5)
        #expect(Samples([7]).median == 7)
    }

    @Test("a quantile is the smallest value that so many are no larger than")
    func quantiles() {
        let samples = Samples((1...100).map(Double.init))
        #expect(samples.quantile(0) == 1)
        #expect(samples.quantile(0.99) == 99)
        #expect(samples.quantile(0.991) == 100)
        #expect(samples.quantile(1) == 100)
        #expect(Samples([5, 9]).quantile(0.99) == 9)
    }

    @Test("of nothing there is no median, and it is not zero")
    func none() {
        #expect(Samples().isEmpty && Samples().median.isNaN && Samples().low.isNaN && Samples().high.isNaN)
        #expect(ResultTable.Cell.measured(Samples()).missing != nil)
    }

    @Test("what was added last counts as what was added first")
    func adding() {
        var samples = Samples([5])
        samples.add(1)
        samples.add(3)
        #expect(samples.low == 1 && samples.high == 5 && samples.median == 3 && samples.sum == 9)
        #expect(samples.map { $0 * 2 }.values == [10, 2, 6])
    }
}
