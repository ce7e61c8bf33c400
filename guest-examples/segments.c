// System V shared memory: made by a key or without one, attached in several places, by a child as well, and removed.
#include "check.h"
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

enum { PAGE = 4096, SIZE = 2 * PAGE + 100, PAGES = 3 * PAGE, ROUNDS = 20 };
static int keyed = -1, nameless = -1;

static void remove_all(void) {
    if (keyed >= 0) shmctl(keyed, IPC_RMID, NULL);
    if (nameless >= 0) shmctl(nameless, IPC_RMID, NULL);
}

static struct shmid_ds status_of(int segment) {
    struct shmid_ds status;
    memset(&status, 0x55, sizeof status);
    CHECK(shmctl(segment, IPC_STAT, &status) == 0);
    return status;
}

static void *attach(int segment, int flags) {
    void *address = shmat(segment, NULL, flags);
    CHECK(address != (void *)-1);
    return address;
}

static key_t make_keyed(void) {
    key_t key = (key_t)(0x55000000 | (getpid() & 0xffffff));
    CHECK_FAILS(shmget(key, SIZE, 0600), ENOENT);
    CHECK_FAILS(shmget(key, 0, IPC_CREAT | 0600), EINVAL);
    keyed = shmget(key, SIZE, IPC_CREAT | IPC_EXCL | 0640);
    CHECK(keyed >= 0);
    CHECK_FAILS(shmget(key, SIZE, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
    CHECK_FAILS(shmget(key, SIZE + 1, 0600), EINVAL);
    CHECK_EQUAL(shmget(key, SIZE, IPC_CREAT | 0600), keyed);
    CHECK_EQUAL(shmget(key, 0, 0), keyed);
    return key;
}

static void look_at_status(key_t key) {
    struct shmid_ds status = status_of(keyed);
    CHECK(status.shm_perm.__key == key && status.shm_perm.mode == 0640);
    CHECK(status.shm_perm.uid == geteuid() && status.shm_perm.cgid == getegid());
    CHECK(status.shm_segsz == SIZE && status.shm_nattch == 0);
    CHECK(status.shm_cpid == getpid() && status.shm_lpid == 0 && status.shm_atime == 0 && status.shm_ctime > 0);
    status.shm_perm.mode = 0600;
    CHECK(shmctl(keyed, IPC_SET, &status) == 0);
    CHECK_EQUAL(status_of(keyed).shm_perm.mode, 0600);
    struct shminfo limits;
    CHECK(shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) >= 0 && limits.shmmin == 1);
    struct shm_info all;
    CHECK(shmctl(0, SHM_INFO, (struct shmid_ds *)&all) >= 0 && all.used_ids >= 1 && all.shm_tot >= 3);
    CHECK_FAILS(shmctl(keyed, 77, &status), EINVAL);
    CHECK_FAILS(shmctl(-1, IPC_STAT, &status), EINVAL);
    CHECK_FAILS(shmctl(keyed, IPC_STAT, NULL), EFAULT);
    CHECK(shmctl(keyed, SHM_LOCK, NULL) == 0 || errno == EPERM || errno == ENOMEM);
    CHECK(shmctl(keyed, SHM_UNLOCK, NULL) == 0 || errno == EPERM);
}

static void attach_in_places(void) {
    char *one = attach(keyed, 0);
    const char *other = attach(keyed, SHM_RDONLY);
    CHECK(one[0] == 0 && one[PAGES - 1] == 0 && one != other);
    strcpy(one + PAGE, "written here");
    CHECK(strcmp(other + PAGE, "written here") == 0);
    struct shmid_ds status = status_of(keyed);
    CHECK(status.shm_nattch == 2 && status.shm_lpid == getpid() && status.shm_atime > 0);
    CHECK_FAILS(mprotect((void *)other, PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK(shmat(keyed, one, 0) == (void *)-1 && errno == EINVAL);
    CHECK(shmat(keyed, one + 1, 0) == (void *)-1 && errno == EINVAL);
    CHECK(shmat(keyed, NULL, SHM_REMAP) == (void *)-1 && errno == EINVAL);
    CHECK(shmat(-5, NULL, 0) == (void *)-1 && errno == EINVAL);
    char *room = mmap(NULL, PAGES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(room != MAP_FAILED);
    CHECK(shmat(keyed, room + 77, SHM_RND | SHM_REMAP) == room);
    CHECK(strcmp(room + PAGE, "written here") == 0);
    // Its first page is gone; the rest is still an attachment that began there.
    CHECK(munmap(room, PAGE) == 0 && shmdt(room) == 0);
    CHECK_FAILS(shmdt(room), EINVAL);
    CHECK_FAILS(shmdt(one + PAGE), EINVAL);
    CHECK_FAILS(shmdt(one + 1), EINVAL);
    CHECK(mmap(room, PAGES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == room);
    CHECK(munmap(room, PAGES) == 0 && shmdt(other) == 0 && shmdt(one) == 0);
    status = status_of(keyed);
    CHECK(status.shm_nattch == 0 && status.shm_dtime > 0);
    one = attach(keyed, 0);
    CHECK(strcmp(one + PAGE, "written here") == 0 && shmdt(one) == 0);
}

// What is removed stays for those who have it, and for those whom they tell its number.
static void remove_attached(key_t key) {
    char *one = attach(keyed, 0);
    CHECK(shmctl(keyed, IPC_RMID, NULL) == 0);
    struct shmid_ds status = status_of(keyed);
    CHECK((status.shm_perm.mode & SHM_DEST) != 0 && status.shm_nattch == 1 && status.shm_perm.__key == IPC_PRIVATE);
    CHECK_FAILS(shmget(key, SIZE, 0600), ENOENT);
    char *other = attach(keyed, 0);
    CHECK(strcmp(other + PAGE, "written here") == 0);
    CHECK(shmdt(one) == 0 && munmap(other, PAGES) == 0);
    CHECK_FAILS(shmctl(keyed, IPC_STAT, &status), EINVAL);
    CHECK(shmat(keyed, NULL, 0) == (void *)-1 && errno == EINVAL);
    keyed = -1;
}

// One that is killed, as all are when their parent goes on elsewhere, has another in its place.
static void count_by_child(int *counter, int value) {
    int status;
    do {
        *counter = value;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            int *own = shmat(nameless, NULL, 0);
            if (own == (void *)-1 || *own != value) _exit(1);
            own[PAGE / sizeof(int)] = value;
            ++*own;
            _exit(shmdt(own) == 0 && shmdt(counter) == 0 ? 0 : 2);
        }
        CHECK(waitpid(child, &status, 0) == child);
    } while (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_EQUAL(status, 0);
    CHECK(*counter == value + 1 && counter[PAGE / sizeof(int)] == value);
}

int main(void) {
    check_cleanup = remove_all;
    key_t key = make_keyed();
    look_at_status(key);
    attach_in_places();
    remove_attached(key);
    nameless = shmget(IPC_PRIVATE, SIZE, 0600);
    CHECK(nameless >= 0 && shmget(IPC_PRIVATE, (size_t)-1, 0600) == -1);
    int *counter = attach(nameless, 0);
    for (int round = 0; round < ROUNDS; round++) {
        count_by_child(counter, 10 * round);
        sleep_us(1000);
        CHECK_EQUAL(*counter, 10 * round + 1);
    }
    CHECK(shmctl(nameless, IPC_RMID, NULL) == 0 && shmdt(counter) == 0);
    nameless = -1;
    return check_ok();
}
