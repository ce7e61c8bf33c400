/// `[!]value[,value]…`, `all` or `none`: what follows the = of most of strace's expressions.
struct SetExpression: Equatable {
    /// Everything but the values. `all` is everything but nothing.
    var isInverted = false
    var values: [String] = []

    /// `what` is for the error: "a set of WHAT".
    init(parsing text: String, of what: String) throws(TraceOptionError) {
        var rest = Substring(text)
        // Shells that take ! for history leave the backslash before it.
        while rest.first == "!" || rest.hasPrefix("\\!") {
            rest = rest.drop { $0 == "\\" }.dropFirst()
            isInverted.toggle()
        }
        switch rest {
        case "all": isInverted.toggle()
        case "none": break
        default: values = rest.split(separator: ",").map(String.init)
        }
        if values.isEmpty, rest != "all", rest != "none" {
            throw TraceOptionError("an empty set of \(what): name some, or use all or none")
        }
    }
}
