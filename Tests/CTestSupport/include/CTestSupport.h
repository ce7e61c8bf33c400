// GNU interfaces that Swift's Glibc module does not show.
#ifndef CTESTSUPPORT_H
#define CTESTSUPPORT_H

#include <spawn.h>

// posix_spawn_file_actions_addclosefrom_np(3).
int file_actions_add_close_from(posix_spawn_file_actions_t *actions, int first);

// posix_spawn_file_actions_addchdir_np(3).
int file_actions_add_change_directory(posix_spawn_file_actions_t *actions, const char *path);

// A pipe whose ends close on exec, from the start: another thread may be spawning.
int pipe_close_on_exec(int ends[2]);

#endif
