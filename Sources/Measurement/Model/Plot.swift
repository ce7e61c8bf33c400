/// A picture of some of a scenario's numbers.
public struct Plot: Encodable, Sendable {
    public struct Point: Encodable, Sendable {
        public var x: Double
        public var y: Double

        public init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    public struct Series: Encodable, Sendable {
        public var name: String
        public var points: [Point]

        public init(_ name: String, _ points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    public struct Axis: Encodable, Sendable {
        public var title: String
        public var isLogarithmic: Bool

        public init(_ title: String, isLogarithmic: Bool = false) {
            self.title = title
            self.isLogarithmic = isLogarithmic
        }
    }

    public var title: String
    public var horizontal: Axis
    public var vertical: Axis
    public var series: [Series]
    /// Where there are any, bars stand side by side: the nth point of each series belongs to the nth of these.
    public var categories: [String]

    public init(_ title: String, horizontal: Axis, vertical: Axis, series: [Series], categories: [String] = []) {
        self.title = title
        self.horizontal = horizontal
        self.vertical = vertical
        self.series = series
        self.categories = categories
    }
}
