// Lengths, counts, offsets and sizes near 2^31, 2^47, 2^63 and 2^64: refused, or cut to what there is, and nothing
// else.
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { PAGE = 4096 };
static const uint64_t lengths[] = { 1ull << 47, (1ull << 63) - PAGE, (1ull << 63) - 1, 1ull << 63,
                                    -(uint64_t)PAGE, -1 };
static char bytes[PAGE] __attribute__((aligned(PAGE)));

static void transfers(int file, int null_device) {
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const uint64_t length = lengths[i];
        CHECK_FAILS(syscall(SYS_read, file, bytes, length), EFAULT);
        CHECK_FAILS(syscall(SYS_write, null_device, bytes, length), EFAULT);
        CHECK(syscall(SYS_pread64, file, bytes, length, 0L) < 0);
        CHECK_FAILS(syscall(SYS_pread64, file, bytes, 1L, length | 1ull << 63), EINVAL);
        CHECK(syscall(SYS_getrandom, bytes, length, 8) < 0 && errno == EINVAL); // no such flag: before it looks
        struct iovec vectors[2] = { { bytes, 1 }, { bytes, length } };
        CHECK(syscall(SYS_readv, file, vectors, 2L) < 0 && (errno == EINVAL || errno == EFAULT));
        // Only the lower half of a count counts.
        CHECK(syscall(SYS_writev, null_device, vectors, length) == ((uint32_t)length == 0 ? 0 : -1));
        CHECK(syscall(SYS_poll, bytes, length, 0L) == ((uint32_t)length == 0 ? 0 : -1));
    }
    // A vector's lengths may not add up to more than a signed word holds.
    struct iovec both[2] = { { bytes, (1ull << 62) }, { bytes, (1ull << 62) } };
    CHECK_FAILS(syscall(SYS_writev, null_device, both, 2L), EFAULT);
    printf("transfers ok\n");
}

static void mappings(void) {
    // What lies before a hole may be changed before the hole is found: a page of its own, and nothing behind.
    const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    CHECK(page != MAP_FAILED && munmap(page + PAGE, PAGE) == 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const uint64_t length = lengths[i];
        CHECK(syscall(SYS_mmap, 0, length, PROT_READ, anonymous, -1, 0) == -1 && errno == ENOMEM);
        CHECK(syscall(SYS_mremap, page, (long)PAGE, length, MREMAP_MAYMOVE, 0L) == -1);
        CHECK(errno == EINVAL || errno == ENOMEM);
        CHECK(syscall(SYS_munmap, page, length) == -1 && errno == EINVAL);
        // Rounded up to whole pages the last one is nothing at all.
        long result = syscall(SYS_mprotect, page, length, PROT_READ);
        CHECK(result == -1 ? errno == ENOMEM || errno == EINVAL : length == -1ull);
        result = syscall(SYS_msync, page, length, MS_ASYNC);
        CHECK(result == -1 ? errno == ENOMEM || errno == EINVAL : length == -1ull);
        CHECK(syscall(SYS_mincore, page, length, bytes) == -1 && errno == ENOMEM);
        CHECK(syscall(SYS_mmap, -(uint64_t)PAGE - length, length, PROT_READ, anonymous | MAP_FIXED, -1, 0) == -1);
    }
    CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
    page[0] = bytes[0] = 1; // and all of it is still there
    CHECK(munmap(page, PAGE) == 0);
    printf("mappings ok\n");
}

static void sizes(int file) {
    struct sockaddr_storage name;
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct iovec vector = { bytes, 1 };
        struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = bytes };
        message.msg_controllen = lengths[i];
        CHECK(syscall(SYS_sendmsg, ends[0], &message, MSG_DONTWAIT) == -1 || (int)lengths[i] == 0);
        message.msg_controllen = 0, message.msg_iovlen = lengths[i];
        CHECK_FAILS(syscall(SYS_sendmsg, ends[0], &message, MSG_DONTWAIT), EMSGSIZE);
        CHECK_FAILS(syscall(SYS_setsockopt, ends[0], SOL_SOCKET, SO_SNDBUF, bytes, 1L << 31), EINVAL);
        CHECK_FAILS(syscall(SYS_bind, ends[0], &name, 1L << 31), EINVAL);
        CHECK_FAILS(syscall(SYS_getdents64, file, bytes, lengths[i]), ENOTDIR);
        CHECK(syscall(SYS_ftruncate, file, lengths[i] | 1ull << 63) == -1 && errno == EINVAL);
        CHECK_FAILS(syscall(SYS_setgroups, lengths[i] | 0x80000000, bytes), EINVAL);
    }
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
    printf("sizes ok\n");
}

int main(void) {
    int file = open("/proc/self/exe", O_RDONLY), null_device = open("/dev/null", O_RDWR);
    CHECK(file >= 0 && null_device >= 0);
    transfers(file, null_device);
    mappings();
    sizes(file);
    return check_ok();
}
