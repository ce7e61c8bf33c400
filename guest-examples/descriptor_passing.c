// Descriptors sent through sockets (SCM_RIGHTS): what arrives is the same open file under a new number, also when it
// was closed in between, when it is the socket itself, or when there is no room for it.
#include "scratch.h"
#include <sys/socket.h>

static int sockets[2];

static void send_descriptors(const int *descriptors, int count, const char *text) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct iovec part = { (void *)text, strlen(text) };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int)) };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    CHECK_EQUAL(sendmsg(sockets[0], &message, 0), strlen(text));
}

static int receive(int *descriptors, int room, char *text, size_t size, int flags, int *message_flags) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct iovec part = { text, size };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = room ? CMSG_LEN((size_t)room * sizeof(int)) : 0 };
    ssize_t length = recvmsg(sockets[1], &message, flags);
    CHECK(length >= 0);
    text[length] = 0;
    *message_flags = message.msg_flags;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL) return 0;
    CHECK(header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS);
    int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(descriptors, CMSG_DATA(header), (size_t)count * sizeof(int));
    return count;
}

int main(void) {
    int got[16], flags, ends[2];
    char text[64];
    scratch_enter();
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);

    // A file: position and flags are shared, and it lives although the sender closed it before it was received.
    int file = file_open("file", O_CREAT | O_RDWR);
    CHECK_EQUAL(write(file, "0123456789", 10), 10);
    CHECK_EQUAL(lseek(file, 4, SEEK_SET), 4);
    send_descriptors(&file, 1, "file");
    CHECK(close(file) == 0 && unlink("file") == 0);
    CHECK_EQUAL(receive(got, 1, text, 60, MSG_CMSG_CLOEXEC, &flags), 1);
    CHECK(strcmp(text, "file") == 0 && fcntl(got[0], F_GETFD) == FD_CLOEXEC);
    CHECK(read(got[0], text, 60) == 6 && memcmp(text, "456789", 6) == 0 && close(got[0]) == 0);

    // Several at once: both ends of a pipe and an end of this very socket pair.
    CHECK(pipe(ends) == 0);
    send_descriptors((int[]){ ends[0], ends[1], sockets[0] }, 3, "three");
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
    CHECK_EQUAL(receive(got, 8, text, 60, 0, &flags), 3);
    CHECK(write(got[1], "through", 7) == 7 && read(got[0], text, 60) == 7 && memcmp(text, "through", 7) == 0);
    CHECK(write(got[2], "myself", 6) == 6 && read(sockets[1], text, 60) == 6);
    for (int i = 0; i < 3; i++) CHECK(close(got[i]) == 0);
    CHECK(pipe(ends) == 0);

    // Descriptors mark a boundary in the stream: the bytes before and after are not read together with them.
    CHECK_EQUAL(write(sockets[0], "before", 6), 6);
    send_descriptors(&ends[1], 1, "with");
    CHECK_EQUAL(write(sockets[0], "after", 5), 5);
    CHECK_EQUAL(receive(got, 1, text, 3, 0, &flags), 0);
    ssize_t length = (ssize_t)strlen(text);
    CHECK_EQUAL(receive(got, 1, text, 60, 0, &flags), 1);
    CHECK(length == 3 && strcmp(text, "orewith") == 0 && close(got[0]) == 0);
    CHECK(receive(got, 1, text, 60, 0, &flags) == 0 && strcmp(text, "after") == 0);

    // No room for all: the rest is closed and the message is marked. A plain read drops them.
    send_descriptors((int[]){ ends[0], ends[1] }, 2, "two");
    CHECK_EQUAL(receive(got, 1, text, 60, 0, &flags), 1);
    CHECK((flags & MSG_CTRUNC) && close(got[0]) == 0);
    send_descriptors(&ends[1], 1, "dropped");
    CHECK(close(ends[1]) == 0);
    CHECK_EQUAL(read(sockets[1], text, 60), 7);
    CHECK_EQUAL(read(ends[0], text, 1), 0); // that was the last write end
    CHECK(close(ends[0]) == 0);

    // Closed together with the socket they are queued on.
    CHECK(pipe(ends) == 0);
    send_descriptors(&ends[1], 1, "lost");
    CHECK(close(ends[1]) == 0 && close(sockets[0]) == 0 && close(sockets[1]) == 0);
    CHECK_EQUAL(read(ends[0], text, 1), 0);
    CHECK(close(ends[0]) == 0);
    scratch_leave();
    return check_ok();
}
