/// Series as lines with a mark at each point.
struct LineChart {
    private let plot: Plot
    private let horizontal: ChartScale
    private let vertical: ChartScale

    private static let height = 220.0
    /// More points than these are a curve without marks.
    private static let marksMax = 60

    init(_ plot: Plot) {
        self.plot = plot
        let shown = plot.series.flatMap(\.points).filter { LineChart.isShown($0, plot) }
        horizontal = ChartScale(shown.map(\.x), isLogarithmic: plot.horizontal.isLogarithmic, start: .lowest)
        vertical = ChartScale(shown.map(\.y), isLogarithmic: plot.vertical.isLogarithmic, start: .zero)
    }

    private static func isShown(_ point: Plot.Point, _ plot: Plot) -> Bool {
        ChartScale.isShown(point.x, isLogarithmic: plot.horizontal.isLogarithmic)
            && ChartScale.isShown(point.y, isLogarithmic: plot.vertical.isLogarithmic)
    }

    /// Where the lines are drawn.
    private struct Frame {
        var left: Double
        var right: Double
        var top: Double
        var bottom: Double
    }

    func draw(_ canvas: inout SvgCanvas) {
        drawLegend(&canvas)
        canvas.paragraph(SvgChart.title(of: plot.vertical), style: "small")
        canvas.bottom += 8
        let frame = frame(top: canvas.bottom)
        drawVerticalAxis(&canvas, frame)
        drawHorizontalAxis(&canvas, frame)
        for index in plot.series.indices { drawSeries(index, &canvas, frame) }
        if !plot.series.contains(where: { $0.points.contains { LineChart.isShown($0, plot) } }) {
            canvas.text(
                "no figures", (frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2, .middle, style: "small")
        }
    }

    private func frame(top: Double) -> Frame {
        let size = SvgCanvas.fontSize
        let labels = vertical.labels.map { TextWidth.of($0, size: size) }.max() ?? 0
        let last = horizontal.labels.last.map { TextWidth.of($0, size: size) } ?? 0
        return Frame(
            left: labels + 10, right: SvgCanvas.width - max(6, last / 2), top: top, bottom: top + LineChart.height)
    }

    // MARK: - Legend

    /// A piece of the line with its mark, and the name; as many beside each other as fit.
    private func drawLegend(_ canvas: inout SvgCanvas) {
        let sample = 34.0
        var x = 0.0
        canvas.bottom += SvgCanvas.lineHeight
        for (index, series) in plot.series.enumerated() {
            let lines = TextWidth.lines(
                series.name, width: SvgCanvas.width - sample, size: SvgCanvas.fontSize)
            let width = sample + (lines.map { TextWidth.of($0, size: SvgCanvas.fontSize) }.max() ?? 0)
            if x > 0, x + width > SvgCanvas.width {
                x = 0
                canvas.bottom += SvgCanvas.lineHeight
            }
            let y = canvas.bottom - 8
            canvas.group(ChartStyle.name(index)) { canvas in
                canvas.path(
                    "M\(SvgCanvas.number(x)) \(SvgCanvas.number(y))h28", style: "curve", dash: ChartStyle.dash(index))
                canvas.path(ChartMark.of(series: index).path(x + 14, y), style: "mark")
            }
            for (number, line) in lines.enumerated() {
                if number > 0 { canvas.bottom += SvgCanvas.lineHeight }
                canvas.text(line, x + sample, canvas.bottom - 4)
            }
            x += width + 16
        }
        canvas.bottom += 8
    }

    // MARK: - Axes

    private func drawVerticalAxis(_ canvas: inout SvgCanvas, _ frame: Frame) {
        for (tick, label) in zip(vertical.ticks, vertical.labels) {
            guard let share = vertical.place(of: tick) ?? (tick == vertical.low ? 0 : nil) else { continue }
            let y = frame.bottom - share * (frame.bottom - frame.top)
            canvas.line((frame.left, y), (frame.right, y), style: tick == vertical.low ? "base" : "grid")
            canvas.text(label, frame.left - 6, y + 4.5, .end)
        }
    }

    private func drawHorizontalAxis(_ canvas: inout SvgCanvas, _ frame: Frame) {
        let places = horizontal.ticks.map { tick in
            frame.left + (horizontal.place(of: tick) ?? 0) * (frame.right - frame.left)
        }
        let shown = SvgChart.shownLabels(horizontal.labels, at: places)
        for index in places.indices {
            canvas.line((places[index], frame.top), (places[index], frame.bottom), style: "grid")
            guard shown.contains(index) else { continue }
            canvas.text(horizontal.labels[index], places[index], frame.bottom + SvgCanvas.lineHeight, .middle)
        }
        canvas.bottom = frame.bottom + SvgCanvas.lineHeight + 6
        canvas.title(SvgChart.title(of: plot.horizontal), middle: (frame.left + frame.right) / 2)
    }

    // MARK: - Lines

    private func drawSeries(_ index: Int, _ canvas: inout SvgCanvas, _ frame: Frame) {
        let series = plot.series[index]
        var (path, isInterrupted) = ("", true)
        var marks: [(x: Double, y: Double, point: Plot.Point)] = []
        for point in series.points {
            guard let across = horizontal.place(of: point.x), let up = vertical.place(of: point.y) else {
                isInterrupted = true
                continue
            }
            let x = frame.left + across * (frame.right - frame.left)
            let y = frame.bottom - up * (frame.bottom - frame.top)
            path += "\(isInterrupted ? "M" : "L")\(SvgCanvas.number(x)) \(SvgCanvas.number(y))"
            isInterrupted = false
            marks.append((x, y, point))
        }
        guard !marks.isEmpty else { return }
        canvas.group(ChartStyle.name(index)) { canvas in
            canvas.path(path, style: "curve", dash: ChartStyle.dash(index))
            guard marks.count <= LineChart.marksMax else { return }
            for mark in marks {
                let said = "\(series.name): \(Figure.text(mark.point.y)) at \(Figure.text(mark.point.x))"
                canvas.add(
                    Xml.element(
                        "path", ["d": ChartMark.of(series: index).path(mark.x, mark.y), "class": "mark"],
                        Xml.element("title", text: said)))
            }
        }
    }
}
