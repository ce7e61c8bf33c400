import Testing

@testable import Measurement

@Suite("figures")
struct FigureTests {
    @Test(
        "three digits that count",
        arguments: [
            (0.0, "0"), (1, "1.00"), (9.994, "9.99"), (9.996, "10.0"), (12.34, "12.3"), (99.96, "100"),
            (100.4, "100"), (1234, "1234"), (12_345.6, "12 346"), (1_234_567, "1 234 567"), (0.5, "0.500"),
            (0.0123, "0.0123"), (0.000_123_4, "0.000123"), (-12.34, "-12.3"), (-0.5, "-0.500"),
            (.nan, "-"), (.infinity, "-"), (1.234e-7, "1.23e-7"), (9.999e20, "1.00e21"), (-1e300, "-1.00e300"),
        ])
    func text(_ value: Double, _ expected: String) {
        #expect(Figure.text(value) == expected)
    }

    @Test(
        "digits after the point",
        arguments: [(0.005, 2, "0.01"), (-0.001, 2, "0.00"), (2.5, 0, "3"), (1e17, 1, "1.00e17")])
    func fixed(_ value: Double, _ digits: Int, _ expected: String) {
        #expect(Figure.fixed(value, digits: digits) == expected)
    }

    @Test(
        "ratios",
        arguments: [
            (1.0, "1.00"), (0.404, "0.40"), (14.04, "14.0"), (190.2, "190"), (0.001, "0.00100"), (9.996, "10.0"),
        ])
    func ratio(_ value: Double, _ expected: String) {
        #expect(Figure.ratio(value) == expected)
    }

    @Test(
        "how long something takes",
        arguments: [
            (0.0, "0 s"), (-3, "0 s"), (0.2, "1 s"), (89.5, "90 s"), (91, "2 min"), (3600, "60 min"),
            (7500, "2 h 5 min"), (.infinity, "-"),
        ])
    func duration(_ seconds: Double, _ expected: String) {
        #expect(Figure.duration(seconds: seconds) == expected)
    }

    @Test("a cell's spread stands for several rounds only")
    func spread() {
        #expect(Figure.spread(.measured(Samples([1, 2, 3]))) == "1.00–3.00")
        #expect(Figure.spread(.measured(Samples([1]))).isEmpty)
        #expect(Figure.spread(.number(4)).isEmpty)
        #expect(Figure.text(.measured(Samples([200]), ratio: 1.5)) == "200 (1.50×)")
        #expect(Figure.text(.measured(Samples([200]), ratio: .nan)) == "200")
        #expect(Figure.text(.missing("no strace")) == "-")
    }
}
