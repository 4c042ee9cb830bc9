/* Changes the table in ways that ipvsadm cannot: continuously, and with values that its options do not support.
 *
 *   ipvs_genl churn-services [interrupting]   adds and removes 40 services, each with a real server
 *   ipvs_genl churn-servers [interrupting]    adds and removes 40 real servers of TCP 192.0.2.1:80
 *   ipvs_genl odd                             adds services and real servers that ipvsadm's options do not support
 *
 * A churn is continuous, or interrupts readers hundreds of times a second. It ends at SIGTERM and prints the
 * number of changes.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHURNED = 40, BURST = 4, PAUSE = 200 };

struct message {
  struct nlmsghdr header;
  struct genlmsghdr genl;
  char payload[512];
};

static int netlink_socket, family;

static void *append(struct message *m, int type, const void *data, int length) {
  struct nlattr *attribute = (void *)((char *)m + NLMSG_ALIGN(m->header.nlmsg_len));
  attribute->nla_type = type;
  attribute->nla_len = NLA_HDRLEN + length;
  if (length) memcpy((char *)attribute + NLA_HDRLEN, data, length);
  m->header.nlmsg_len = NLMSG_ALIGN(m->header.nlmsg_len) + NLA_ALIGN(attribute->nla_len);
  return attribute;
}

static void append_u16(struct message *m, int type, uint16_t value) { append(m, type, &value, sizeof value); }
static void append_u32(struct message *m, int type, uint32_t value) { append(m, type, &value, sizeof value); }

static void end_nest(struct message *m, struct nlattr *nest) {
  nest->nla_len = (char *)m + m->header.nlmsg_len - (char *)nest;
}

static struct message start(int type, int command) {
  struct message m = {.genl = {.cmd = command, .version = 1}};
  m.header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = type,
                               .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};
  return m;
}

/* Sends a request; returns 0 or an errno, and copies a reply before the acknowledgement to *reply. */
static int exchange(struct message *m, char *reply, int size) {
  char buffer[8192];
  if (send(netlink_socket, m, m->header.nlmsg_len, 0) < 0) err(1, "send");
  for (;;) {
    ssize_t got = recv(netlink_socket, buffer, sizeof buffer, 0);
    if (got < 0) err(1, "recv");
    struct nlmsghdr *header = (void *)buffer;
    if (header->nlmsg_type == NLMSG_ERROR) return -((struct nlmsgerr *)NLMSG_DATA(header))->error;
    if (reply) memcpy(reply, buffer, got < size ? got : size);
  }
}

static void find_family(void) {
  struct message m = start(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
  char reply[8192] = {0};
  append(&m, CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME, sizeof IPVS_GENL_NAME);
  if (exchange(&m, reply, sizeof reply)) errx(1, "no IPVS");
  char *end = reply + ((struct nlmsghdr *)reply)->nlmsg_len;
  for (char *p = reply + NLMSG_HDRLEN + GENL_HDRLEN; p < end;) {
    struct nlattr *attribute = (void *)p;
    if (attribute->nla_type == CTRL_ATTR_FAMILY_ID) family = *(uint16_t *)(p + NLA_HDRLEN);
    p += NLA_ALIGN(attribute->nla_len);
  }
}

struct service {
  int protocol, port;
  uint32_t address, mark;
  const char *scheduler;
  uint32_t flags, timeout;
};

struct server {
  uint32_t address;
  int port;
  uint32_t method, weight, upper, lower;
};

static void append_address(struct message *m, int type, uint32_t address) {
  uint32_t bytes[4] = {htonl(address)};
  append(m, type, bytes, sizeof bytes);
}

static void append_service(struct message *m, const struct service *s) {
  struct nlattr *nest = append(m, IPVS_CMD_ATTR_SERVICE, NULL, 0);
  struct ip_vs_flags flags = {s->flags, ~0};
  append_u16(m, IPVS_SVC_ATTR_AF, AF_INET);
  if (s->mark) {
    append_u32(m, IPVS_SVC_ATTR_FWMARK, s->mark);
  } else {
    append_u16(m, IPVS_SVC_ATTR_PROTOCOL, s->protocol);
    append_address(m, IPVS_SVC_ATTR_ADDR, s->address);
    append_u16(m, IPVS_SVC_ATTR_PORT, htons(s->port));
  }
  append(m, IPVS_SVC_ATTR_SCHED_NAME, s->scheduler, strlen(s->scheduler) + 1);
  append(m, IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
  append_u32(m, IPVS_SVC_ATTR_TIMEOUT, s->timeout);
  append_u32(m, IPVS_SVC_ATTR_NETMASK, 0xFFFFFFFF);
  end_nest(m, nest);
}

static int change_service(int command, const struct service *s) {
  struct message m = start(family, command);
  append_service(&m, s);
  return exchange(&m, NULL, 0);
}

static int change_server(int command, const struct service *s, const struct server *d) {
  struct message m = start(family, command);
  append_service(&m, s);
  struct nlattr *nest = append(&m, IPVS_CMD_ATTR_DEST, NULL, 0);
  append_address(&m, IPVS_DEST_ATTR_ADDR, d->address);
  append_u16(&m, IPVS_DEST_ATTR_PORT, htons(d->port));
  append_u32(&m, IPVS_DEST_ATTR_FWD_METHOD, d->method);
  append_u32(&m, IPVS_DEST_ATTR_WEIGHT, d->weight);
  append_u32(&m, IPVS_DEST_ATTR_U_THRESH, d->upper);
  append_u32(&m, IPVS_DEST_ATTR_L_THRESH, d->lower);
  end_nest(&m, nest);
  return exchange(&m, NULL, 0);
}

static struct service churned_service(int n) {
  return (struct service){.protocol = IPPROTO_TCP, .address = 0xC6336400 + n, .port = 80, .scheduler = "rr"};
}

static int change_nth_service(int n, int adds) {
  struct service s = churned_service(n);
  struct server d = {.address = 0x0A090000 + n, .port = 80, .weight = 1};
  if (!adds) return !change_service(IPVS_CMD_DEL_SERVICE, &s);
  return !change_service(IPVS_CMD_NEW_SERVICE, &s) && !change_server(IPVS_CMD_NEW_DEST, &s, &d);
}

static int change_nth_server(int n, int adds) {
  struct service s = {.protocol = IPPROTO_TCP, .address = 0xC0000201, .port = 80, .scheduler = "rr"};
  struct server d = {.address = 0x0A090000 + n, .port = 80, .weight = 1};
  return !change_server(adds ? IPVS_CMD_NEW_DEST : IPVS_CMD_DEL_DEST, &s, &d);
}

static volatile sig_atomic_t stopping;

static void stop(int number) { stopping = number; }

/*
 * On one processor a reader is interrupted only by clock ticks, a hundred times a second, and most lists are
 * read between two of them. A real-time process that wakes up interrupts at once, so the table changes during
 * every list, as with several processors.
 */
static void take_precedence(void) {
  struct sched_param param = {.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_RR, &param)) err(1, "sched_setscheduler");
}

static long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

/* Sleeps for twice the time since the last call, so that a reader on a slow machine gets its share. */
static void yield_to_reader(void) {
  static long woken;
  long worked = woken ? now_us() - woken : 0;
  usleep(worked * 2 > PAUSE ? worked * 2 : PAUSE);
  woken = now_us();
}

/* Runs until SIGTERM, and then until everything added has been removed. */
static void churn(int (*change)(int n, int adds), int interrupts) {
  long changes = 0;
  if (interrupts) take_precedence();
  signal(SIGTERM, stop);
  for (int adds = 1; !adds || !stopping; adds = !adds)
    for (int n = 0; n < CHURNED; n++) {
      changes += change(n, adds);
      if (interrupts && n % BURST == 0) yield_to_reader();
    }
  printf("%ld\n", changes);
}

static void expect(int error, const char *what) {
  if (error) errx(1, "%s: %s", what, strerror(error));
}

static void make_odd(void) {
  struct service protocol = {.protocol = 50, .address = 0xC00002C8, .port = 7, .scheduler = "rr"};
  struct service timeout = {.mark = 77, .scheduler = "wlc", .flags = IP_VS_SVC_F_PERSISTENT, .timeout = 4294967};
  struct service methods = {.protocol = IPPROTO_TCP, .address = 0xC00002C9, .port = 80, .scheduler = "rr",
                            .flags = IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3};
  struct server local = {.address = 0xC00002C9, .port = 80, .method = IP_VS_CONN_F_LOCALNODE, .weight = 1};
  struct server bypass = {.address = 0x0A020102, .port = 80, .method = IP_VS_CONN_F_BYPASS, .weight = 0};
  struct server thresholds = {.address = 0x0A020202, .port = 80, .method = IP_VS_CONN_F_MASQ, .weight = 2147483647,
                              .upper = 4294967295u, .lower = 4294967294u};
  expect(change_service(IPVS_CMD_NEW_SERVICE, &protocol), "protocol 50");
  expect(change_service(IPVS_CMD_NEW_SERVICE, &timeout), "timeout");
  expect(change_service(IPVS_CMD_NEW_SERVICE, &methods), "methods");
  expect(change_server(IPVS_CMD_NEW_DEST, &methods, &local), "local");
  expect(change_server(IPVS_CMD_NEW_DEST, &methods, &bypass), "bypass");
  /* Newer kernels reject thresholds that exceed a signed 32-bit integer. */
  if (change_server(IPVS_CMD_NEW_DEST, &methods, &thresholds)) {
    thresholds.upper = 2147483647, thresholds.lower = 2147483646;
    expect(change_server(IPVS_CMD_NEW_DEST, &methods, &thresholds), "thresholds");
  }
  printf("%u\n", thresholds.upper);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  netlink_socket = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
  if (netlink_socket < 0) err(1, "socket");
  find_family();
  if (!strcmp(what, "churn-services")) churn(change_nth_service, argc > 2);
  else if (!strcmp(what, "churn-servers")) churn(change_nth_server, argc > 2);
  else if (!strcmp(what, "odd")) make_odd();
  else errx(2, "usage: ipvs_genl churn-services|churn-servers [interrupting] | odd");
  return 0;
}
