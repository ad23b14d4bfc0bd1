// What the Glibc module lacks. Constants, structures, and one call; there is no code of ours in C.
// Never add linux/tcp.h: it clashes with netinet/tcp.h, which Glibc already has.
#ifndef CLINUXSHIM_H
#define CLINUXSHIM_H

// Never define _GNU_SOURCE: it changes fd_set, and Swift refuses two definitions of it.
#include <sys/socket.h>
#include <elf.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <sys/signalfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <spawn.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/fib_rules.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>

// What SO_PEERCRED yields. sys/socket.h shows it to _GNU_SOURCE only.
#ifndef __USE_GNU
struct ucred {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};
#endif

// Closes every descriptor from `from` on in a spawned child (glibc 2.34). spawn.h shows it to _GNU_SOURCE only.
#ifndef __USE_GNU
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
#endif

// A system call by its number. Swift cannot call syscall(2) and prctl(2), whose arguments vary in number.
static inline long bgpvip_system_call(
    long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e) {
    return syscall(number, a, b, c, d, e);
}

#endif
