/* TCP, UDP and SCTP traffic for the lab, in amounts suitable for a guest with one CPU.
 *
 *   traffic serve ENDPOINT...              reply to everything, in the background once all are bound
 *   traffic hit   ENDPOINT COUNT [PAYLOAD] COUNT connections, one request and reply each
 *   traffic cast  ENDPOINT COUNT [PAYLOAD] COUNT requests without waiting for a reply
 *   traffic hold  ENDPOINT COUNT [PAYLOAD] like hit, but stay connected, in the background
 *
 * A TCP connection of hit is closed by the server, at the request "bye", and never by the client, which stays in
 * the background. In IPVS it is then in FIN_WAIT, the only state of a closing connection with a configurable
 * timeout (ipvsadm --set), so it does not expire during a comparison.
 *
 * ENDPOINT is PROTO,ADDRESS,PORT with PROTO tcp, udp or sctp, optionally followed by
 * ",ADDRESS" or ",ADDRESS,PORT" of the client. A client prints how many requests got a reply, and if a server
 * was started with a number from 1 to 255 in TRAFFIC_ID, how many replies came from it, as " ID:COUNT".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MAX_SOCKETS = 1024, REPLY_BYTES = 700, TIMEOUT_S = 60 };
static const char BYE[] = "bye";
/* Replies by the TRAFFIC_ID of the server. */
static int replies[256];

struct endpoint {
  int type, protocol;
  struct sockaddr_storage address, source;
  socklen_t length;
  int has_source;
};

static socklen_t parse_address(const char *text, int port, struct sockaddr_storage *out) {
  struct sockaddr_in *v4 = (void *)out;
  struct sockaddr_in6 *v6 = (void *)out;
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return sizeof *v4;
  }
  if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) errx(2, "not an address: %s", text);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  return sizeof *v6;
}

static struct endpoint parse_endpoint(char *text) {
  struct endpoint end = {0};
  char *protocol = strtok(text, ","), *address = strtok(NULL, ",");
  char *port = strtok(NULL, ","), *source = strtok(NULL, ","), *source_port = strtok(NULL, ",");
  if (!protocol || !address || !port) errx(2, "not PROTO,ADDRESS,PORT: %s", text);
  end.protocol = !strcmp(protocol, "udp") ? IPPROTO_UDP
                 : !strcmp(protocol, "sctp") ? IPPROTO_SCTP : IPPROTO_TCP;
  end.type = end.protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
  end.length = parse_address(address, atoi(port), &end.address);
  if (source) end.has_source = parse_address(source, source_port ? atoi(source_port) : 0, &end.source) > 0;
  return end;
}

static int open_socket(const struct endpoint *end) {
  int fd = socket(end->address.ss_family, end->type, end->protocol), one = 1;
  if (fd < 0) err(1, "socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  /* Virtual addresses are local by a route, and not assigned to an interface. */
  setsockopt(fd, SOL_IP, IP_FREEBIND, &one, sizeof one);
  setsockopt(fd, SOL_IPV6, IPV6_FREEBIND, &one, sizeof one);
  setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &one, sizeof one);
  return fd;
}

static void into_background(void) {
  if (fork() > 0) exit(0);
  setsid();
}

static void answer(struct pollfd *poll_fd, const char *reply) {
  char request[2048];
  struct sockaddr_storage peer;
  socklen_t length = sizeof peer;
  ssize_t got = recvfrom(poll_fd->fd, request, sizeof request, 0, (void *)&peer, &length);
  int type;
  socklen_t type_length = sizeof type;
  getsockopt(poll_fd->fd, SOL_SOCKET, SO_TYPE, &type, &type_length);
  if (type == SOCK_DGRAM) {
    sendto(poll_fd->fd, reply, REPLY_BYTES, 0, (void *)&peer, length);
  } else if (got <= 0) {
    close(poll_fd->fd);
    poll_fd->fd = -1;
  } else {
    send(poll_fd->fd, reply, REPLY_BYTES, MSG_NOSIGNAL);
    if (got != (ssize_t)strlen(BYE) || memcmp(request, BYE, got)) return;
    close(poll_fd->fd);
    poll_fd->fd = -1;
  }
}

static void adopt(struct pollfd *table, int *used, int fd) {
  for (int i = 0; i < *used; i++)
    if (table[i].fd < 0) {
      table[i].fd = fd;
      return;
    }
  if (*used == MAX_SOCKETS) errx(1, "too many connections");
  table[(*used)++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void serve(int count, char **endpoints) {
  static struct pollfd table[MAX_SOCKETS];
  static char reply[REPLY_BYTES];
  int listening[MAX_SOCKETS] = {0}, used = 0;
  const char *id = getenv("TRAFFIC_ID");
  if (id) reply[0] = atoi(id);
  for (; used < count; used++) {
    struct endpoint end = parse_endpoint(endpoints[used]);
    int fd = open_socket(&end);
    if (bind(fd, (void *)&end.address, end.length)) err(1, "bind %s", endpoints[used]);
    listening[used] = end.type == SOCK_STREAM;
    if (listening[used] && listen(fd, 128)) err(1, "listen");
    table[used] = (struct pollfd){.fd = fd, .events = POLLIN};
  }
  into_background();
  while (poll(table, used, -1) > 0) {
    int seen = used;
    for (int i = 0; i < seen; i++) {
      if (table[i].fd < 0 || !table[i].revents) continue;
      if (i < count && listening[i])
        adopt(table, &used, accept(table[i].fd, NULL, NULL));
      else
        answer(&table[i], reply);
    }
  }
}

/* Receives until the server closes the connection, or only the first part of the reply. */
static int receive(int fd, int until_closed) {
  char reply[2048];
  ssize_t got, total = 0;
  do {
    got = recv(fd, reply, sizeof reply, 0);
    if (got > 0 && total == 0) replies[(unsigned char)reply[0]]++;
    if (got > 0) total += got;
  } while (until_closed && got > 0);
  return until_closed ? got == 0 && total == REPLY_BYTES : got > 0;
}

static int request(const struct endpoint *end, const char *payload, int wait) {
  struct timeval timeout = {.tv_sec = TIMEOUT_S};
  int fd = open_socket(end);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (end->has_source && bind(fd, (void *)&end->source, end->length)) err(1, "bind source");
  if (connect(fd, (void *)&end->address, end->length) ||
      send(fd, payload, strlen(payload), MSG_NOSIGNAL) < 0 ||
      (wait && !receive(fd, !strcmp(payload, BYE)))) {
    close(fd);
    return -1;
  }
  return fd;
}

int main(int argc, char **argv) {
  if (argc < 3) errx(2, "usage: traffic serve|hit|cast|hold ENDPOINT...");
  if (!strcmp(argv[1], "serve")) {
    serve(argc - 2, argv + 2);
    return 1;
  }
  int hit = !strcmp(argv[1], "hit"), wait = strcmp(argv[1], "cast") != 0;
  int count = argc > 3 ? atoi(argv[3]) : 1, answered = 0;
  char label[128];
  snprintf(label, sizeof label, "%s", argv[2]);
  struct endpoint end = parse_endpoint(argv[2]);
  int hold = !strcmp(argv[1], "hold") || (hit && end.protocol == IPPROTO_TCP);
  const char *payload = argc > 4 ? argv[4] : hit && hold ? BYE : "request";
  for (int i = 0; i < count; i++) {
    int fd = request(&end, payload, wait);
    if (fd >= 0) answered++;
    if (fd >= 0 && !hold) close(fd);
  }
  printf("%s %s %d/%d", argv[1], label, answered, count);
  for (int id = 1; id < 256; id++)
    if (replies[id]) printf(" %d:%d", id, replies[id]);
  printf("\n");
  fflush(stdout);
  if (hold) {
    into_background();
    pause();
  }
  return answered == count ? 0 : 1;
}
