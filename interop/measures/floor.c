/*
 * The floor: the least BGP speaker that can do the job. It shows what the kernel, the router and the bench cost by
 * themselves. It has no policy, handles no collision, checks next to nothing of what it receives, and discards that.
 *
 *   floor AS ADDRESS HOLD FIRST-VIP COUNT SERVICE-PORT PEER ...
 *
 * SERVICE-PORT: GET /livez there every second, and at once when the connection that is kept to the service breaks.
 * 0: nothing is advertised until SIGUSR1, and withdrawn at SIGUSR2. SIGTERM: Cease, and the end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { OPEN = 1, UPDATE = 2, NOTIFICATION = 3, KEEPALIVE = 4, LONGEST = 4096 };
enum state { IDLE, CONNECTING, OPEN_SENT, CONFIRM, ESTABLISHED };
typedef unsigned char byte;

static struct peer {
  struct in_addr address;
  int fd, length, patience; /* patience: ticks until something must have happened */
  enum state state;
  byte *part; /* the beginning of a message whose end has not arrived */
} *peers;
static int peer_count, queue, local_as, hold, vip_count, service_port, advertised;
static unsigned first_vip;
static struct in_addr local;
/* The check: the connection on which it asks, and one that is only kept in order to see it break. */
static int asking = -1, kept = -1, asked;
static int timer, wishes;
enum { TICK = 100, SECOND = 1000 / TICK };

static void put16(byte *p, unsigned v) { p[0] = v >> 8, p[1] = v; }
static void put32(byte *p, unsigned v) { put16(p, v >> 16), put16(p + 2, v); }

static void watch(int operation, int fd, unsigned events, void *what) {
  struct epoll_event event = {.events = events, .data.ptr = what};
  epoll_ctl(queue, operation, fd, &event);
}

static void drop(struct peer *p) {
  close(p->fd);
  *p = (struct peer){.address = p->address, .fd = -1, .part = p->part, .patience = 1};
}

/* Waits for a peer that is slow to take it, up to a second; there is nothing else to do. */
static void send_message(struct peer *p, byte *message, int type, int length) {
  memset(message, 0xff, 16);
  put16(message + 16, length);
  message[18] = type;
  for (int sent = 0, once; p->fd >= 0 && sent < length;) {
    if ((once = send(p->fd, message + sent, length - sent, MSG_NOSIGNAL)) >= 0) sent += once;
    else if (errno != EAGAIN || poll(&(struct pollfd){p->fd, POLLOUT, 0}, 1, 1000) != 1) drop(p);
  }
}

static void dial(struct peer *p) {
  int one = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = local};
  p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  bind(p->fd, (void *)&at, sizeof at);
  at.sin_addr = p->address;
  at.sin_port = htons(179);
  if (connect(p->fd, (void *)&at, sizeof at) && errno != EINPROGRESS) return drop(p);
  p->state = CONNECTING;
  p->patience = 3; /* rather a new SYN than the kernel's, which come after 1, 3, 7 s */
  watch(EPOLL_CTL_ADD, p->fd, EPOLLOUT, p);
}

static void send_open(struct peer *p) {
  static const byte capabilities[] = {2, 12, 1, 4, 0, 1, 0, 1, 65, 4}; /* IPv4 unicast, 4-octet AS */
  byte m[64];
  m[19] = 4;
  put16(m + 20, local_as);
  put16(m + 22, hold);
  memcpy(m + 24, &local, 4);
  m[28] = sizeof capabilities + 4;
  memcpy(m + 29, capabilities, sizeof capabilities);
  put32(m + 39, local_as);
  send_message(p, m, OPEN, 43);
}

/* One UPDATE after the other, each as full as it may be. */
static void send_routes(struct peer *p) {
  byte m[LONGEST];
  for (int i = 0; i < vip_count && p->state == ESTABLISHED;) {
    int begin = 21, length;
    if (advertised) {
      byte attributes[] = {0, 0, 0, 20, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0, 0, 0x40, 3, 4};
      put32(attributes + 13, local_as);
      memcpy(m + 19, attributes, sizeof attributes);
      memcpy(m + 39, &local, 4);
      begin = 43;
    }
    for (length = begin; i < vip_count && length + 5 + 2 <= LONGEST; length += 5, i++) {
      m[length] = 32;
      put32(m + length + 1, first_vip + i);
    }
    if (!advertised) {
      put16(m + 19, length - begin);
      put16(m + length, 0);
      length += 2;
    }
    send_message(p, m, UPDATE, length);
  }
}

static void advertise(int wanted) {
  if (advertised == wanted) return;
  advertised = wanted;
  for (int i = 0; i < peer_count; i++) send_routes(&peers[i]);
}

static void handle(struct peer *p, const byte *message) {
  byte answer[23] = {0};
  p->patience = hold * SECOND;
  if (message[18] == NOTIFICATION) return drop(p);
  if (message[18] == OPEN && p->state == OPEN_SENT) {
    p->state = CONFIRM;
    send_message(p, answer, KEEPALIVE, 19);
  } else if (message[18] == KEEPALIVE && p->state == CONFIRM) {
    p->state = ESTABLISHED;
    if (advertised) send_routes(p);
    send_message(p, answer, UPDATE, 23); /* End-of-RIB */
  }
}

static void receive(struct peer *p) {
  static byte stream[1 << 18];
  if (p->length) memcpy(stream, p->part, p->length);
  ssize_t got = recv(p->fd, stream + p->length, sizeof stream - p->length, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return drop(p);
  int end = p->length + got, at = 0;
  while (end - at >= 19) {
    int length = stream[at + 16] << 8 | stream[at + 17];
    if (length < 19 || length > LONGEST) return drop(p);
    if (end - at < length) break;
    handle(p, stream + at);
    if (p->fd < 0) return;
    at += length;
  }
  p->length = end - at;
  if (p->length && !p->part) p->part = malloc(LONGEST);
  if (p->length) memcpy(p->part, stream + at, p->length);
}

static int connect_service(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(service_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (!connect(fd, (void *)&at, sizeof at) || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

static void conclude(int healthy) {
  if (asking >= 0) close(asking);
  asking = -1;
  advertise(healthy);
  if (healthy && kept < 0 && (kept = connect_service()) >= 0) watch(EPOLL_CTL_ADD, kept, EPOLLRDHUP, &kept);
}

/* A check that has not ended when the next is due has failed. */
static void check(void) {
  if (asking >= 0) conclude(0);
  asked = 0;
  if ((asking = connect_service()) < 0) return conclude(0);
  watch(EPOLL_CTL_ADD, asking, EPOLLOUT, &asking);
}

static void proceed_check(void) {
  static const char question[] = "GET /livez HTTP/1.0\r\n\r\n";
  char answer[512];
  if (!asked) {
    if (send(asking, question, sizeof question - 1, MSG_NOSIGNAL) < 0) return conclude(0);
    asked = 1;
    return watch(EPOLL_CTL_MOD, asking, EPOLLIN, &asking);
  }
  conclude(recv(asking, answer, sizeof answer, 0) > 12 && !memcmp(answer + 9, "200", 3));
}

static void tick(int number) {
  byte m[19];
  for (struct peer *p = peers; p < peers + peer_count; p++) {
    if (p->state >= CONFIRM && number % (hold * SECOND / 3) == 0) send_message(p, m, KEEPALIVE, 19);
    if (--p->patience > 0) continue;
    if (p->fd >= 0) drop(p);
    dial(p);
  }
  if (service_port && number % SECOND == 0) check();
}

static void obey(int wish) {
  byte cease[21];
  if (wish == SIGUSR1 || wish == SIGUSR2) return advertise(wish == SIGUSR1);
  cease[19] = 6;
  cease[20] = 2;
  for (int i = 0; i < peer_count; i++)
    if (peers[i].state >= OPEN_SENT) send_message(&peers[i], cease, NOTIFICATION, 21);
  exit(0);
}

static void handle_event(void *what) {
  static int ticks;
  struct peer *p = what;
  if (what == &timer) {
    unsigned long long passed = 0;
    if (read(timer, &passed, sizeof passed) > 0) while (passed--) tick(++ticks);
  } else if (what == &wishes) {
    struct signalfd_siginfo wish;
    while (read(wishes, &wish, sizeof wish) == sizeof wish) obey(wish.ssi_signo);
  } else if (what == &asking) {
    if (asking >= 0) proceed_check();
  } else if (what == &kept) {
    close(kept);
    kept = -1;
    check();
  } else if (p->fd >= 0 && p->state == CONNECTING) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) return drop(p);
    watch(EPOLL_CTL_MOD, p->fd, EPOLLIN, p);
    p->state = OPEN_SENT;
    p->patience = hold * SECOND;
    send_open(p);
  } else if (p->fd >= 0) {
    receive(p);
  }
}

int main(int count, char **argument) {
  if (count < 8) return 2;
  local_as = atoi(argument[1]);
  inet_pton(AF_INET, argument[2], &local);
  hold = atoi(argument[3]);
  first_vip = ntohl(inet_addr(argument[4]));
  vip_count = atoi(argument[5]);
  service_port = atoi(argument[6]);
  peer_count = count - 7;
  peers = calloc(peer_count, sizeof *peers);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  sigprocmask(SIG_BLOCK, &signals, 0);
  queue = epoll_create1(0);
  wishes = signalfd(-1, &signals, SFD_NONBLOCK);
  watch(EPOLL_CTL_ADD, wishes, EPOLLIN, &wishes);
  struct itimerspec period = {{0, TICK * 1000000}, {0, TICK * 1000000}};
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  timerfd_settime(timer, 0, &period, 0);
  watch(EPOLL_CTL_ADD, timer, EPOLLIN, &timer);
  for (int i = 0; i < peer_count; i++) {
    peers[i].fd = -1;
    inet_pton(AF_INET, argument[7 + i], &peers[i].address);
    dial(&peers[i]);
  }
  if (service_port) check();
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(queue, events, 64, -1);
    for (int i = 0; i < ready; i++) handle_event(events[i].data.ptr);
  }
}
