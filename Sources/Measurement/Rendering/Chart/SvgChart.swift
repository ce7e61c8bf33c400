/// A plot as a picture in SVG.
public enum SvgChart {
    /// For a page that has the styles, and shows the title itself.
    static func inPage(_ plot: Plot) -> String {
        let canvas = drawing(plot, SvgCanvas())
        return Xml.element(
            "svg",
            ["class": "chart", "viewBox": viewBox(canvas), "role": "img", "aria-label": plot.title],
            canvas.elements.joined(separator: "\n"))
    }

    /// A file by itself, with a light background.
    public static func file(_ plot: Plot) -> String {
        var titled = SvgCanvas()
        titled.paragraph(plot.title, style: "group")
        titled.bottom += 6
        let canvas = drawing(plot, titled)
        let (width, height) = (SvgCanvas.width + 2 * margin, canvas.bottom + 2 * margin)
        let paper = Xml.empty(
            "rect", ["width": SvgCanvas.number(width), "height": SvgCanvas.number(height), "class": "paper"])
        let picture = Xml.element(
            "g", ["transform": "translate(\(SvgCanvas.number(margin)) \(SvgCanvas.number(margin)))"],
            canvas.elements.joined(separator: "\n"))
        return Xml.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "class": "chart",
                "width": SvgCanvas.number(width), "height": SvgCanvas.number(height),
                "viewBox": "0 0 \(SvgCanvas.number(width)) \(SvgCanvas.number(height))", "role": "img",
                "aria-label": plot.title,
            ],
            "\n" + Xml.element("style", [:], ChartStyle.alone) + paper + picture + "\n") + "\n"
    }

    private static let margin = 12.0

    private static func drawing(_ plot: Plot, _ canvas: SvgCanvas) -> SvgCanvas {
        var canvas = canvas
        if plot.categories.isEmpty {
            LineChart(plot).draw(&canvas)
        } else {
            BarChart(plot).draw(&canvas)
        }
        return canvas
    }

    private static func viewBox(_ canvas: SvgCanvas) -> String {
        "0 0 \(SvgCanvas.number(SvgCanvas.width)) \(SvgCanvas.number(canvas.bottom))"
    }

    /// An axis's title, which says when its steps are factors.
    static func title(of axis: Plot.Axis) -> String {
        axis.title + (axis.isLogarithmic ? " (logarithmic)" : "")
    }

    /// Which of the labels fit beside each other: every one, or every second, and so on. `places` are their middles.
    static func shownLabels(_ labels: [String], at places: [Double]) -> [Int] {
        for every in 1...max(1, labels.count) {
            let shown = Array(stride(from: 0, to: labels.count, by: every))
            let isFitting = zip(shown, shown.dropFirst()).allSatisfy { one, next in
                let widths = [one, next].map { TextWidth.of(labels[$0], size: SvgCanvas.fontSize) }
                return places[next] - places[one] >= (widths[0] + widths[1]) / 2 + 6
            }
            if isFitting { return shown }
        }
        return []
    }
}
