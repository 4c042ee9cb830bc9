/* The least that reading IPVS can cost: asks for the services and for each one's destinations, as
 * ipvstat does on a table that stands still, and throws the answers away.
 *
 *   floor [once|twice]   once: each list of destinations is read once (the default)
 *                        twice: those of several datagrams, and the services, are read again
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BUFFER = 32768, BUFFERS = 4, KEPT = 96 };

static char buffers[BUFFERS][BUFFER] __attribute__((aligned(8)));
static int netlink_socket, family;

struct identity {
  int length;
  char bytes[KEPT];
};
static struct identity *services;
static int service_count;

static void ask(int type, int flags, int command, const void *payload, int length) {
  char message[256] = {0};
  struct nlmsghdr *header = (void *)message;
  header->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN + length;
  header->nlmsg_type = type;
  header->nlmsg_flags = NLM_F_REQUEST | flags;
  message[NLMSG_HDRLEN] = command;
  message[NLMSG_HDRLEN + 1] = 1;
  memcpy(message + NLMSG_HDRLEN + GENL_HDRLEN, payload, length);
  if (send(netlink_socket, message, header->nlmsg_len, 0) < 0) err(1, "send");
}

/* Keeps the attributes that name a service: its family, protocol, address, port and mark. */
static void keep(const char *message) {
  const struct nlattr *nest = (const void *)(message + NLMSG_HDRLEN + GENL_HDRLEN);
  const char *at = (const char *)nest + NLA_HDRLEN, *end = (const char *)nest + nest->nla_len;
  services = realloc(services, (service_count + 1) * sizeof *services);
  struct identity *kept = &services[service_count++];
  kept->length = NLA_HDRLEN;
  while (at < end) {
    const struct nlattr *attribute = (const void *)at;
    int length = NLA_ALIGN(attribute->nla_len);
    if (attribute->nla_type <= IPVS_SVC_ATTR_FWMARK) {
      memcpy(kept->bytes + kept->length, at, length);
      kept->length += length;
    }
    at += length;
  }
  struct nlattr head = {.nla_len = kept->length, .nla_type = IPVS_CMD_ATTR_SERVICE};
  memcpy(kept->bytes, &head, sizeof head);
}

static int is_end(const char *bytes, int length, int keeping) {
  for (int at = 0; at < length;) {
    const struct nlmsghdr *header = (const void *)(bytes + at);
    if (header->nlmsg_type == NLMSG_DONE) return 1;
    if (header->nlmsg_type == NLMSG_ERROR) errx(1, "the kernel refuses");
    if (keeping) keep(bytes + at);
    at += NLMSG_ALIGN(header->nlmsg_len);
  }
  return 0;
}

/* Returns how many datagrams there were, with the one that ends the answer. */
static int answers(int keeping) {
  int count = 0;
  for (;;) {
    struct iovec vectors[BUFFERS];
    struct mmsghdr headers[BUFFERS];
    memset(headers, 0, sizeof headers);
    for (int i = 0; i < BUFFERS; i++) {
      vectors[i] = (struct iovec){buffers[i], BUFFER};
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    int received = recvmmsg(netlink_socket, headers, BUFFERS, MSG_WAITFORONE, NULL);
    if (received < 0) err(1, "recvmmsg");
    for (int i = 0; i < received; i++) {
      count++;
      if (is_end(buffers[i], headers[i].msg_len, keeping)) return count;
    }
  }
}

static void find_family(void) {
  char name[NLA_HDRLEN + 8] = {NLA_HDRLEN + 5, 0, CTRL_ATTR_FAMILY_NAME, 0, 'I', 'P', 'V', 'S'};
  ask(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, name, sizeof name);
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

int main(int argc, char **argv) {
  int twice = argc > 1 && strcmp(argv[1], "twice") == 0;
  netlink_socket = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
  find_family();
  ask(family, NLM_F_DUMP, IPVS_CMD_GET_SERVICE, NULL, 0);
  answers(1);
  for (int i = 0; i < service_count; i++) {
    int more = 1;
    for (int reading = 0; reading <= twice && more; reading++) {
      ask(family, NLM_F_DUMP, IPVS_CMD_GET_DEST, services[i].bytes, services[i].length);
      more = answers(0) > 2;
    }
  }
  if (twice) {
    ask(family, NLM_F_DUMP, IPVS_CMD_GET_SERVICE, NULL, 0);
    answers(0);
  }
  return 0;
}
