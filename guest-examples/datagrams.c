// UDP on the loopback: an echo service with boundaries, addresses, connected sockets that hear of a refusal, several
// messages in one call. A datagram may be lost even here, so questions are repeated.
#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>

static atomic_int stopping;

static int make_socket(struct sockaddr_in *address) {
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof *address;
    CHECK(descriptor >= 0 && bind(descriptor, (struct sockaddr *)address, sizeof *address) == 0);
    CHECK(getsockname(descriptor, (struct sockaddr *)address, &length) == 0 && address->sin_port != 0);
    return descriptor;
}

static void *echoes(void *argument) {
    int server = *(int *)argument;
    char bytes[9000];
    for (;;) {
        struct sockaddr_in from;
        socklen_t length = sizeof from;
        ssize_t n = recvfrom(server, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
        CHECK(n >= 0 && length == sizeof from);
        if (stopping) return NULL;
        CHECK_EQUAL(sendto(server, bytes, (size_t)n, 0, (struct sockaddr *)&from, length), n);
    }
}

// Until the answer to this question comes; older answers (to a question asked twice) are thrown away.
static void ask(int client, const struct sockaddr_in *server, const char *question, size_t size) {
    char answer[9000];
    for (int attempt = 0; attempt < 40; attempt++) {
        CHECK_EQUAL(sendto(client, question, size, 0, (const struct sockaddr *)server, sizeof *server), size);
        struct pollfd one = { client, POLLIN, 0 };
        while (poll(&one, 1, 500) == 1) {
            struct sockaddr_in from;
            socklen_t length = sizeof from;
            ssize_t n = recvfrom(client, answer, sizeof answer, 0, (struct sockaddr *)&from, &length);
            CHECK(n >= 0 && from.sin_port == server->sin_port);
            if ((size_t)n == size && memcmp(answer, question, size) == 0) return;
        }
    }
    check_failed(__FILE__, __LINE__, "no answer to a question of %zu bytes", size);
}

int main(void) {
    struct sockaddr_in server_address, client_address, other_address;
    int server = make_socket(&server_address), client = make_socket(&client_address),
        other = make_socket(&other_address);
    pthread_t echo = thread_start(echoes, &server);
    char question[9000];
    uint64_t state = 1;
    for (uint32_t i = 0; i < 150; i++) {
        size_t size = 4 + random_next(&state) % (i % 10 ? 500 : 8000);
        for (size_t j = 0; j < size; j++) question[j] = (char)random_next(&state);
        memcpy(question, &i, 4); // no two alike
        ask(client, &server_address, question, size);
    }
    ask(client, &server_address, "", 0); // the empty datagram is one too
    stopping = 1;
    CHECK_EQUAL(sendto(client, "", 0, 0, (struct sockaddr *)&server_address, sizeof server_address), 0);
    thread_join(echo);
    while (recv(client, question, sizeof question, MSG_DONTWAIT) >= 0) {} // answers to questions asked twice
    printf("echo ok\n");

    // Connected: talks to one peer only, and hears when nobody is there.
    CHECK(connect(client, (struct sockaddr *)&other_address, sizeof other_address) == 0);
    CHECK(sendto(server, "stranger", 8, 0, (struct sockaddr *)&client_address, sizeof client_address) == 8);
    CHECK(connect(other, (struct sockaddr *)&client_address, sizeof client_address) == 0);
    CHECK(send(other, "friend", 6, 0) == 6);
    struct pollfd one = { client, POLLIN, 0 };
    char bytes[100];
    CHECK(poll(&one, 1, 20000) == 1 && recv(client, bytes, sizeof bytes, 0) == 6 && memcmp(bytes, "friend", 6) == 0);
    CHECK_FAILS(recv(client, bytes, sizeof bytes, MSG_DONTWAIT), EAGAIN);
    CHECK(close(other) == 0 && send(client, "anyone?", 7, 0) == 7);
    CHECK(poll(&one, 1, 20000) == 1);
    CHECK_FAILS(recv(client, bytes, sizeof bytes, 0), ECONNREFUSED);
    // Connecting to AF_UNSPEC dissolves it.
    CHECK(connect(client, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr)) == 0);
    CHECK_FAILS(send(client, "x", 1, 0), EDESTADDRREQ);
    printf("connected ok\n");

    struct iovec parts[3] = { { "one", 3 }, { "three", 5 }, { "four", 4 } },
                 rooms[3] = { { bytes, 30 }, { bytes + 30, 30 }, { bytes + 60, 2 } };
    struct mmsghdr out[3], in[3];
    memset(out, 0, sizeof out);
    memset(in, 0, sizeof in);
    for (int i = 0; i < 3; i++) {
        out[i].msg_hdr = (struct msghdr){
            .msg_iov = &parts[i], .msg_iovlen = 1, .msg_name = &server_address, .msg_namelen = sizeof server_address
        };
        in[i].msg_hdr = (struct msghdr){ .msg_iov = &rooms[i], .msg_iovlen = 1 };
    }
    struct pollfd at_server = { server, POLLIN, 0 };
    CHECK(sendmmsg(client, out, 3, 0) == 3 && out[1].msg_len == 5 && poll(&at_server, 1, 20000) == 1);
    CHECK(recvmmsg(server, in, 3, 0, NULL) == 3 && in[0].msg_len == 3 && in[1].msg_len == 5 && in[2].msg_len == 2);
    CHECK(memcmp(bytes, "one", 3) == 0 && memcmp(bytes + 30, "three", 5) == 0 && (in[2].msg_hdr.msg_flags & MSG_TRUNC));
    CHECK_FAILS(sendto(client, question, 10, 0, NULL, 0), EDESTADDRREQ);
    CHECK(close(server) == 0 && close(client) == 0);
    return check_ok();
}
