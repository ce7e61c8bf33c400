// The same tree, read from the disk; two trees compared; a tree as one number.
#ifndef VOLUME_MODEL_DISK_H
#define VOLUME_MODEL_DISK_H

#include "model.h"
#include <sys/ioctl.h>
#include <sys/xattr.h>

// What the volume's file system does, found out at the start.
static bool counts_directory_links;

CHECK_INLINE void read_attributes(const char *path, struct inode *inode) {
    char names[1024];
    ssize_t length = llistxattr(path, names, sizeof names);
    if (length < 0 && errno == ENOTSUP) return;
    if (length < 0) model_failed("llistxattr %s: %s", path, strerror(errno));
    for (char *name = names; name < names + length; name += strlen(name) + 1) {
        if (strncmp(name, "user.", 5) != 0) continue;
        int index = 0;
        while (index < ATTRIBUTES && strcmp(name, attribute_names[index]) != 0) index++;
        if (index == ATTRIBUTES) model_failed("%s has an attribute %s that nobody set", path, name);
        struct attribute *attribute = &inode->attributes[index];
        ssize_t count = lgetxattr(path, name, attribute->bytes, sizeof attribute->bytes);
        if (count < 0) model_failed("lgetxattr %s %s: %s", path, name, strerror(errno));
        attribute->is_set = true;
        attribute->byte_count = (size_t)count;
    }
}

CHECK_INLINE void read_contents(int descriptor, const char *path, struct inode *inode, size_t byte_count) {
    inode_reserve(inode, byte_count + 1);
    size_t count = 0;
    // One byte more than there should be: the end must be where stat says.
    while (count <= byte_count) {
        ssize_t n = pread(descriptor, inode->bytes + count, byte_count + 1 - count, (off_t)count);
        if (n < 0) model_failed("pread %s: %s", path, strerror(errno));
        if (n == 0) break;
        count += (size_t)n;
    }
    if (count != byte_count) model_failed("%s has %zu bytes or more, stat says %zu", path, count, byte_count);
    inode->byte_count = byte_count;
}

CHECK_INLINE void read_node(const char *path, struct inode *inode, const struct stat *status) {
    inode->number = status->st_ino;
    inode->has_time = true;
    inode->modified_ns = status->st_mtim.tv_sec * 1000000000LL + status->st_mtim.tv_nsec;
    read_attributes(path, inode);
    if (inode->kind == S_IFREG) {
        int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (descriptor < 0) model_failed("open %s: %s", path, strerror(errno));
        read_contents(descriptor, path, inode, (size_t)status->st_size);
        CHECK(close(descriptor) == 0);
    } else if (inode->kind == S_IFLNK) {
        inode_reserve(inode, PATH_MAX);
        ssize_t length = readlink(path, (char *)inode->bytes, PATH_MAX - 1);
        if (length < 0 || length != status->st_size) model_failed("readlink %s gives %zd", path, length);
        inode->bytes[length] = 0;
        inode->byte_count = (size_t)length;
    }
}

// The link counts that stat gives, beside the model's own, which come from the names that are found.
static nlink_t counted[INODES_MAX];

CHECK_INLINE void read_directory(struct model *model, struct inode *directory, const char *path);

CHECK_INLINE void read_entry(struct model *model, struct inode *directory, const char *path, const char *name) {
    struct stat status;
    if (lstat(path, &status) != 0) model_failed("lstat %s: %s", path, strerror(errno));
    mode_t kind = status.st_mode & S_IFMT;
    struct inode *inode = NULL;
    for (size_t i = 1; kind != S_IFDIR && i < INODES_MAX; i++)
        if (model->inodes[i].is_used && model->inodes[i].number == status.st_ino) inode = &model->inodes[i];
    bool is_new = inode == NULL;
    if (is_new) {
        inode = inode_new(model, kind, status.st_mode & 07777, status.st_uid, status.st_gid);
        counted[inode - model->inodes] = status.st_nlink;
        read_node(path, inode, &status);
    }
    bool had_time = directory->has_time;
    entry_add(model, directory, name, inode);
    directory->has_time = had_time;
    if (is_new && kind == S_IFDIR) read_directory(model, inode, path);
}

CHECK_INLINE void read_directory(struct model *model, struct inode *directory, const char *path) {
    DIR *stream = opendir(path);
    if (stream == NULL) model_failed("opendir %s: %s", path, strerror(errno));
    struct dirent *found;
    while ((errno = 0, found = readdir(stream)) != NULL) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0) continue;
        if (entry_find(model, directory, found->d_name)) model_failed("%s/%s is listed twice", path, found->d_name);
        char inner[PATH_MAX];
        CHECK(snprintf(inner, sizeof inner, "%s/%s", path, found->d_name) < PATH_MAX);
        read_entry(model, directory, inner, found->d_name);
    }
    if (errno != 0) model_failed("readdir %s: %s", path, strerror(errno));
    CHECK(closedir(stream) == 0);
}

// Makes an empty model what lies below a directory.
CHECK_INLINE void model_read(struct model *model, const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) model_failed("stat %s: %s", path, strerror(errno));
    struct inode *root = inode_new(model, S_IFDIR, status.st_mode & 07777, status.st_uid, status.st_gid);
    root->link_count = 1;
    counted[0] = status.st_nlink;
    read_node(path, root, &status);
    read_directory(model, root, path);
}

static void compare_contents(const char *path, const struct inode *wanted, const struct inode *found) {
    if (wanted->byte_count != found->byte_count)
        model_failed("%s has %zu bytes, not %zu", path, found->byte_count, wanted->byte_count);
    if (wanted->byte_count == 0 || memcmp(wanted->bytes, found->bytes, wanted->byte_count) == 0) return;
    size_t at = 0;
    while (wanted->bytes[at] == found->bytes[at]) at++;
    model_failed("%s differs at byte %zu of %zu: %#x, not %#x", path, at, wanted->byte_count, found->bytes[at],
                 wanted->bytes[at]);
}

static void compare_attributes(const char *path, const struct inode *wanted, const struct inode *found) {
    for (int i = 0; i < ATTRIBUTES; i++) {
        const struct attribute *left = &wanted->attributes[i], *right = &found->attributes[i];
        if (left->is_set != right->is_set)
            model_failed("%s %s an attribute %s", path, left->is_set ? "has not" : "has", attribute_names[i]);
        if (left->is_set && (left->byte_count != right->byte_count
                             || memcmp(left->bytes, right->bytes, left->byte_count) != 0))
            model_failed("%s has another value of %s", path, attribute_names[i]);
    }
}

// Inode numbers must stay what they were when the file was first seen: programs recognise files by them.
static void compare_inodes(const char *path, struct inode *wanted, const struct inode *found) {
    if (wanted->kind != found->kind || wanted->mode != found->mode)
        model_failed("%s has mode %#o, not %#o", path, found->kind | found->mode, wanted->kind | wanted->mode);
    if (wanted->user != found->user || wanted->group != found->group)
        model_failed("%s belongs to %u:%u, not %u:%u", path, found->user, found->group, wanted->user, wanted->group);
    if (wanted->number == 0) wanted->number = found->number;
    if (wanted->number != found->number)
        model_failed("%s has inode %lu, not %lu", path, (unsigned long)found->number, (unsigned long)wanted->number);
    if (wanted->has_time && wanted->modified_ns != found->modified_ns)
        model_failed("%s was modified at %lld ns, not %lld", path, (long long)found->modified_ns,
                     (long long)wanted->modified_ns);
    compare_attributes(path, wanted, found);
    if (wanted->kind == S_IFREG || wanted->kind == S_IFLNK) compare_contents(path, wanted, found);
}

// Ends the program unless what was read is what the model says. Hard links agree, as inode numbers do.
CHECK_INLINE void model_compare(struct model *wanted, struct model *found) {
    char path[PATH_MAX];
    compare_inodes(".", model_root(wanted), model_root(found));
    for (size_t i = 0; i < wanted->entry_count; i++) {
        struct entry *entry = &wanted->entries[i];
        entry_path(wanted, entry, path);
        struct inode *directory = model_root(found);
        struct entry *other = NULL;
        char rest[PATH_MAX];
        strcpy(rest, path);
        for (char *name = strtok(rest, "/"); name; name = strtok(NULL, "/")) {
            other = entry_find(found, directory, name);
            if (other == NULL) model_failed("%s is not there", path);
            directory = other->inode;
        }
        compare_inodes(path, entry->inode, other->inode);
        nlink_t links = counted[other->inode - found->inodes], should = link_count(wanted, entry->inode);
        if (links != should && (entry->inode->kind != S_IFDIR || counts_directory_links))
            model_failed("%s has %lu links, not %lu", path, (unsigned long)links, (unsigned long)should);
    }
    if (found->entry_count == wanted->entry_count) return;
    for (size_t i = 0; i < found->entry_count; i++) {
        // All that should be there are, so what is too much has a name, or a directory, that the model has not.
        entry_path(found, &found->entries[i], path);
        bool is_known = false;
        for (size_t k = 0; k < wanted->entry_count && !is_known; k++) {
            char other[PATH_MAX];
            entry_path(wanted, &wanted->entries[k], other);
            is_known = strcmp(path, other) == 0;
        }
        if (!is_known) model_failed("%s should not be there", path);
    }
}

// The same for the same tree: paths, what stat says of them, contents, attributes, which names are one file.
CHECK_INLINE uint64_t model_digest(struct model *model) {
    uint64_t digest = 0;
    for (size_t i = 0; i < model->entry_count; i++) {
        struct inode *inode = model->entries[i].inode;
        char path[PATH_MAX], first[PATH_MAX] = "", other[PATH_MAX];
        entry_path(model, &model->entries[i], path);
        for (size_t k = 0; k < model->entry_count; k++) {
            if (model->entries[k].inode != inode) continue;
            entry_path(model, &model->entries[k], other);
            if (*first == 0 || strcmp(other, first) < 0) strcpy(first, other);
        }
        uint32_t facts[] = { inode->kind, inode->mode, inode->user, inode->group };
        uint64_t hash = hash_bytes(hash_bytes(HASH_START, path, strlen(path) + 1), facts, sizeof facts);
        hash = hash_bytes(hash_bytes(hash, first, strlen(first) + 1), inode->bytes, inode->byte_count);
        for (int k = 0; k < ATTRIBUTES; k++) {
            struct attribute *attribute = &inode->attributes[k];
            if (attribute->is_set) hash = hash_bytes(hash ^ (uint64_t)k, attribute->bytes, attribute->byte_count);
        }
        digest += hash;
    }
    return digest;
}

#endif
