/// Errnos by name.
enum ErrnoNames {
    /// As many as a result can stand for.
    private static let numberMax: Int32 = 4095
    /// The kernel's own ways to say that a call is to be made again: no program ever gets one.
    private static let internalNumbers: ClosedRange<Int32> = 512...516

    /// From 1 on; a dash stands for a number that Linux leaves out.
    private static let names = """
        EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY \
        EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK \
        EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT \
        EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME \
        ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ \
        EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK \
        EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT \
        EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN \
        ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE \
        EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED \
        EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON
        """

    private static let numbers: [String: Int32] = {
        var numbers: [String: Int32] = ["EWOULDBLOCK": 11, "EDEADLOCK": 35, "ENOTSUP": 95]
        for (index, name) in names.split(separator: " ").enumerated() where name != "-" {
            numbers[String(name)] = Int32(index + 1)
        }
        return numbers
    }()

    /// ENOENT, enoent or 2.
    static func number(of text: String) throws(TraceOptionError) -> Int32 {
        if text.allSatisfy({ $0.isASCII && $0.isNumber }), !text.isEmpty {
            guard let number = Int32(text), number >= 1, number <= numberMax, !internalNumbers.contains(number) else {
                throw TraceOptionError("error=\(text): use an errno's name, or its number from 1 to \(numberMax)")
            }
            return number
        }
        guard let number = numbers[text.uppercased()] else {
            throw TraceOptionError.unknown("errno", text.uppercased(), among: numbers.keys)
        }
        return number
    }
}
