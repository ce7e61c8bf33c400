// A directory tree as a value: names, inodes, contents. It knows what a file system should look like, and calls none.
#ifndef VOLUME_MODEL_MODEL_H
#define VOLUME_MODEL_MODEL_H

#include "../check.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { INODES_MAX = 192, ENTRIES_MAX = 160, ATTRIBUTES = 3, ATTRIBUTE_BYTES_MAX = 900, CONTENT_BYTES_MAX = 2 << 20 };

static const char *const attribute_names[ATTRIBUTES] = { "user.colour", "user.a", "user.long name" };

struct attribute {
    bool is_set;
    size_t byte_count;
    unsigned char bytes[ATTRIBUTE_BYTES_MAX];
};

struct inode {
    bool is_used;
    mode_t kind; // S_IFMT
    mode_t mode; // 07777
    uid_t user;
    gid_t group;
    unsigned link_count; // names; the volume's directory has one, too
    unsigned open_count; // descriptions, and the working directory
    struct inode *parent; // of a directory
    unsigned char *bytes; // a file's contents, a symbolic link's target with its zero
    size_t byte_count, room;
    bool has_time; // the time of modification is one that was set, and nothing has changed it since
    int64_t modified_ns;
    struct attribute attributes[ATTRIBUTES];
    ino_t number; // 0: not known yet
    bool may_be_linked; // O_TMPFILE without O_EXCL, before it has a name
};

struct entry {
    struct inode *directory, *inode;
    char name[NAME_MAX + 1];
};

struct model {
    struct inode inodes[INODES_MAX]; // the first is the volume's directory
    struct entry entries[ENTRIES_MAX];
    size_t entry_count;
};

__attribute__((noreturn, format(printf, 1, 2))) static void model_failed(const char *format, ...);

CHECK_INLINE struct inode *model_root(struct model *model) { return &model->inodes[0]; }

CHECK_INLINE struct inode *inode_new(struct model *model, mode_t kind, mode_t mode, uid_t user, gid_t group) {
    for (size_t i = 0; i < INODES_MAX; i++) {
        struct inode *inode = &model->inodes[i];
        if (inode->is_used) continue;
        *inode = (struct inode){ .is_used = true, .kind = kind, .mode = mode, .user = user, .group = group };
        return inode;
    }
    model_failed("the model has no room for another file");
}

// Frees an inode that neither a name nor a descriptor leads to.
CHECK_INLINE void inode_release(struct inode *inode) {
    if (inode->link_count > 0 || inode->open_count > 0) return;
    free(inode->bytes);
    *inode = (struct inode){ 0 };
}

CHECK_INLINE void inode_reserve(struct inode *inode, size_t byte_count) {
    if (byte_count <= inode->room) return;
    if (byte_count > CONTENT_BYTES_MAX) model_failed("a file of %zu bytes", byte_count);
    inode->room = byte_count + byte_count / 4 + 64;
    inode->bytes = realloc(inode->bytes, inode->room);
    CHECK(inode->bytes != NULL);
}

CHECK_INLINE void inode_resize(struct inode *inode, size_t byte_count) {
    inode_reserve(inode, byte_count);
    if (byte_count > inode->byte_count) memset(inode->bytes + inode->byte_count, 0, byte_count - inode->byte_count);
    inode->byte_count = byte_count;
    inode->has_time = false;
}

CHECK_INLINE void inode_write(struct inode *inode, size_t offset, const void *bytes, size_t byte_count) {
    if (byte_count == 0) return;
    if (offset + byte_count > inode->byte_count) inode_resize(inode, offset + byte_count);
    memcpy(inode->bytes + offset, bytes, byte_count);
    inode->has_time = false;
}

CHECK_INLINE void inode_zero(struct inode *inode, size_t offset, size_t byte_count) {
    inode->has_time = false;
    if (offset >= inode->byte_count) return;
    if (byte_count > inode->byte_count - offset) byte_count = inode->byte_count - offset;
    memset(inode->bytes + offset, 0, byte_count);
}

CHECK_INLINE struct entry *entry_find(struct model *model, const struct inode *directory, const char *name) {
    for (size_t i = 0; i < model->entry_count; i++) {
        struct entry *entry = &model->entries[i];
        if (entry->directory == directory && strcmp(entry->name, name) == 0) return entry;
    }
    return NULL;
}

CHECK_INLINE bool directory_is_empty(const struct model *model, const struct inode *directory) {
    for (size_t i = 0; i < model->entry_count; i++)
        if (model->entries[i].directory == directory) return false;
    return true;
}

CHECK_INLINE void entry_add(struct model *model, struct inode *directory, const char *name, struct inode *inode) {
    if (model->entry_count == ENTRIES_MAX) model_failed("the model has no room for another name");
    struct entry *entry = &model->entries[model->entry_count++];
    entry->directory = directory;
    entry->inode = inode;
    CHECK(snprintf(entry->name, sizeof entry->name, "%s", name) < (int)sizeof entry->name);
    directory->has_time = false;
    inode->link_count++;
    if (inode->kind == S_IFDIR) inode->parent = directory;
}

// Takes the name away; the inode goes with the last.
CHECK_INLINE void entry_remove(struct model *model, struct entry *entry) {
    struct inode *inode = entry->inode;
    entry->directory->has_time = false;
    *entry = model->entries[--model->entry_count];
    inode->link_count--;
    inode->parent = NULL;
    inode_release(inode);
}

// What stat says; the kernel counts a directory's own name, "." and the ".." of those in it.
CHECK_INLINE nlink_t link_count(const struct model *model, const struct inode *inode) {
    if (inode->kind != S_IFDIR) return inode->link_count;
    nlink_t count = inode->link_count == 0 ? 0 : 2;
    for (size_t i = 0; i < model->entry_count; i++)
        count += model->entries[i].directory == inode && model->entries[i].inode->kind == S_IFDIR;
    return count;
}

CHECK_INLINE bool directory_holds(const struct inode *directory, const struct inode *inode) {
    for (; inode; inode = inode->parent)
        if (inode == directory) return true;
    return false;
}

CHECK_INLINE struct entry *entry_of_directory(struct model *model, const struct inode *directory) {
    for (size_t i = 0; i < model->entry_count; i++)
        if (model->entries[i].inode == directory) return &model->entries[i];
    return NULL;
}

// The path from the volume's directory on, without a slash in front; "" for itself.
CHECK_INLINE void directory_path(struct model *model, const struct inode *directory, char path[PATH_MAX]) {
    path[0] = 0;
    while (directory != model_root(model)) {
        struct entry *entry = entry_of_directory(model, directory);
        if (entry == NULL) model_failed("a directory without a name");
        char rest[PATH_MAX];
        strcpy(rest, path);
        CHECK(snprintf(path, PATH_MAX, "%s%s%s", entry->name, *rest ? "/" : "", rest) < PATH_MAX);
        directory = entry->directory;
    }
}

CHECK_INLINE void entry_path(struct model *model, const struct entry *entry, char path[PATH_MAX]) {
    char directory[PATH_MAX];
    directory_path(model, entry->directory, directory);
    CHECK(snprintf(path, PATH_MAX, "%s%s%s", directory, *directory ? "/" : "", entry->name) < PATH_MAX);
}

CHECK_INLINE void model_free(struct model *model) {
    for (size_t i = 0; i < INODES_MAX; i++) free(model->inodes[i].bytes);
    memset(model, 0, sizeof *model);
}

#endif
