import Testing

@testable import Measurement

@Suite("axes")
struct ChartScaleTests {
    @Test(
        "ticks of a linear axis are round, and enclose the values",
        arguments: [
            ([0.0, 97], [0.0, 20, 40, 60, 80, 100]), ([3], [0, 1, 2, 3]), ([-4, 7], [-5, 0, 5, 10]),
            ([0.25], [0, 0.05, 0.1, 0.15, 0.2, 0.25]), ([0, 0], [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ])
    func linear(_ values: [Double], _ ticks: [Double]) {
        #expect(ChartScale(values, isLogarithmic: false, start: .zero).ticks == ticks)
    }

    @Test("without zero an axis begins near its values")
    func lowest() {
        let scale = ChartScale([1001, 1004], isLogarithmic: false, start: .lowest)
        #expect(scale.low == 1001 && scale.high == 1004)
        #expect(scale.place(of: 1001) == 0 && scale.place(of: 1004) == 1)
    }

    @Test("powers of ten on a logarithmic axis")
    func decades() {
        let scale = ChartScale([3, 70_000], isLogarithmic: true, start: .lowest)
        #expect(scale.ticks == [1, 10, 100, 1000, 10_000, 100_000])
        #expect(scale.place(of: 1) == 0 && scale.place(of: 100_000) == 1)
        #expect(ChartScale([20, 80], isLogarithmic: true, start: .lowest).ticks == [10, 20, 50, 100])
        let wide = ChartScale([1e-9, 1e9], isLogarithmic: true, start: .lowest)
        #expect(wide.ticks.count <= 7 && wide.place(of: 1e9) == 1)
    }

    @Test("a bar is never without length, whatever its value", arguments: [1.0, 10, 0.001, 1000, 999, 1001])
    func bars(_ value: Double) throws {
        let scale = ChartScale([value, value * 50], isLogarithmic: true, start: .bars)
        #expect(try #require(scale.place(of: value)) > 0.05)
    }

    @Test(
        "an axis comes of anything",
        arguments: [
            [], [.nan], [.infinity, -.infinity], [0], [-3], [5, 5, 5], [1e-300], [1e308, -1e308], [1e15, 1e15 + 1],
            [1e-12, 1e12], [-1e-9], [.leastNonzeroMagnitude, .greatestFiniteMagnitude],
        ])
    func degenerate(_ values: [Double]) {
        for start in [ChartScale.Start.zero, .lowest, .bars] {
            for isLogarithmic in [false, true] {
                let scale = ChartScale(values, isLogarithmic: isLogarithmic, start: start)
                #expect(scale.low < scale.high && scale.ticks.count >= 2 && scale.ticks.count < 20)
                #expect(zip(scale.ticks, scale.ticks.dropFirst()).allSatisfy { $0 < $1 })
                #expect(scale.labels.count == scale.ticks.count)
                for value in values {
                    guard let place = scale.place(of: value) else { continue }
                    #expect(place >= -1e-9 && place <= 1 + 1e-9)
                }
            }
        }
    }

    @Test("what has no place on an axis gets none")
    func noPlace() {
        let scale = ChartScale([1, 10], isLogarithmic: true, start: .lowest)
        #expect(scale.place(of: 0) == nil && scale.place(of: -1) == nil && scale.place(of: .nan) == nil)
    }

    @Test("labels are short, and of different ticks different")
    func labels() {
        #expect(ChartScale([0, 0.3], isLogarithmic: false, start: .zero).labels == ["0", "0.1", "0.2", "0.3"])
        #expect(ChartScale([10, 100_000], isLogarithmic: true, start: .lowest).labels.last == "100 000")
        #expect(ChartScale([1e7, 2e9], isLogarithmic: true, start: .lowest).labels == ["10M", "100M", "1G", "10G"])
        #expect(ChartScale([0, 2.4e6], isLogarithmic: false, start: .zero).labels.contains("500k"))
    }

    @Test("labels that would overlap are thinned out")
    func thinning() {
        let labels = ["1000", "2000", "3000", "4000", "5000"]
        #expect(SvgChart.shownLabels(labels, at: [0, 100, 200, 300, 400]) == [0, 1, 2, 3, 4])
        #expect(SvgChart.shownLabels(labels, at: [0, 30, 60, 90, 120]) == [0, 2, 4])
        #expect(SvgChart.shownLabels([], at: []).isEmpty)
    }
}
