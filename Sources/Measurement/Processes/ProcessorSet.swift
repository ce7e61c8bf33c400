import CMeasurement

/// Where new processes run: they inherit it from whoever starts them.
enum ProcessorSet {
    /// The first that this process may use.
    static var first: Int { Int(measurement_first_processor()) }

    /// Does `body` on that processor alone; anywhere for nil.
    static func with<Value>(_ processor: Int?, _ body: () -> Value) throws(MeasurementError) -> Value {
        guard let processor else { return body() }
        let problem = measurement_bind(Int32(processor))
        guard problem == 0 else {
            throw MeasurementError("processor \(processor) cannot be used: \(errorText(problem))")
        }
        defer { measurement_bind(-1) }
        return body()
    }
}
