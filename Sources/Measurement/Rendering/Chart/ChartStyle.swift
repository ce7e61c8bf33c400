/// Colours, dashes and marks of series. The colours are Okabe and Ito's, which people with any kind of colour vision
/// tell apart, made darker on white and lighter on black where they would be hard to see; nothing is told by colour
/// alone.
enum ChartStyle {
    private static let light = [
        "#0072b2", "#d55e00", "#00805e", "#a8518a", "#9a6b00", "#2a8cc4", "#5a5a5a", "#7a3e00",
    ]
    private static let dark = [
        "#56a8e0", "#ff8a3d", "#2fc79a", "#e39ac9", "#f0b840", "#8fd3ff", "#b8b8b8", "#d9a06b",
    ]
    private static let dashes = ["", "7 3", "2 3", "9 3 2 3"]

    /// The class of a series.
    static func name(_ series: Int) -> String { "s\(series % light.count)" }

    /// For the nth series' line; empty for an unbroken one.
    static func dash(_ series: Int) -> String { dashes[series % dashes.count] }

    /// What pictures need, in a page that is light, or dark where the reader wants that.
    static var ofPage: String {
        common + colors(light) + "@media screen and (prefers-color-scheme:dark){\(colors(dark))}\n"
    }

    /// What a picture needs that stands alone, on white.
    static var alone: String { common + colors(light) + ".chart{color:#1c1c1c}.paper{fill:#fff}\n" }

    private static let common = """
        .chart text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:currentColor}
        .chart .small{font-size:12px}
        .chart .group{font-weight:600}
        .chart .grid{stroke:currentColor;stroke-opacity:.16;fill:none}
        .chart .base{stroke:currentColor;stroke-opacity:.6;fill:none}
        .chart .curve{stroke:currentColor;stroke-width:2;stroke-linejoin:round;fill:none}
        .chart .mark{fill:currentColor}

        """

    private static func colors(_ colors: [String]) -> String {
        colors.enumerated().map { ".s\($0){color:\($1)}" }.joined() + "\n"
    }
}
