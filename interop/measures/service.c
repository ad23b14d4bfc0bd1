/*
 * The service that is checked and that clients reach: a small HTTP server.
 *
 *   service NAME PORT       SIGUSR1: /livez says 500 from now on; SIGUSR2: 200 again
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 65536, REQUEST = 1000 };
static struct request { int length; char text[REQUEST + 1]; } *requests[CONNECTIONS];

/* Answers with the node's name, so that a client's connection tells which node took it. */
static void answer(int fd, const char *request, const char *name, int healthy) {
  int sick = !healthy && !strncmp(request, "GET /livez", 10);
  int keep = strstr(request, "HTTP/1.1") && !strcasestr(request, "connection: close");
  char text[256];
  int length = snprintf(text, sizeof text, "HTTP/1.%d %s\r\nContent-Length: %zu\r\n%s\r\n%s\n", keep,
                        sick ? "500 Internal Server Error" : "200 OK", strlen(name) + 1,
                        keep ? "" : "Connection: close\r\n", name);
  if (write(fd, text, length) != length || !keep) close(fd);
}

static void watch(int queue, int operation, int fd, unsigned events, unsigned id) {
  struct epoll_event event = {.events = events, .data.u32 = id};
  epoll_ctl(queue, operation, fd, &event);
}

int main(int count, char **argument) {
  if (count != 3) return 2;
  int healthy = 1, one = 1, queue = epoll_create1(0);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  sigprocmask(SIG_BLOCK, &signals, 0);
  signal(SIGPIPE, SIG_IGN);
  int wishes = signalfd(-1, &signals, SFD_NONBLOCK);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(atoi(argument[2]))};
  if (bind(listener, (void *)&any, sizeof any) || listen(listener, 4096)) {
    perror("listen");
    return 1;
  }
  watch(queue, EPOLL_CTL_ADD, listener, EPOLLIN, listener);
  watch(queue, EPOLL_CTL_ADD, wishes, EPOLLIN, wishes);
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(queue, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.u32;
      if (fd == wishes) {
        struct signalfd_siginfo wish;
        while (read(wishes, &wish, sizeof wish) == sizeof wish) healthy = wish.ssi_signo == SIGUSR2;
      } else if (fd == listener) {
        int accepted = accept4(listener, 0, 0, SOCK_NONBLOCK);
        if (accepted < 0 || accepted >= CONNECTIONS) continue;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (!requests[accepted]) requests[accepted] = malloc(sizeof *requests[0]);
        requests[accepted]->length = 0;
        watch(queue, EPOLL_CTL_ADD, accepted, EPOLLIN, accepted);
      } else {
        struct request *request = requests[fd];
        ssize_t got = read(fd, request->text + request->length, REQUEST - request->length);
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 0) { close(fd); continue; }
        request->length += got;
        request->text[request->length] = 0;
        if (!strstr(request->text, "\r\n\r\n")) continue;
        request->length = 0;
        answer(fd, request->text, argument[1], healthy);
      }
    }
  }
}
