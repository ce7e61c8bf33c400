"""ctypes: calls into libraries, and callbacks out of them through code made at run time."""
import ctypes
import ctypes.util

libc = ctypes.CDLL(None, use_errno=True)
libc.strlen.restype = ctypes.c_size_t
print(libc.strlen(b"seventeen letters"), libc.abs(-5))
numbers = (ctypes.c_int * 8)(5, 3, 9, -1, 0, 44, 2, 7)
compare_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
compare = compare_type(lambda a, b: a[0] - b[0])
libc.qsort(numbers, len(numbers), ctypes.sizeof(ctypes.c_int), compare)
print(list(numbers))
libm = ctypes.CDLL("libm.so.6")
libm.pow.restype = ctypes.c_double
libm.pow.argtypes = [ctypes.c_double, ctypes.c_double]
print(libm.pow(2, 0.5))
print(libc.open(b"/nowhere", 0), ctypes.get_errno())
# A syscall with addresses that can't be anybody's: below mmap_min_addr, the last page, not canonical, the kernel's.
for address in (1, 0x1000, 0x7FFFFFFFF000, 0x8000000000000000, 0xFFFFFFFF80000000):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(1), ctypes.c_long(1), ctypes.c_void_p(address), ctypes.c_long(16))
    print(hex(address), result, ctypes.get_errno())
