// Operations that make, move and remove names.
#ifndef VOLUME_MODEL_NAME_OPERATIONS_H
#define VOLUME_MODEL_NAME_OPERATIONS_H

#include "paths.h"
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

enum { ENTRIES_WANTED = 40, DEPTH_MAX = 8 };

static bool may_grow(void) { return run.model.entry_count < ENTRIES_WANTED; }

static int depth_of(const struct inode *directory) {
    int depth = 0;
    for (; directory; directory = directory->parent) depth++;
    return depth;
}

// How many directories lie on the longest way down from one, itself included.
static int height_of(const struct inode *directory) {
    int height = 0;
    for (size_t i = 0; i < run.model.entry_count; i++) {
        struct entry *entry = &run.model.entries[i];
        if (entry->directory != directory || entry->inode->kind != S_IFDIR) continue;
        int inner = height_of(entry->inode);
        if (inner > height) height = inner;
    }
    return height + 1;
}

// A mode of which the owner keeps what comparing needs.
static mode_t random_mode(mode_t kind) {
    mode_t special = run.is_root ? (mode_t)below(010) << 9 : 0;
    // Sticky directories have rules of their own (fs.protected_regular and its like).
    if (kind == S_IFDIR) return (one_in(2) ? special & S_ISGID : 0) | 0700 | (mode_t)below(0100);
    return special | 0600 | (mode_t)below(0200);
}

// Owner, group and mode as the kernel gives them to something new in a directory.
static struct inode *make_inode(const struct inode *parent, mode_t kind, mode_t mode) {
    gid_t group = getegid();
    mode &= ~run.mask;
    if (parent->mode & S_ISGID) {
        group = parent->group;
        if (kind == S_IFDIR) mode |= S_ISGID;
    }
    return inode_new(&run.model, kind, mode, geteuid(), group);
}

static void make_name(struct found *found, mode_t kind, mode_t mode) {
    entry_add(&run.model, found->parent, found->name, make_inode(found->parent, kind, mode));
}

// open with O_CREAT and whatever flags; follows a symbolic link to where nothing is yet.
static void create(int flags, struct place place) {
    if (!may_open() || !may_grow()) return;
    struct found found = find(&place, !(flags & (O_EXCL | O_NOFOLLOW)));
    mode_t mode = random_mode(S_IFREG);
    if (found.is_outside) return;
    int error = found.error ? found.error : found.name_error;
    if (!error && found.inode) {
        mode_t kind = found.inode->kind;
        if (flags & O_EXCL) error = EEXIST;
        else if (kind == S_IFLNK) error = ELOOP;
        else if (kind == S_IFDIR) error = EISDIR;
        else if (kind == S_IFSOCK) error = ENXIO;
        else if (kind != S_IFREG) return;
    } else if (!error && found.parent->link_count == 0) {
        error = ENOENT;
    }
    WHAT("openat %d \"%s\" flags %#o mode %#o", place.base, place.path, flags, mode);
    int number = openat(place.base, place.path, flags | O_CLOEXEC, mode);
    if (!came_out(number, error)) return;
    if (found.inode == NULL) {
        make_name(&found, S_IFREG, mode);
        found.inode = entry_find(&run.model, found.parent, found.name)->inode;
    } else if (flags & O_TRUNC) {
        inode_resize(found.inode, 0);
    }
    descriptor_open(number, found.inode, flags);
}

static int random_access(void) { return one_in(5) ? O_WRONLY : O_RDWR; }

static void do_create(void) { create(O_CREAT | random_access() | (one_in(9) ? O_NOFOLLOW : 0), new_place()); }
static void do_create_existing(void) { create(O_CREAT | random_access(), old_place(one_in(2) ? S_IFLNK : S_IFREG)); }
static void do_create_exclusive(void) {
    create(O_CREAT | O_EXCL | random_access(), one_in(5) ? old_place(0) : new_place());
}
static void do_create_truncate(void) {
    create(O_CREAT | O_TRUNC | random_access(), one_in(3) ? new_place() : old_place(S_IFREG));
}
static void do_create_append(void) {
    create(O_CREAT | O_APPEND | random_access(), one_in(2) ? new_place() : old_place(S_IFREG));
}

static void open_existing(int flags) {
    struct place place = old_place(S_IFREG);
    struct found found = find(&place, true);
    if (!may_open() || found.is_outside) return;
    int error = missing(&found);
    if (!error && found.inode->kind == S_IFDIR) error = flags & O_ACCMODE ? EISDIR : 0;
    else if (!error && found.inode->kind == S_IFSOCK) error = ENXIO;
    else if (!error && found.inode->kind != S_IFREG) return;
    WHAT("openat %d \"%s\" flags %#o", place.base, place.path, flags);
    int number = openat(place.base, place.path, flags | O_CLOEXEC);
    if (!came_out(number, error)) return;
    if (flags & O_TRUNC) inode_resize(found.inode, 0);
    descriptor_open(number, found.inode, flags);
}

static void do_open(void) { open_existing(one_in(3) ? O_RDONLY : O_RDWR); }
static void do_open_append(void) { open_existing(O_RDWR | O_APPEND); }
static void do_open_truncate(void) { open_existing(random_access() | O_TRUNC); }

static void do_open_directory(void) {
    struct place place = old_place(S_IFDIR);
    struct found found = find(&place, true);
    if (!may_open() || found.is_outside) return;
    int error = missing(&found);
    if (!error && found.inode->kind != S_IFDIR) error = ENOTDIR;
    WHAT("openat %d \"%s\" O_DIRECTORY", place.base, place.path);
    int number = openat(place.base, place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (came_out(number, error)) descriptor_open(number, found.inode, O_RDONLY);
}

static void do_open_nameless(void) {
    if (!may_open()) return;
    struct place place = old_place(S_IFDIR);
    struct found found = find(&place, true);
    if (found.is_outside) return;
    int error = missing(&found), exclusive = one_in(4) ? O_EXCL : 0;
    if (!error && found.inode->kind != S_IFDIR) error = ENOTDIR;
    if (!error && found.inode->link_count == 0) return;
    mode_t mode = random_mode(S_IFREG);
    WHAT("openat %d \"%s\" O_TMPFILE mode %#o", place.base, place.path, mode);
    int number = openat(place.base, place.path, O_TMPFILE | O_RDWR | O_CLOEXEC | exclusive, mode);
    if (!came_out(number, error)) return;
    struct inode *inode = make_inode(found.inode, S_IFREG, mode);
    inode->may_be_linked = !exclusive;
    descriptor_open(number, inode, O_RDWR);
}

// Gives a file that is open a name: its first, or one more; not to a file that has lost its last.
static void do_link_descriptor(void) {
    struct descriptor *descriptor = random_descriptor(S_IFREG);
    struct place place = new_place();
    struct found found = find(&place, false);
    if (descriptor == NULL || found.is_outside || !may_grow()) return;
    struct inode *inode = descriptor->description->inode;
    int error = occupied(&found);
    if (!error && inode->link_count == 0 && !inode->may_be_linked) error = ENOENT;
    int result;
    if (run.is_root && one_in(2)) {
        WHAT("linkat %d AT_EMPTY_PATH to %d \"%s\"", descriptor->number, place.base, place.path);
        result = linkat(descriptor->number, "", place.base, place.path, AT_EMPTY_PATH);
    } else {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor->number);
        WHAT("linkat %s to %d \"%s\"", path, place.base, place.path);
        result = linkat(AT_FDCWD, path, place.base, place.path, AT_SYMLINK_FOLLOW);
    }
    if (!came_out(result, error)) return;
    entry_add(&run.model, found.parent, found.name, inode);
    inode->may_be_linked = false;
}

static void do_link(void) {
    struct place from = old_place(0), to = one_in(8) ? old_place(0) : new_place();
    bool follows = one_in(4);
    struct found old = find(&from, follows), new = find(&to, false);
    if (old.is_outside || new.is_outside || !may_grow()) return;
    int error = missing(&old);
    if (!error) error = occupied(&new);
    if (!error && old.inode->kind == S_IFDIR) error = EPERM;
    WHAT("linkat %d \"%s\" to %d \"%s\" follow %d", from.base, from.path, to.base, to.path, follows);
    int result = linkat(from.base, from.path, to.base, to.path, follows ? AT_SYMLINK_FOLLOW : 0);
    if (came_out(result, error)) entry_add(&run.model, new.parent, new.name, old.inode);
}

static void do_symlink(void) {
    struct place place = new_place(), target = { .from = model_root(&run.model) };
    struct found found = find(&place, false);
    if (found.is_outside || !may_grow()) return;
    if (one_in(3)) strcpy(target.path, run.volume);
    else if (found.parent) target.from = found.parent;
    struct entry *entry = random_entry();
    if (entry && !one_in(5)) {
        append_way(&target, entry->directory);
        append_name(&target, entry->name);
    } else {
        append_name(&target, random_name());
    }
    WHAT("symlinkat \"%s\" at %d \"%s\"", target.path, place.base, place.path);
    if (!came_out(symlinkat(target.path, place.base, place.path), occupied(&found))) return;
    mode_t mask = run.mask;
    run.mask = 0;
    make_name(&found, S_IFLNK, 0777);
    run.mask = mask;
    struct inode *inode = entry_find(&run.model, found.parent, found.name)->inode;
    inode_reserve(inode, strlen(target.path) + 1);
    strcpy((char *)inode->bytes, target.path);
    inode->byte_count = strlen(target.path);
}

static void do_mkdir(void) {
    struct place place = one_in(8) ? old_place(0) : new_place();
    struct found found = find(&place, false);
    if (found.is_outside || !may_grow() || depth_of(found.parent) >= DEPTH_MAX) return;
    mode_t mode = random_mode(S_IFDIR) & 0777;
    WHAT("mkdirat %d \"%s\" mode %#o", place.base, place.path, mode);
    if (came_out(mkdirat(place.base, place.path, mode), occupied(&found))) make_name(&found, S_IFDIR, mode);
}

static void make_node(mode_t kind, dev_t device) {
    struct place place = one_in(8) ? old_place(0) : new_place();
    struct found found = find(&place, false);
    if (found.is_outside || !may_grow()) return;
    mode_t mode = random_mode(kind);
    WHAT("mknodat %d \"%s\" mode %#o", place.base, place.path, kind | mode);
    if (came_out(mknodat(place.base, place.path, kind | mode, device), occupied(&found))) make_name(&found, kind, mode);
}

static void do_make_fifo(void) { make_node(S_IFIFO, 0); }
static void do_make_file(void) { make_node(S_IFREG, 0); }
static void do_make_device(void) { make_node(S_IFCHR, makedev(1, 3)); }

// A socket's file stays when the socket is closed.
static void do_bind_socket(void) {
    struct place place = new_place();
    struct found found = find(&place, false);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (found.is_outside || !may_grow() || place.base != AT_FDCWD) return;
    if (place.path[0] != '/' && place.from != run.working_directory) return;
    if (strlen(place.path) >= sizeof address.sun_path) return;
    strcpy(address.sun_path, place.path);
    int number = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), error = occupied(&found);
    CHECK(number >= 0);
    WHAT("bind \"%s\"", place.path);
    int result = bind(number, (struct sockaddr *)&address, sizeof address);
    if (came_out(result, error == EEXIST ? EADDRINUSE : error)) make_name(&found, S_IFSOCK, 0777);
    CHECK(close(number) == 0);
}

static void do_unlink(void) {
    struct place place = one_in(12) ? old_place(S_IFDIR) : old_place(one_in(2) ? S_IFREG : 0);
    struct found found = find(&place, false);
    if (found.is_outside) return;
    int error = missing(&found);
    if (!error && found.inode->kind == S_IFDIR) error = EISDIR;
    WHAT("unlinkat %d \"%s\"", place.base, place.path);
    if (!came_out(unlinkat(place.base, place.path, 0), error)) return;
    entry_remove(&run.model, entry_find(&run.model, found.parent, found.name));
}

static void do_rmdir(void) {
    struct place place = old_place(one_in(8) ? 0 : S_IFDIR);
    struct found found = find(&place, false);
    if (found.is_outside) return;
    int error = missing(&found);
    if (!error && found.inode->kind != S_IFDIR) error = ENOTDIR;
    if (!error && !directory_is_empty(&run.model, found.inode)) error = ENOTEMPTY;
    WHAT("unlinkat %d \"%s\" AT_REMOVEDIR", place.base, place.path);
    if (!came_out(unlinkat(place.base, place.path, AT_REMOVEDIR), error)) return;
    entry_remove(&run.model, entry_find(&run.model, found.parent, found.name));
}

#endif
