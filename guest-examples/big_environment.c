// The first stack as the kernel lays it out: arguments, environment and auxiliary vector, also when they are very
// large. `big_environment`: checks what is there. `big_environment COUNT LENGTH [ARGUMENT…]`: the starter has set BIG_0
// … BIG_<COUNT-1> and given COUNT more arguments, each LENGTH letters long: letter p of number i is 'a' + (i + p) % 26.
#include "check.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

extern char **environ;

static void check_pattern(const char *value, long number, long length) {
    CHECK(value != NULL && (long)strlen(value) == length);
    for (long p = 0; p < length; p++) CHECK_EQUAL(value[p], 'a' + (number + p) % 26);
}

int main(int argc, char **argv) {
    long count = argc > 2 ? atol(argv[1]) : 0, length = argc > 2 ? atol(argv[2]) : 0;
    // All of it one block, in order: argv, NULL, environment, NULL, auxiliary vector; the strings above, each behind
    // the other.
    CHECK(argc > 0 && argv[argc] == NULL && environ == argv + argc + 1);
    char *next = argv[0];
    uint64_t hash = HASH_START;
    for (int i = 0; i < argc; i++) {
        CHECK(argv[i] == next);
        next += strlen(next) + 1;
    }
    int variables = 0;
    for (; environ[variables]; variables++) {
        CHECK(environ[variables] == next);
        next += strlen(next) + 1;
    }
    CHECK(strcmp(next, (char *)getauxval(AT_EXECFN)) == 0); // the last string of all
    if (count > 0) {
        CHECK_EQUAL(argc, 3 + count);
        for (long i = 0; i < count; i++) {
            char name[32];
            snprintf(name, sizeof name, "BIG_%ld", i);
            check_pattern(getenv(name), i, length);
            check_pattern(argv[3 + i], i, length);
            hash = hash_bytes(hash, argv[3 + i], (size_t)length);
        }
    }
    printf("%ld variables and arguments of %ld letters, checksum %016llx\n", count, length, (unsigned long long)hash);

    // The auxiliary vector follows the environment.
    ElfW(auxv_t) *vector = (ElfW(auxv_t) *)(environ + variables + 1);
    int entries = 0, required = 0;
    for (; vector[entries].a_type != AT_NULL; entries++) {
        CHECK(entries < 64);
        unsigned long value = vector[entries].a_un.a_val;
        switch (vector[entries].a_type) {
            case AT_PAGESZ:
                CHECK_EQUAL(value, 4096);
                required++;
                break;
            case AT_CLKTCK:
                CHECK_EQUAL(value, 100);
                required++;
                break;
            case AT_PHENT:
                CHECK_EQUAL(value, sizeof(ElfW(Phdr)));
                required++;
                break;
            case AT_SECURE:
                CHECK_EQUAL(value, 0);
                required++;
                break;
            case AT_UID:
                CHECK_EQUAL(value, getuid());
                required++;
                break;
            case AT_EUID:
                CHECK_EQUAL(value, geteuid());
                required++;
                break;
            case AT_GID:
                CHECK_EQUAL(value, getgid());
                required++;
                break;
            case AT_PLATFORM:
                CHECK(strcmp((char *)value, "x86_64") == 0);
                required++;
                break;
            case AT_RANDOM:
            case AT_PHDR:
            case AT_PHNUM:
            case AT_ENTRY:
            case AT_EXECFN:
            case AT_HWCAP: required++; break;
        }
    }
    CHECK_EQUAL(required, 14);

    // Sixteen random bytes, not all the same (libc's stack guard and pointer guard come from them).
    unsigned char *random = (unsigned char *)getauxval(AT_RANDOM);
    int different = 0;
    for (int i = 1; i < 16; i++) different += random[i] != random[0];
    CHECK(different > 0);
    // The program's own headers lie in the first page of the segment that begins the file. The entry is in an
    // executable segment, and so is main.
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    unsigned long base = 0, entry = getauxval(AT_ENTRY);
    int found = 0;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
        if (headers[i].p_type == PT_LOAD && headers[i].p_offset == 0)
            base = ((unsigned long)headers & ~4095UL) - headers[i].p_vaddr;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
        unsigned long start = base + headers[i].p_vaddr, end = start + headers[i].p_memsz;
        if (headers[i].p_type != PT_LOAD || !(headers[i].p_flags & PF_X)) continue;
        found += entry >= start && entry < end;
        found += (unsigned long)main >= start && (unsigned long)main < end;
    }
    CHECK_EQUAL(found, 2);
    // The vDSO, where there is one, is an ELF image.
    const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR);
    CHECK(vdso == NULL || memcmp(vdso, ELFMAG, SELFMAG) == 0);

    // libc moves the environment when it is changed; what the kernel put there stays.
    CHECK(setenv("GUEST_ADDED", "value", 1) == 0 && strcmp(getenv("GUEST_ADDED"), "value") == 0);
    CHECK(unsetenv("GUEST_ADDED") == 0 && getenv("GUEST_ADDED") == NULL);
    return check_ok();
}
