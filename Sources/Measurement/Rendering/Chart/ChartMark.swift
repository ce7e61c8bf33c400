/// The shape at the points of a line, so that lines are told apart without colour.
enum ChartMark: Int, CaseIterable {
    case disc, square, triangle, diamond, triangleDown, cross

    static func of(series: Int) -> ChartMark { allCases[series % allCases.count] }

    /// Around a place.
    func path(_ x: Double, _ y: Double) -> String {
        let corners: [(Double, Double)]
        switch self {
        case .disc:
            return "M\(at(x - 4, y))a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"
        case .square: corners = [(-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)]
        case .triangle: corners = [(0, -4.6), (4.6, 3.6), (-4.6, 3.6)]
        case .diamond: corners = [(0, -5), (5, 0), (0, 5), (-5, 0)]
        case .triangleDown: corners = [(0, 4.6), (4.6, -3.6), (-4.6, -3.6)]
        case .cross:
            corners = [
                (-1.4, -4.5), (1.4, -4.5), (1.4, -1.4), (4.5, -1.4), (4.5, 1.4), (1.4, 1.4),
                (1.4, 4.5), (-1.4, 4.5), (-1.4, 1.4), (-4.5, 1.4), (-4.5, -1.4), (-1.4, -1.4),
            ]
        }
        return "M" + corners.map { at(x + $0.0, y + $0.1) }.joined(separator: "L") + "z"
    }

    private func at(_ x: Double, _ y: Double) -> String { "\(SvgCanvas.number(x)) \(SvgCanvas.number(y))" }
}
