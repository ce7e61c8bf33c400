/// Where the caller's value of a register is (DWARF 5, 6.4.1).
enum RegisterRule {
    /// Nothing was said: the register was not changed.
    case unspecified
    /// It is lost; of the return address: there is no caller.
    case undefined
    /// In memory, so far from the frame's address.
    case offset(Int64)
    /// So far from the frame's address, itself.
    case valueOffset(Int64)
    /// In another register.
    case register(UInt64)
    /// In memory, where an expression says.
    case expression(FrameExpression)
    /// What an expression says.
    case valueExpression(FrameExpression)
}
