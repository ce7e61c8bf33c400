/// What is measured of one server in one state.
enum FootprintQuantity {
    /// Bytes of the process that has the guest; of its mirror; of epochs that wait for the link.
    case memory
    case mirrorMemory
    case queue
    /// Seconds a second.
    case processor
    case mirrorProcessor
    /// Bytes a second.
    case link
    case requests
}
