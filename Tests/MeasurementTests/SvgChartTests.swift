import Testing

@testable import Measurement

@Suite("plots as SVG")
struct SvgChartTests {
    private static let plots: [Plot] = [
        ReportFixture.lines([]), ReportFixture.lines([[]]), ReportFixture.lines([[(1, 1)]]),
        ReportFixture.lines([[(1, 5), (2, 5), (3, 5)]]), ReportFixture.lines([[(.nan, 1), (1, .infinity)]]),
        ReportFixture.lines([[(0, 0), (-1, -5)]], isLogarithmic: true),
        ReportFixture.lines([[(1, 1e300), (1e-300, 2)]]),
        ReportFixture.lines((0..<20).map { [(1, Double($0)), (9, Double($0) * 2)] }),
        ReportFixture.bars([[5]]), ReportFixture.bars([[0, -3, .nan], [1, 2]]),
        ReportFixture.bars([[0, -3, .nan], [1, 2]], isLogarithmic: false), ReportFixture.bars([]),
        Plot("none", horizontal: .init(""), vertical: .init(""), series: [], categories: ["a"]),
    ]

    /// All numbers that say where something is.
    private func numbers(_ xml: XmlText) throws -> [Double] {
        let places = try ["x", "y", "x1", "x2", "y1", "y2", "width", "height"].flatMap { name in
            try ["text", "rect", "line"].flatMap { try xml.attributes(name, of: $0) }
        }
        let paths = try xml.attributes("d", of: "path").flatMap { path in
            path.split { !"0123456789.-e".contains($0) }.map(String.init)
        }
        return (places + paths).compactMap(Double.init)
    }

    @Test("whatever is plotted, the picture is well-formed and within its frame", arguments: plots.indices)
    func wellFormed(_ index: Int) throws {
        let plot = SvgChartTests.plots[index]
        for text in [SvgChart.inPage(plot), SvgChart.file(plot)] {
            #expect(!text.contains("nan") && !text.contains("inf"))
            let xml = try XmlText(text)
            let box = try #require(try xml.attributes("viewBox", of: "svg").first).split(separator: " ")
            let height = try #require(Double(box[3]))
            #expect(height > 20)
            #expect(try numbers(xml).allSatisfy { $0 >= -10 && $0 <= max(470, height) })
        }
    }

    @Test("each series has its mark and its dashes, and says its name")
    func lines() throws {
        let xml = try XmlText(SvgChart.inPage(ReportFixture.lines((0..<4).map { [(1, Double($0)), (2, 5)] })))
        let dashes = Set(try xml.attributes("stroke-dasharray", of: "path"))
        #expect(dashes.count == 3)
        for series in 0..<4 { #expect(try xml.texts("text").contains("series \(series)")) }
        // A hint at each of eight points.
        #expect(try xml.texts("title").count == 8)
        #expect(try xml.texts("title").contains("series 3: 3.00 at 1.00"))
    }

    @Test("a line is interrupted where there is no figure")
    func gaps() throws {
        let xml = try XmlText(SvgChart.inPage(ReportFixture.lines([[(1, 1), (2, .nan), (3, 3), (4, 4)]])))
        let curves = try xml.elements("path").filter { $0.attribute(forName: "class")?.stringValue == "curve" }
        let path = try #require(curves.last?.attribute(forName: "d")?.stringValue)
        #expect(path.filter { $0 == "M" }.count == 2 && path.filter { $0 == "L" }.count == 1)
    }

    @Test("bars say their values; what was not measured has no bar, and is named")
    func bars() throws {
        let xml = try XmlText(SvgChart.inPage(ReportFixture.bars([[10, 200], [1000, .nan]])))
        let texts = try xml.texts("text")
        for text in ["10.0", "200", "1000", "not measured", "category 0", "category 1", "ns (logarithmic)"] {
            #expect(texts.contains(text), "\(text)")
        }
        let widths = try xml.attributes("width", of: "rect").compactMap(Double.init)
        #expect(widths.count == 3 && widths[0] > 10 && widths[0] < widths[2] && widths[2] < widths[1])
    }

    @Test("a single series needs no groups")
    func oneSeries() throws {
        let texts = try XmlText(SvgChart.inPage(ReportFixture.bars([[10, 200]]))).texts("text")
        #expect(texts.filter { $0 == "category 0" }.count == 1 && !texts.contains("way 0"))
    }

    @Test("text is broken between words, and within long ones")
    func wrapping() {
        for width in [10.0, 60, 200] {
            let lines = TextWidth.lines(
                "some words, and-one-that-is-much-longer-than-the-others", width: width, size: 13)
            #expect(lines.allSatisfy { TextWidth.of($0, size: 13) <= max(width, 13) })
            let joined = lines.joined().filter { $0 != " " }
            #expect(joined == "somewords,and-one-that-is-much-longer-than-the-others")
        }
        #expect(TextWidth.lines("", width: 100, size: 13).isEmpty)
    }
}
