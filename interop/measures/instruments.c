/*
 * The instruments of the bench: one program, one clock. Every time is CLOCK_MONOTONIC in nanoseconds, so that what two
 * instruments wrote can be compared.
 *
 *   instruments launch NAMESPACE FILE PROGRAM ...       enters a network namespace, writes the time to FILE, execs
 *   instruments client ADDRESS PORT MICROSECONDS FILE   opens a new TCP connection every so often, asks, notes the answer
 *   instruments routes VIP FILE                         the VIP's next hops in the kernel, and how many other /32s
 *   instruments messages FILE                           BGP messages that pass through this namespace
 *   instruments probes PORT FILE                        connections and requests to a port on lo: the health checks
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* An instrument writes down what happened, on time: real-time priority where the machine allows it. */
static FILE *record(const char *path) {
  struct sched_param priority = {.sched_priority = 5};
  sched_setscheduler(0, SCHED_RR, &priority);
  FILE *file = fopen(path, "w");
  if (!file) fail(path);
  return file;
}

static void ready(FILE *file) {
  fprintf(file, "%lld ready\n", now());
  fflush(file);
}

/* ------------------------------------------------------------------------------------------------------- launch */

static void launch(char **argument) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", argument[0]);
  int namespace = open(path, O_RDONLY | O_CLOEXEC);
  if (namespace < 0 || setns(namespace, CLONE_NEWNET)) fail(path);
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* what the bench starts ends with it */
  int file = open(argument[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail(argument[1]);
  dprintf(file, "%lld\n", now());
  execvp(argument[2], argument + 2);
  fail(argument[2]);
}

/* ------------------------------------------------------------------------------------------------------- client */

/* SYNs are sent again after 1 s: with a limit of half of that, no failure hides behind a retransmission. */
enum { ATTEMPTS = 1 << 16, LIMIT = 500000000 };
static struct attempt { long long begun; int fd, asked; } attempts[ATTEMPTS];

static void watch(int queue, int operation, int fd, unsigned events, unsigned id) {
  struct epoll_event event = {.events = events, .data.u32 = id};
  epoll_ctl(queue, operation, fd, &event);
}

static void finish(FILE *file, struct attempt *attempt, const char *result, const char *node) {
  fprintf(file, "%lld %lld %s %s\n", attempt->begun, now() - attempt->begun, result, node);
  struct linger reset = {1, 0}; /* leave no connection in TIME-WAIT: ports would run out */
  setsockopt(attempt->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(attempt->fd);
  attempt->fd = -1;
}

static const char *reason(int error) {
  if (error == ENETUNREACH || error == EHOSTUNREACH) return "unreachable";
  return error == ECONNREFUSED ? "refused" : error == ECONNRESET ? "reset" : "error";
}

static void proceed(FILE *file, int queue, unsigned id) {
  static const char question[] = "GET / HTTP/1.0\r\n\r\n";
  struct attempt *attempt = &attempts[id];
  if (attempt->fd < 0) return;
  if (!attempt->asked) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (!error && send(attempt->fd, question, sizeof question - 1, MSG_NOSIGNAL) < 0) error = errno;
    if (error) return finish(file, attempt, reason(error), "-");
    attempt->asked = 1;
    return watch(queue, EPOLL_CTL_MOD, attempt->fd, EPOLLIN, id);
  }
  char text[512];
  ssize_t got = recv(attempt->fd, text, sizeof text - 1, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return finish(file, attempt, got ? reason(errno) : "closed", "-");
  text[got] = 0;
  char *body = strstr(text, "\r\n\r\n");
  finish(file, attempt, "ok", body ? strtok(body + 4, "\n") : "-");
}

static void client(char **argument) {
  struct sockaddr_in vip = {.sin_family = AF_INET, .sin_port = htons(atoi(argument[1]))};
  inet_pton(AF_INET, argument[0], &vip.sin_addr);
  long microseconds = atol(argument[2]);
  FILE *file = record(argument[3]);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), queue = epoll_create1(0);
  struct itimerspec period = {{microseconds / 1000000, microseconds % 1000000 * 1000}, {0, 1}};
  timerfd_settime(timer, 0, &period, 0);
  watch(queue, EPOLL_CTL_ADD, timer, EPOLLIN, ATTEMPTS);
  unsigned oldest = 0, next = 0;
  ready(file);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(queue, events, 256, 100);
    for (int i = 0; i < count; i++) {
      unsigned long long expirations;
      if (events[i].data.u32 != ATTEMPTS) {
        proceed(file, queue, events[i].data.u32);
      } else if (read(timer, &expirations, sizeof expirations) > 0) {
        unsigned id = next++ % ATTEMPTS;
        struct attempt *attempt = &attempts[id];
        *attempt = (struct attempt){now(), socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), 0};
        if (attempt->fd < 0 || (connect(attempt->fd, (void *)&vip, sizeof vip) && errno != EINPROGRESS))
          finish(file, attempt, reason(errno), "-");
        else
          watch(queue, EPOLL_CTL_ADD, attempt->fd, EPOLLOUT, id);
      }
    }
    for (long long t = now(); oldest != next; oldest++) {
      struct attempt *attempt = &attempts[oldest % ATTEMPTS];
      if (attempt->fd >= 0 && t - attempt->begun < LIMIT) break;
      if (attempt->fd >= 0) finish(file, attempt, "timeout", "-");
    }
    fflush(file);
  }
}

/* ------------------------------------------------------------------------------------------------------- routes */

/* All other /32s of a run lie in one range of 2^17 addresses; of them only the number in the kernel is of interest. */
static unsigned char present[1 << 17];
static int number;

static void list_hops(FILE *file, struct rtattr *attribute, int length) {
  char text[INET_ADDRSTRLEN];
  for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    if (attribute->rta_type == RTA_GATEWAY)
      fprintf(file, " %s", inet_ntop(AF_INET, RTA_DATA(attribute), text, sizeof text));
    if (attribute->rta_type != RTA_MULTIPATH) continue;
    int rest = RTA_PAYLOAD(attribute);
    struct rtnexthop *hop = RTA_DATA(attribute);
    for (; RTNH_OK(hop, rest); rest -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
      list_hops(file, RTNH_DATA(hop), hop->rtnh_len - sizeof *hop);
  }
}

static void routes(char **argument) {
  struct in_addr vip;
  inet_pton(AF_INET, argument[0], &vip);
  FILE *file = record(argument[1]);
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), room = 128 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE};
  if (bind(fd, (void *)&group, sizeof group)) fail("netlink");
  ready(file);
  static char buffer[1 << 16];
  for (;;) {
    int before = number;
    long long t = 0;
    /* What is already there belongs to one line. */
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, t ? MSG_DONTWAIT : 0)) >= 0 || errno == ENOBUFS;) {
      t = now();
      if (got < 0) { fprintf(file, "%lld lost\n", t); continue; }
      for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, (unsigned)got); h = NLMSG_NEXT(h, got)) {
        if (h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE) continue;
        struct rtmsg *route = NLMSG_DATA(h);
        unsigned destination = 0;
        int length = RTM_PAYLOAD(h), added = h->nlmsg_type == RTM_NEWROUTE;
        for (struct rtattr *a = RTM_RTA(route); RTA_OK(a, length); a = RTA_NEXT(a, length))
          if (a->rta_type == RTA_DST) destination = *(unsigned *)RTA_DATA(a);
        if (route->rtm_table != RT_TABLE_MAIN || route->rtm_dst_len != 32) continue;
        if (destination == vip.s_addr) {
          fprintf(file, "%lld vip", t);
          if (added) list_hops(file, RTM_RTA(route), RTM_PAYLOAD(h));
          fputc('\n', file);
        } else {
          unsigned char *there = &present[ntohl(destination) % sizeof present];
          number += added - *there;
          *there = added;
        }
      }
    }
    if (number != before) fprintf(file, "%lld count %d\n", t, number);
    fflush(file);
  }
}

/* ----------------------------------------------------------------------------------------- messages and probes */

/* One direction of a TCP connection. Its messages are put together again, wherever segments begin and end. */
enum { FLOWS = 4096, PLACES = 32, LONGEST = 4096 };
static struct flow {
  unsigned from, to, ports, next;
  long long used;
  int length;
  unsigned char message[LONGEST];
} flows[FLOWS];

/* Each has a few places where it may be. When all are taken, the one that was quiet for longest is forgotten: there are
 * always more connections that are over than places. */
static struct flow *flow_of(unsigned from, unsigned to, unsigned ports, long long t) {
  struct flow *quietest = 0;
  unsigned first = ((from * 31 ^ to) * 31 ^ ports) * 2654435761u >> 16;
  for (unsigned i = 0; i < PLACES; i++) {
    struct flow *f = &flows[(first + i) % FLOWS];
    if (f->from == from && f->to == to && f->ports == ports) return f->used = t, f;
    if (!quietest || f->used < quietest->used) quietest = f;
  }
  quietest->from = from, quietest->to = to, quietest->ports = ports;
  quietest->next = quietest->length = 0;
  quietest->used = t;
  return quietest;
}

static int be16(const unsigned char *p) { return p[0] << 8 | p[1]; }

/* "TIME FROM TO PORTS WHAT": OPEN, KEEPALIVE, UPDATE with the bytes of prefixes withdrawn and announced, ... */
static void write_line(FILE *file, long long t, const struct flow *f, const char *what) {
  char from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];
  fprintf(file, "%lld %s %s %x %s\n", t, inet_ntop(AF_INET, &f->from, from, sizeof from),
          inet_ntop(AF_INET, &f->to, to, sizeof to), f->ports, what);
}

static void write_message(FILE *file, long long t, const struct flow *f) {
  const unsigned char *m = f->message;
  char what[64] = "OTHER";
  int withdrawn = f->length >= 23 ? be16(m + 19) : 0;
  if (m[18] == 1) strcpy(what, "OPEN");
  if (m[18] == 4) strcpy(what, "KEEPALIVE");
  if (m[18] == 3) snprintf(what, sizeof what, "NOTIFICATION %d.%d", m[19], m[20]);
  if (m[18] == 2 && 23 + withdrawn <= f->length)
    snprintf(what, sizeof what, "UPDATE %d %d", withdrawn, f->length - 23 - withdrawn - be16(m + 21 + withdrawn));
  write_line(file, t, f, what);
}

static void take_segment(FILE *file, long long t, struct flow *f, const unsigned char *tcp, int length) {
  int header = (tcp[12] >> 4) * 4;
  unsigned sequence = ntohl(*(const unsigned *)(tcp + 4));
  if (tcp[13] & 2) f->next = sequence + 1, f->length = 0;
  const unsigned char *byte = tcp + header, *end = tcp + length;
  if (byte < end && f->next && (int)(f->next - sequence) > 0) byte += f->next - sequence; /* sent again */
  if (byte < end) f->next = sequence + (length - header);
  while (byte < end) {
    f->message[f->length++] = *byte++;
    if (f->length <= 16 && f->message[f->length - 1] != 0xff) f->length = 0; /* not where a message begins */
    if (f->length < 19) continue;
    int total = be16(f->message + 16);
    if (total < 19 || total > LONGEST) { f->length = 0; continue; }
    int more = total - f->length < end - byte ? total - f->length : end - byte;
    memcpy(f->message + f->length, byte, more);
    f->length += more;
    byte += more;
    if (f->length == total) write_message(file, t, f), f->length = 0;
  }
  if (tcp[13] & 1) write_line(file, t, f, "FIN");
  if (tcp[13] & 4) write_line(file, t, f, "RST");
}

/* Sees every IPv4 packet of the namespace, or of one interface, that is TCP from or to the port. */
static int tap(const char *interface, int port) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 6),
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 2, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0x40000),    BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  int fd = socket(AF_PACKET, SOCK_DGRAM, 0), room = 64 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  if (interface) all.sll_ifindex = if_nametoindex(interface);
  int stamped = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter)) fail("filter");
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &stamped, sizeof stamped)) fail("time stamps");
  if (bind(fd, (void *)&all, sizeof all)) fail("tap");
  return fd;
}

/* When the kernel had the packet, not when we had the time to look: its stamps are CLOCK_REALTIME, which differs by a
 * constant while the clock is not set. */
static ssize_t next_packet(int fd, unsigned char *packet, size_t room, struct sockaddr_ll *from, long long *t) {
  static long long difference;
  char control[256];
  struct iovec into = {packet, room};
  struct msghdr message = {.msg_name = from, .msg_namelen = sizeof *from, .msg_iov = &into, .msg_iovlen = 1,
                           .msg_control = control, .msg_controllen = sizeof control};
  struct timespec stamp;
  if (!difference) {
    clock_gettime(CLOCK_REALTIME, &stamp);
    difference = stamp.tv_sec * 1000000000LL + stamp.tv_nsec - now();
  }
  ssize_t got = recvmsg(fd, &message, MSG_TRUNC);
  *t = now();
  struct cmsghdr *extra = got > 0 ? CMSG_FIRSTHDR(&message) : 0;
  if (extra && extra->cmsg_level == SOL_SOCKET && extra->cmsg_type == SO_TIMESTAMPNS) {
    memcpy(&stamp, CMSG_DATA(extra), sizeof stamp);
    *t = stamp.tv_sec * 1000000000LL + stamp.tv_nsec - difference;
  }
  return got;
}

static void packets(char **argument, int probes) {
  int port = probes ? atoi(argument[0]) : 179;
  FILE *file = record(argument[probes]);
  int fd = tap(probes ? "lo" : 0, port);
  ready(file);
  static unsigned char packet[1 << 18];
  for (;;) {
    struct sockaddr_ll from;
    long long t;
    ssize_t got = next_packet(fd, packet, sizeof packet, &from, &t);
    int header = (packet[0] & 15) * 4, total = be16(packet + 2);
    if (got < 40 || got > (ssize_t)sizeof packet || from.sll_protocol != htons(ETH_P_IP)) continue;
    if (total && total < got) got = total;
    unsigned addresses[2];
    memcpy(addresses, packet + 12, 8);
    const unsigned char *tcp = packet + header;
    int data = got - header - (tcp[12] >> 4) * 4;
    if (probes) {
      /* A check begins with a connection, or with a request on one that was kept. lo shows each packet twice. */
      if (from.sll_pkttype == PACKET_OUTGOING && be16(tcp + 2) == port && ((tcp[13] & 0x12) == 2 || data > 0))
        fprintf(file, "%lld probe\n", t);
    } else if (got > header + 19) {
      unsigned ports;
      memcpy(&ports, tcp, 4);
      take_segment(file, t, flow_of(addresses[0], addresses[1], ports, t), tcp, got - header);
    }
    fflush(file);
  }
}

int main(int count, char **argument) {
  const char *name = count > 1 ? argument[1] : "";
  argument += 2, count -= 2;
  if (!strcmp(name, "launch") && count >= 3) launch(argument);
  if (!strcmp(name, "client") && count == 4) client(argument);
  if (!strcmp(name, "routes") && count == 2) routes(argument);
  if (!strcmp(name, "messages") && count == 1) packets(argument, 0);
  if (!strcmp(name, "probes") && count == 2) packets(argument, 1);
  fprintf(stderr, "instruments: unknown command; the head of instruments.c lists them\n");
  return 2;
}
