// other-machine LINK_PORT SERVICE_PORT WORDS…: runs a program in a network of its own, as if on another machine.
//
// Prints two ports of this machine: what connects to the first is passed on to LINK_PORT there, what connects to the
// second to SERVICE_PORT. From SIGUSR1 on nothing more is passed on by the first, either way, and its connections stay
// open: a link that has dropped. Ends with the program; 77 where the kernel allows no network of one's own.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests.h"

enum { NOT_ALLOWED = 77 };

struct port {
    int listener;
    int target;
    // Whether SIGUSR1 ends what it passes on.
    int is_link;
};

// One way of a connection. Both ways share the two sockets; the second to end closes them.
struct way {
    int from, to;
    int is_link;
    atomic_int *ended;
};

static atomic_int has_dropped;

static int fail(const char *what) {
    fprintf(stderr, "other-machine: %s: %s\n", what, strerror(errno));
    return 1;
}

static void drop(int number) {
    (void)number;
    atomic_store(&has_dropped, 1);
}

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

// MARK: - Its network

static int write_file(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t written = write(file, text, strlen(text));
    close(file);
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

// As root without, as anybody else with a user namespace, in which one is who one was.
static int leave_network(void) {
    if (unshare(CLONE_NEWNET) == 0) return 0;
    char users[64], groups[64];
    snprintf(users, sizeof users, "%d %d 1\n", (int)geteuid(), (int)geteuid());
    snprintf(groups, sizeof groups, "%d %d 1\n", (int)getegid(), (int)getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return -1;
    write_file("/proc/self/setgroups", "deny");
    return write_file("/proc/self/uid_map", users) == 0 && write_file("/proc/self/gid_map", groups) == 0 ? 0 : -1;
}

static int raise_loopback(void) {
    struct ifreq request = {.ifr_name = "lo"};
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0 || ioctl(any, SIOCGIFFLAGS, &request) != 0) return -1;
    request.ifr_flags |= IFF_UP;
    int result = ioctl(any, SIOCSIFFLAGS, &request);
    close(any);
    return result;
}

// MARK: - Passing on

static void *pass_on(void *argument) {
    struct way way = *(struct way *)argument;
    free(argument);
    static _Thread_local char bytes[1 << 16];
    while (1) {
        ssize_t count = recv(way.from, bytes, sizeof bytes, 0);
        while (way.is_link && atomic_load(&has_dropped)) pause();
        if (count <= 0) break;
        ssize_t done = 0;
        while (done < count) {
            ssize_t sent = send(way.to, bytes + done, (size_t)(count - done), MSG_NOSIGNAL);
            if (sent <= 0) break;
            done += sent;
        }
        if (done < count) break;
    }
    shutdown(way.from, SHUT_RDWR);
    shutdown(way.to, SHUT_RDWR);
    if (atomic_fetch_add(way.ended, 1) == 1) {
        close(way.from);
        close(way.to);
        free(way.ended);
    }
    return NULL;
}

static int start_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) != 0) return -1;
    pthread_detach(thread);
    return 0;
}

static void connect_through(int near, const struct port *port) {
    struct sockaddr_in address = loopback(port->target);
    int one = 1, far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (far < 0 || connect(far, (struct sockaddr *)&address, sizeof address) != 0) {
        close(near);
        if (far >= 0) close(far);
        return;
    }
    setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    atomic_int *ended = calloc(1, sizeof *ended);
    struct way *ways[2] = {malloc(sizeof(struct way)), malloc(sizeof(struct way))};
    if (!ended || !ways[0] || !ways[1]) abort();
    *ways[0] = (struct way){near, far, port->is_link, ended};
    *ways[1] = (struct way){far, near, port->is_link, ended};
    for (int index = 0; index < 2; index++)
        if (start_thread(pass_on, ways[index]) != 0) abort();
}

static void *serve(void *argument) {
    const struct port *port = argument;
    while (1) {
        int near = accept4(port->listener, NULL, NULL, SOCK_CLOEXEC);
        if (near < 0) return NULL;
        while (port->is_link && atomic_load(&has_dropped)) pause();
        connect_through(near, port);
    }
}

static int open_port(struct port *port, const char *target, int is_link) {
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    port->target = atoi(target);
    port->is_link = is_link;
    port->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (port->listener < 0 || bind(port->listener, (struct sockaddr *)&address, length) != 0) return -1;
    if (listen(port->listener, 128) != 0) return -1;
    return getsockname(port->listener, (struct sockaddr *)&address, &length) == 0 ? ntohs(address.sin_port) : -1;
}

// MARK: - All of it

int guest_other_machine(int count, char **words) {
    static struct port link, service;
    if (count < 3) return 64;
    // These stay in this network; what connects from now on is in the new one.
    int link_port = open_port(&link, words[0], 1), service_port = open_port(&service, words[1], 0);
    if (link_port < 0 || service_port < 0) return fail("no port");
    if (leave_network() != 0) {
        fail("no network of its own");
        return NOT_ALLOWED;
    }
    if (raise_loopback() != 0) return fail("no loopback");
    pid_t program = fork();
    if (program < 0) return fail("fork");
    if (program == 0) {
        execv(words[2], words + 2);
        fail(words[2]);
        _exit(127);
    }
    signal(SIGUSR1, drop);
    if (start_thread(serve, &link) != 0 || start_thread(serve, &service) != 0) return fail("no thread");
    printf("%d %d\n", link_port, service_port);
    fflush(stdout);
    int status;
    while (waitpid(program, &status, 0) < 0)
        if (errno != EINTR) return fail("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
