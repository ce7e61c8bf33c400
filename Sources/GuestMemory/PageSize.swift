/// Bytes in a page of guest memory.
///
/// x86-64 Linux has no other base page size (arch/x86/include/asm/page_types.h); huge pages are not the guest's to see.
public let pageSize: UInt64 = 4096

/// The start of the page that holds `address`.
///
/// - Parameter address: an address, file offset or size in bytes.
@inlinable
public func roundDownToPage(_ address: UInt64) -> UInt64 {
    address & ~(pageSize - 1)
}

/// The lowest page boundary at or above `address`, or nil where it would not fit in 64 bits.
///
/// The kernel's PAGE_ALIGN wraps to 0 there, and each of its callers checks for that by hand (mm/mmap.c, do_mmap).
///
/// - Parameter address: an address, file offset or size in bytes, as it may come from the guest.
@inlinable
public func roundUpToPage(_ address: UInt64) -> UInt64? {
    let (sum, isOverflow) = address.addingReportingOverflow(pageSize - 1)
    return isOverflow ? nil : roundDownToPage(sum)
}

/// Whether `address` is a multiple of the page size.
@inlinable
public func isPageAligned(_ address: UInt64) -> Bool {
    address & (pageSize - 1) == 0
}

/// A number as messages show it, such as "0x7f00".
///
/// Kept here because the pure targets do without Foundation's formatting.
public func hexadecimal(_ value: UInt64) -> String {
    "0x" + String(value, radix: 16)
}
