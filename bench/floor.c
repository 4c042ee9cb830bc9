/* The minimum cost of reading IPVS: requests the services and the destinations of each, and discards the
 * replies. Prints the duration of each reading in microseconds, one per line.
 *
 *   floor recv|recvmmsg [READINGS]   receive one datagram per system call, or up to four
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BUFFER = 32768, MAX_BUFFERS = 4, IDENTITY_BYTES = 96 };

static char buffers[MAX_BUFFERS][BUFFER] __attribute__((aligned(8)));
static int netlink_socket, family, buffer_count;

struct identity {
  int length;
  char bytes[IDENTITY_BYTES];
};
static struct identity *services;
static int service_count, service_room;

static void send_request(int type, int flags, int command, const void *payload, int length) {
  char message[256] = {0};
  struct nlmsghdr *header = (void *)message;
  header->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN + length;
  header->nlmsg_type = type;
  header->nlmsg_flags = NLM_F_REQUEST | flags;
  message[NLMSG_HDRLEN] = command;
  message[NLMSG_HDRLEN + 1] = 1;
  if (length > 0) memcpy(message + NLMSG_HDRLEN + GENL_HDRLEN, payload, length);
  if (send(netlink_socket, message, header->nlmsg_len, 0) < 0) err(1, "send");
}

/* Saves the attributes that identify a service: family, protocol, address, port and fwmark. */
static void save_identity(const char *message) {
  const struct nlattr *nest = (const void *)(message + NLMSG_HDRLEN + GENL_HDRLEN);
  const char *at = (const char *)nest + NLA_HDRLEN, *end = (const char *)nest + nest->nla_len;
  if (service_count == service_room) {
    service_room = 2 * service_room + 1024;
    services = realloc(services, service_room * sizeof *services);
    if (services == NULL) err(1, "realloc");
  }
  struct identity *identity = &services[service_count++];
  identity->length = NLA_HDRLEN;
  while (at < end) {
    const struct nlattr *attribute = (const void *)at;
    int length = NLA_ALIGN(attribute->nla_len);
    if (attribute->nla_type <= IPVS_SVC_ATTR_FWMARK) {
      memcpy(identity->bytes + identity->length, at, length);
      identity->length += length;
    }
    at += length;
  }
  struct nlattr head = {.nla_len = identity->length, .nla_type = IPVS_CMD_ATTR_SERVICE};
  memcpy(identity->bytes, &head, sizeof head);
}

static int is_end(const char *bytes, int length, int saving) {
  for (int at = 0; at < length;) {
    const struct nlmsghdr *header = (const void *)(bytes + at);
    if (header->nlmsg_type == NLMSG_DONE) return 1;
    if (header->nlmsg_type == NLMSG_ERROR) errx(1, "the kernel returned an error");
    if (saving) save_identity(bytes + at);
    at += NLMSG_ALIGN(header->nlmsg_len);
  }
  return 0;
}

static int receive(int *lengths) {
  if (buffer_count == 1) {
    lengths[0] = recv(netlink_socket, buffers[0], BUFFER, 0);
    if (lengths[0] < 0) err(1, "recv");
    return 1;
  }
  struct iovec vectors[MAX_BUFFERS];
  struct mmsghdr headers[MAX_BUFFERS];
  memset(headers, 0, sizeof headers);
  for (int i = 0; i < MAX_BUFFERS; i++) {
    vectors[i] = (struct iovec){buffers[i], BUFFER};
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  int received = recvmmsg(netlink_socket, headers, MAX_BUFFERS, MSG_WAITFORONE, NULL);
  if (received < 0) err(1, "recvmmsg");
  for (int i = 0; i < received; i++) lengths[i] = headers[i].msg_len;
  return received;
}

static void receive_dump(int saving) {
  for (;;) {
    int lengths[MAX_BUFFERS];
    int received = receive(lengths);
    for (int i = 0; i < received; i++) {
      if (is_end(buffers[i], lengths[i], saving)) return;
    }
  }
}

static void find_family(void) {
  char name[NLA_HDRLEN + 8] = {NLA_HDRLEN + 5, 0, CTRL_ATTR_FAMILY_NAME, 0, 'I', 'P', 'V', 'S'};
  send_request(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, name, sizeof name);
  int length = recv(netlink_socket, buffers[0], BUFFER, 0);
  for (int at = NLMSG_HDRLEN + GENL_HDRLEN; at < length;) {
    const struct nlattr *attribute = (const void *)(buffers[0] + at);
    if (attribute->nla_len < NLA_HDRLEN) errx(1, "no IPVS");
    if (attribute->nla_type == CTRL_ATTR_FAMILY_ID) {
      family = *(const unsigned short *)(attribute + 1);
    }
    at += NLA_ALIGN(attribute->nla_len);
  }
}

static void read_table(void) {
  service_count = 0;
  send_request(family, NLM_F_DUMP, IPVS_CMD_GET_SERVICE, NULL, 0);
  receive_dump(1);
  for (int i = 0; i < service_count; i++) {
    send_request(family, NLM_F_DUMP, IPVS_CMD_GET_DEST, services[i].bytes, services[i].length);
    receive_dump(0);
  }
}

static long microseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv) {
  int use_recvmmsg = argc > 1 && strcmp(argv[1], "recvmmsg") == 0;
  if (argc < 2 || (!use_recvmmsg && strcmp(argv[1], "recv") != 0)) {
    errx(2, "usage: floor recv|recvmmsg [READINGS]");
  }
  buffer_count = use_recvmmsg ? MAX_BUFFERS : 1;
  netlink_socket = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
  if (netlink_socket < 0) err(1, "socket");
  find_family();
  int readings = argc > 2 ? atoi(argv[2]) : 1;
  for (int i = 0; i < readings; i++) {
    long begin = microseconds();
    read_table();
    printf("%ld\n", microseconds() - begin);
  }
  return 0;
}
