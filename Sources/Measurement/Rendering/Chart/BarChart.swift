/// Categories below each other, in each a bar of each series, with its name before it and its value behind it.
struct BarChart {
    private let plot: Plot
    private let scale: ChartScale

    private static let barHeight = 13.0
    private static let pitch = 17.0
    private static let groupGap = 8.0
    /// Of the picture's width, for the names of bars.
    private static let nameShareMax = 0.38
    /// Beside a bar that is not there.
    private static let nothing = "not measured"

    /// A bar with its name in lines.
    private struct Bar {
        var lines: [String]
        var series: Int
        var value: Double?
        var label: String
    }

    private struct Group {
        var title: String?
        var bars: [Bar]
    }

    /// From where to where bars reach, across.
    private struct Span {
        var left: Double
        var right: Double
    }

    init(_ plot: Plot) {
        self.plot = plot
        scale = ChartScale(
            plot.series.flatMap(\.points).map(\.y), isLogarithmic: plot.vertical.isLogarithmic, start: .bars)
    }

    func draw(_ canvas: inout SvgCanvas) {
        let groups = groups
        let bars = groups.flatMap(\.bars)
        let names = bars.flatMap(\.lines).map { TextWidth.of($0, size: SvgCanvas.fontSize) }.max() ?? 0
        let values = bars.map { TextWidth.of($0.label, size: SvgCanvas.fontSize) }.max() ?? 0
        let span = Span(left: names + 8, right: SvgCanvas.width - values - 8)
        for group in groups { draw(group, &canvas, span) }
        drawLabels(&canvas, span)
    }

    /// A single series needs no names in each group: the categories are the bars' names.
    private var groups: [Group] {
        let names = plot.categories
        if plot.series.count == 1 {
            return [Group(title: nil, bars: names.indices.map { bar(series: 0, category: $0, named: names[$0]) })]
        }
        return names.indices.map { category in
            Group(
                title: names[category],
                bars: plot.series.indices.map { bar(series: $0, category: category, named: plot.series[$0].name) })
        }
    }

    private func bar(series: Int, category: Int, named name: String) -> Bar {
        let points = plot.series[series].points
        let value = category < points.count && points[category].y.isFinite ? points[category].y : nil
        return Bar(
            lines: TextWidth.lines(
                name, width: SvgCanvas.width * BarChart.nameShareMax, size: SvgCanvas.fontSize),
            series: series, value: value, label: value.map(Figure.text) ?? BarChart.nothing)
    }

    private func draw(_ group: Group, _ canvas: inout SvgCanvas, _ span: Span) {
        if let title = group.title {
            canvas.bottom += BarChart.groupGap
            canvas.paragraph(title, style: "group")
        }
        // Below the bars, and not through titles.
        let barsHeight = group.bars.reduce(0) { $0 + height(of: $1) }
        drawGrid(&canvas, span, top: canvas.bottom - 1, bottom: canvas.bottom + barsHeight + 1)
        for bar in group.bars {
            let top = canvas.bottom
            for (index, line) in bar.lines.enumerated() {
                canvas.text(line, span.left - 6, top + Double(index) * BarChart.pitch + BarChart.pitch - 5, .end)
            }
            draw(bar, &canvas, span, middle: top + height(of: bar) / 2)
            canvas.bottom = top + height(of: bar)
        }
    }

    private func height(of bar: Bar) -> Double { BarChart.pitch * Double(max(1, bar.lines.count)) }

    private func draw(_ bar: Bar, _ canvas: inout SvgCanvas, _ span: Span, middle: Double) {
        var end = span.left
        if let value = bar.value, let place = scale.place(of: value) {
            // On an axis that goes below zero bars begin there.
            let zero = scale.isLogarithmic ? 0 : scale.place(of: 0) ?? 0
            let width = span.right - span.left
            let (from, to) = (span.left + min(zero, place) * width, span.left + max(zero, place) * width)
            end = to
            canvas.group(ChartStyle.name(bar.series)) { canvas in
                canvas.add(
                    Xml.empty(
                        "rect",
                        [
                            "x": SvgCanvas.number(from), "y": SvgCanvas.number(middle - BarChart.barHeight / 2),
                            "width": SvgCanvas.number(max(0.5, to - from)),
                            "height": SvgCanvas.number(BarChart.barHeight), "class": "mark",
                        ]))
            }
        }
        canvas.text(bar.label, end + 5, middle + 4.5)
    }

    // MARK: - Axis

    private func place(of tick: Double, _ span: Span) -> Double {
        span.left + (scale.place(of: tick) ?? 0) * (span.right - span.left)
    }

    private func drawGrid(_ canvas: inout SvgCanvas, _ span: Span, top: Double, bottom: Double) {
        for (index, tick) in scale.ticks.enumerated() {
            let isBase = scale.isLogarithmic ? index == 0 : tick == 0
            let x = place(of: tick, span)
            canvas.line((x, top), (x, bottom), style: isBase ? "base" : "grid")
        }
    }

    private func drawLabels(_ canvas: inout SvgCanvas, _ span: Span) {
        let places = scale.ticks.map { place(of: $0, span) }
        canvas.bottom += SvgCanvas.lineHeight
        for index in SvgChart.shownLabels(scale.labels, at: places) {
            canvas.text(scale.labels[index], places[index], canvas.bottom, .middle)
        }
        canvas.bottom += 6
        canvas.title(SvgChart.title(of: plot.vertical), middle: (span.left + span.right) / 2)
    }
}
