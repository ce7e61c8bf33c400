// Paths as programs write them: absolute, relative to the working directory or to a descriptor, through symbolic links;
// and where the model says that they lead.
#ifndef VOLUME_MODEL_PATHS_H
#define VOLUME_MODEL_PATHS_H

#include "state.h"

struct place {
    int base; // AT_FDCWD or a descriptor
    struct inode *from; // the directory that a relative path starts at
    char path[PATH_MAX];
};

struct found {
    int error; // of getting to the last name's directory
    int name_error; // of looking for the last name there
    struct inode *parent;
    char name[NAME_MAX + 2];
    struct inode *inode; // NULL: the name is free
    bool is_outside; // leads, or may lead, out of the volume: not to be used
    int link_count;
};

enum { LINKS_MAX = 40 };

static void walk(struct found *found, struct inode *at, const char *path, bool follows);

static struct inode *step(struct found *found, struct inode *at, const char *name, bool is_last, bool follows) {
    if (at->kind != S_IFDIR) return found->error = ENOTDIR, NULL;
    if (strcmp(name, ".") == 0) return at;
    if (strcmp(name, "..") == 0) {
        // Of a removed directory the kernel still knows where it was.
        if (at->parent == NULL) return found->is_outside = true, NULL;
        return at->parent;
    }
    found->parent = at;
    CHECK(snprintf(found->name, sizeof found->name, "%s", name) < PATH_MAX);
    if (strlen(name) > NAME_MAX && at->link_count > 0) found->name_error = ENAMETOOLONG;
    struct entry *entry = entry_find(&run.model, at, name);
    struct inode *inode = entry ? entry->inode : NULL;
    if (inode && inode->kind == S_IFLNK && (!is_last || follows)) {
        if (++found->link_count > LINKS_MAX) return found->error = ELOOP, NULL;
        walk(found, at, (const char *)inode->bytes, true);
        inode = found->inode;
    }
    if (inode == NULL && !is_last && !found->error) found->error = found->name_error ? found->name_error : ENOENT;
    return inode;
}

static void walk(struct found *found, struct inode *at, const char *path, bool follows) {
    char rest[PATH_MAX], *state;
    size_t length = strlen(run.volume);
    if (path[0] == '/') {
        bool is_inside = strncmp(path, run.volume, length) == 0 && (path[length] == '/' || path[length] == 0);
        if (!is_inside) {
            found->is_outside = true;
            return;
        }
        at = model_root(&run.model);
        path += length;
    }
    strcpy(rest, path);
    char *name = strtok_r(rest, "/", &state);
    // A path that ends in "." or ".." has no last name of its own: such are not made here.
    while (name && !found->error && !found->is_outside) {
        char *next = strtok_r(NULL, "/", &state);
        at = step(found, at, name, next == NULL, follows);
        name = next;
    }
    found->inode = found->error || found->is_outside ? NULL : at;
}

CHECK_INLINE struct found find(const struct place *place, bool follows) {
    struct found found = { 0 };
    walk(&found, place->from, place->path, follows);
    return found;
}

// What a call that needs what the path leads to gives.
CHECK_INLINE int missing(const struct found *found) {
    if (found->error || found->name_error) return found->error ? found->error : found->name_error;
    return found->inode ? 0 : ENOENT;
}

// What a call that makes a name gives.
CHECK_INLINE int occupied(const struct found *found) {
    if (found->error || found->name_error) return found->error ? found->error : found->name_error;
    if (found->inode) return EEXIST;
    return found->parent->link_count == 0 ? ENOENT : 0;
}

// Making them.

CHECK_INLINE const char *random_name(void) {
    static char text[NAME_MAX + 2];
    static const char *const odd[] = { "with space", "\xc3\xa9\xe2\x82\xac", "\n", "\xff\xfe", "-", "...", ".hidden" };
    size_t kind = below(100);
    if (kind < 85) snprintf(text, sizeof text, "%c", (int)('a' + below(14)));
    else if (kind < 95) snprintf(text, sizeof text, "%s", odd[below(sizeof odd / sizeof *odd)]);
    else snprintf(text, sizeof text, "%0*zu", kind < 99 ? NAME_MAX : NAME_MAX + 1, below(3));
    return text;
}

CHECK_INLINE struct entry *random_entry(void) {
    return run.model.entry_count ? &run.model.entries[below(run.model.entry_count)] : NULL;
}

CHECK_INLINE struct inode *random_directory(void) {
    for (int tries = 0; tries < 4; tries++) {
        struct entry *entry = random_entry();
        if (entry && entry->inode->kind == S_IFDIR) return entry->inode;
    }
    return model_root(&run.model);
}

static void append_name(struct place *place, const char *name) {
    size_t length = strlen(place->path);
    const char *slash = length == 0 || place->path[length - 1] == '/' ? "" : one_in(12) ? "//" : "/";
    const char *dot = one_in(20) ? "./" : "";
    CHECK(snprintf(place->path + length, PATH_MAX - length, "%s%s%s", slash, dot, name) < (int)(PATH_MAX - length));
}

// The way from place->from to a directory: up as far as needed, then down.
static void append_way(struct place *place, const struct inode *directory) {
    char path[PATH_MAX];
    const struct inode *common = place->from;
    if (common->link_count == 0) return; // From a removed directory nothing can be reached.
    for (; !directory_holds(common, directory); common = common->parent) append_name(place, "..");
    size_t skipped = 0;
    directory_path(&run.model, common, path);
    if (*path) skipped = strlen(path) + 1;
    directory_path(&run.model, directory, path);
    if (directory != common) append_name(place, path + skipped);
}

static void choose_base(struct place *place) {
    *place = (struct place){ .base = AT_FDCWD, .from = model_root(&run.model) };
    struct descriptor *descriptor = one_in(3) ? random_descriptor(S_IFDIR) : NULL;
    if (descriptor) {
        place->base = descriptor->number;
        place->from = descriptor->description->inode;
    } else if (one_in(2)) {
        place->from = run.working_directory;
    } else {
        strcpy(place->path, run.volume);
    }
}

// A place for a name in a directory; now and then through a symbolic link, which may lead anywhere.
CHECK_INLINE void place_in(struct place *place, struct inode *directory, const char *name) {
    choose_base(place);
    append_way(place, directory);
    struct entry *entry = one_in(6) ? random_entry() : NULL;
    if (entry && entry->directory == directory && (entry->inode->kind == S_IFLNK || one_in(4)))
        append_name(place, entry->name);
    append_name(place, name);
}

// A name that is probably free, in any directory.
CHECK_INLINE struct place new_place(void) {
    struct place place;
    place_in(&place, random_directory(), random_name());
    return place;
}

// A name that is probably taken by something of a kind; 0 is any.
CHECK_INLINE struct place old_place(mode_t kind) {
    struct place place;
    for (int tries = 0; tries < 8; tries++) {
        struct entry *entry = random_entry();
        if (entry == NULL || (kind && entry->inode->kind != kind)) continue;
        place_in(&place, entry->directory, entry->name);
        return place;
    }
    return new_place();
}

#endif
