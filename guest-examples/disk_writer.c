// Files as a database uses them: records written at offsets, a log that is appended to and synced, a replacement moved
// into place by rename. After each step everything is read back in another way than it was written.
#include "scratch.h"
#include <dirent.h>
#include <sys/uio.h>

enum { RECORD = 1000, RECORDS = 64 }; // not a divisor of the page size: records straddle pages

static void make_record(char *record, int number, int version) {
    uint64_t state = (uint64_t)number * 1000 + (uint64_t)version;
    for (int i = 0; i < RECORD; i++) record[i] = (char)random_next(&state);
}

static void records_at_offsets(void) {
    char record[RECORD], back[RECORD];
    int version[RECORDS] = { 0 };
    int file = file_open("records", O_CREAT | O_EXCL | O_RDWR);
    uint64_t state = 7;
    for (int i = 0; i < 300; i++) {
        int number = (int)(random_next(&state) % RECORDS);
        make_record(record, number, ++version[number]);
        CHECK_EQUAL(pwrite(file, record, RECORD, number * RECORD), RECORD);
        if (i % 100 == 99) CHECK(fsync(file) == 0);
        number = (int)(random_next(&state) % RECORDS);
        if (version[number] == 0) continue;
        make_record(record, number, version[number]);
        CHECK_EQUAL(pread(file, back, RECORD, number * RECORD), RECORD);
        CHECK(memcmp(record, back, RECORD) == 0);
    }
    // pread and pwrite left the position where it was.
    CHECK_EQUAL(lseek(file, 0, SEEK_CUR), 0);
    for (int number = 0; number < RECORDS; number++) {
        CHECK_EQUAL(read(file, back, RECORD), RECORD);
        memset(record, 0, RECORD); // a record never written is a hole
        if (version[number]) make_record(record, number, version[number]);
        CHECK(memcmp(record, back, RECORD) == 0);
    }
    CHECK_EQUAL(read(file, back, RECORD), 0);

    // Shrink, grow: what comes back is zeroes.
    CHECK(ftruncate(file, 100) == 0 && ftruncate(file, 5000) == 0);
    CHECK_EQUAL(lseek(file, 0, SEEK_END), 5000);
    CHECK_EQUAL(pread(file, back, RECORD, 100), RECORD);
    for (int i = 0; i < RECORD; i++) CHECK(back[i] == 0);
    CHECK_FAILS(lseek(file, -1, SEEK_SET), EINVAL);
    CHECK(close(file) == 0 && unlink("records") == 0);
    CHECK_FAILS(open("records", O_RDONLY), ENOENT);
    printf("records ok\n");
}

static void log_with_rename(void) {
    uint64_t hash = HASH_START;
    for (int generation = 0; generation < 4; generation++) {
        int file = file_open("log.new", O_CREAT | O_TRUNC | O_WRONLY | O_APPEND);
        for (int i = 0; i < 50; i++) {
            char head[32], body[64];
            int head_length = snprintf(head, sizeof head, "%d.%d:", generation, i);
            int body_length = snprintf(body, sizeof body, "%0*d\n", i + 1, i);
            struct iovec parts[] = { { head, (size_t)head_length }, { NULL, 0 }, { body, (size_t)body_length } };
            // O_APPEND: the position set here does not matter.
            CHECK(lseek(file, 0, SEEK_SET) == 0);
            CHECK_EQUAL(writev(file, parts, 3), head_length + body_length);
        }
        CHECK(fdatasync(file) == 0 && close(file) == 0);
        CHECK(rename("log.new", "log") == 0);
        CHECK_FAILS(access("log.new", F_OK), ENOENT);

        char head[10], body[8000];
        struct iovec parts[] = { { head, sizeof head }, { body, sizeof body } };
        file = file_open("log", O_RDONLY);
        struct stat status;
        CHECK(fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1);
        ssize_t length = readv(file, parts, 2);
        CHECK_EQUAL(length, status.st_size);
        CHECK(head[0] == '0' + generation && memcmp(head + 1, ".0:0\n", 5) == 0);
        hash = hash_bytes(hash_bytes(hash, head, 10), body, (size_t)length - 10);
        CHECK(close(file) == 0);
    }
    CHECK(unlink("log") == 0);
    printf("log %016llx\n", (unsigned long long)hash);
}

static void directory_changes(void) {
    CHECK(mkdir("data", 0700) == 0);
    char name[32];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "data/%d", i);
        file_write(name, name, (size_t)i);
    }
    CHECK_FAILS(rmdir("data"), ENOTEMPTY);
    uint64_t seen = 0;
    DIR *directory = opendir("data");
    CHECK(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        int i = atoi(entry->d_name);
        struct stat status;
        CHECK(fstatat(dirfd(directory), entry->d_name, &status, 0) == 0);
        CHECK_EQUAL(status.st_size, i);
        CHECK_EQUAL(status.st_ino, entry->d_ino);
        seen |= 1ULL << i;
    }
    CHECK_EQUAL(seen, (1ULL << 40) - 1);
    CHECK(closedir(directory) == 0);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "data/%d", i);
        CHECK(unlink(name) == 0);
    }
    CHECK(rmdir("data") == 0);
    printf("directory ok\n");
}

int main(void) {
    scratch_enter();
    records_at_offsets();
    log_with_rename();
    directory_changes();
    scratch_leave();
    return check_ok();
}
