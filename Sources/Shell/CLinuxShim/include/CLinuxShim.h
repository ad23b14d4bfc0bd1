// What the Glibc module lacks. Constants and structures only; there is no code of ours in C.
// Never add linux/tcp.h: it clashes with netinet/tcp.h, which Glibc already has.
#ifndef CLINUXSHIM_H
#define CLINUXSHIM_H

// struct ucred (SO_PEERCRED) is a GNU extension.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <sys/socket.h>
#include <sys/signalfd.h>
#include <sys/inotify.h>

#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#endif
