// Unix sockets with names: a path in the file system, an abstract name, one chosen by the kernel; who is at the other
// end; datagrams that wait for room.
#include "scratch.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un address;
static socklen_t address_length;

static void name_it(const char *name, size_t length) {
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, name, length);
    address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static void *serves(void *argument) {
    int listener = *(int *)argument;
    for (int i = 0; i < 3; i++) {
        int connection = accept(listener, NULL, NULL);
        CHECK(connection >= 0);
        struct ucred peer;
        socklen_t length = sizeof peer;
        CHECK(getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0);
        CHECK(peer.pid == getpid() && peer.uid == getuid() && peer.gid == getgid());
        char bytes[1000];
        for (ssize_t n; (n = read(connection, bytes, sizeof bytes)) != 0;)
            CHECK(n > 0 && write(connection, bytes, (size_t)n) == n);
        CHECK(close(connection) == 0);
    }
    return NULL;
}

static void echo_service(void) {
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, address_length) == 0);
    int early = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_FAILS(connect(early, (struct sockaddr *)&address, address_length), ECONNREFUSED); // bound, but not listening
    CHECK(close(early) == 0 && listen(listener, 2) == 0);
    int second = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_FAILS(bind(second, (struct sockaddr *)&address, address_length), EADDRINUSE);
    CHECK(close(second) == 0);
    pthread_t server = thread_start(serves, &listener);
    for (int i = 0; i < 3; i++) {
        int client = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(connect(client, (struct sockaddr *)&address, address_length) == 0);
        struct sockaddr_un peer;
        socklen_t length = sizeof peer;
        CHECK(getpeername(client, (struct sockaddr *)&peer, &length) == 0 && peer.sun_family == AF_UNIX);
        CHECK(memcmp(peer.sun_path, address.sun_path, address_length - offsetof(struct sockaddr_un, sun_path)) == 0);
        for (int j = 1; j < 50; j++) {
            char out[200], back[200];
            memset(out, 'a' + j % 26, sizeof out);
            CHECK_EQUAL(write(client, out, (size_t)j * 4), j * 4);
            CHECK_EQUAL(recv(client, back, (size_t)j * 4, MSG_WAITALL), j * 4);
            CHECK(memcmp(out, back, (size_t)j * 4) == 0);
        }
        CHECK(close(client) == 0);
    }
    thread_join(server);
    CHECK(close(listener) == 0);
}

static void *receives(void *argument) {
    char bytes[2000];
    for (int i = 0; i < 500; i++) {
        CHECK_EQUAL(recv(*(int *)argument, bytes, sizeof bytes, 0), 1000 + i);
        CHECK_EQUAL(bytes[0], (char)i);
    }
    return NULL;
}

int main(void) {
    scratch_enter();
    struct stat status;
    name_it("socket", 7);
    echo_service();
    CHECK(stat("socket", &status) == 0 && S_ISSOCK(status.st_mode)); // outlives the socket that made it
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_FAILS(connect(client, (struct sockaddr *)&address, address_length), ECONNREFUSED);
    CHECK_FAILS(open("socket", O_RDWR), ENXIO);
    CHECK(unlink("socket") == 0);
    CHECK_FAILS(connect(client, (struct sockaddr *)&address, address_length), ENOENT);
    CHECK(close(client) == 0);
    printf("path ok\n");

    // Abstract: begins with a zero byte, all the bytes count, leaves nothing behind. Ours is unique by its directory.
    char name[108];
    int length = snprintf(name + 1, 100, "understudy-%s", strrchr(scratch_path, '.') + 1);
    name[0] = 0;
    name[length + 1] = 0;
    name_it(name, (size_t)length + 2);
    echo_service();
    client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_FAILS(connect(client, (struct sockaddr *)&address, address_length), ECONNREFUSED);
    CHECK(close(client) == 0);
    printf("abstract name ok\n");

    // Datagrams: none is lost, a sender waits; the kernel gives a name to a socket that asks for one.
    int server = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t given = sizeof address;
    name_it("", 0);
    CHECK(bind(server, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&address, &given) == 0 && given == sizeof(sa_family_t) + 6 &&
          address.sun_path[0] == 0);
    client = socket(AF_UNIX, SOCK_DGRAM, 0);
    pthread_t receiver = thread_start(receives, &server);
    for (int i = 0; i < 500; i++) {
        char bytes[2000];
        memset(bytes, i, sizeof bytes);
        CHECK_EQUAL(sendto(client, bytes, (size_t)(1000 + i), 0, (struct sockaddr *)&address, given), 1000 + i);
    }
    thread_join(receiver);
    CHECK(close(server) == 0 && close(client) == 0);
    scratch_leave();
    return check_ok();
}
