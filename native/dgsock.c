/*
 * A datagram socket for Node.js, for the two address families Node itself does not open: AF_NETLINK
 * and AF_PACKET. It moves bytes and knows no protocol: messages, filters and addresses are encoded
 * and decoded in TypeScript.
 *
 * Needs Node-API version 8 and libuv 1.x, both of which are stable across Node releases: one binary
 * serves Node 20 and later. Every method answers a count, or a negative errno; only misuse throws.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <node_api.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define BATCH 64 /* datagrams per recvmmsg and sendmmsg */
#define META 5   /* numbers told of each datagram, see tell() */
/* Of packets that come in a burst after so long, so many are told before the event loop has its turn, and
 * then four times as many each time: what is said of the first goes out when its callback is over. */
#define QUIET_NS 10000000ULL
#define FIRST 4

struct sock {
  napi_env env;
  int fd; /* -1: closed */
  uv_poll_t poll;
  bool polling;   /* `poll` is initialised and not closed yet */
  bool finalized; /* the JavaScript object is gone */
  napi_async_cleanup_hook_handle cleanup;
  napi_ref callback, slab_ref, meta_ref;
  uint8_t *slab;
  int32_t *meta;
  uint32_t slot_size, slots, max_batches;
  bool is_packet;
  uint64_t read_at; /* nanoseconds, as uv_hrtime() tells them */
  uint32_t at_once; /* datagrams that were told the last time, at most */
};

/* Freed when neither JavaScript nor libuv holds it any more. */
static void free_if_unused(struct sock *s) {
  if (s->finalized && !s->polling) free(s);
}

static void on_poll_closed(uv_handle_t *handle) {
  struct sock *s = handle->data;
  s->polling = false;
  if (s->cleanup != NULL) napi_remove_async_cleanup_hook(s->cleanup);
  s->cleanup = NULL;
  free_if_unused(s);
}

/* Receives no more. Answers the descriptor, which is the caller's from now on; -1: it was closed. */
static int let_go(struct sock *s) {
  int fd = s->fd;
  if (fd >= 0 && s->polling) {
    uv_close((uv_handle_t *)&s->poll, on_poll_closed);
    napi_delete_reference(s->env, s->slab_ref);
    napi_delete_reference(s->env, s->meta_ref);
    napi_delete_reference(s->env, s->callback);
  }
  s->fd = -1;
  return fd;
}

static void shut(struct sock *s) {
  int fd = let_go(s);
  if (fd >= 0) close(fd);
}

/* A worker thread ends: its loop must not be left with a handle of ours. */
static void on_environment_end(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  shut(data);
}

static void on_finalize(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  struct sock *s = data;
  shut(s);
  s->finalized = true;
  free_if_unused(s);
}

/* What came with a datagram, besides its bytes: META numbers, in this order. */
static void tell(int32_t *m, const struct mmsghdr *msg) {
  memset(m, 0, META * sizeof *m);
  m[0] = (int32_t)msg->msg_len;
  m[1] = msg->msg_hdr.msg_flags;
  const struct sockaddr_nl *from = msg->msg_hdr.msg_name;
  if (from != NULL) m[2] = (int32_t)from->nl_pid;
  struct msghdr *hdr = (struct msghdr *)&msg->msg_hdr;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c != NULL; c = CMSG_NXTHDR(hdr, c)) {
    if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
    struct tpacket_auxdata aux;
    memcpy(&aux, CMSG_DATA(c), sizeof aux);
    m[3] = (int32_t)aux.tp_status;
    m[4] = (int32_t)((uint32_t)aux.tp_vlan_tpid << 16 | aux.tp_vlan_tci);
  }
}

static int receive_batch(struct sock *s, uint32_t wanted) {
  struct mmsghdr msgs[BATCH];
  struct iovec iov[BATCH];
  struct sockaddr_nl from[BATCH]; /* of a packet, nobody asks whom it is from */
  union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))]; } control[BATCH];
  memset(msgs, 0, wanted * sizeof *msgs);
  for (uint32_t i = 0; i < wanted; i++) {
    iov[i] = (struct iovec){s->slab + (size_t)i * s->slot_size, s->slot_size};
    from[i].nl_pid = 0;
    msgs[i].msg_hdr = (struct msghdr){.msg_name = s->is_packet ? NULL : &from[i], .msg_namelen = sizeof from[i],
        .msg_iov = &iov[i], .msg_iovlen = 1, .msg_control = &control[i], .msg_controllen = sizeof control[i]};
  }
  int count = recvmmsg(s->fd, msgs, wanted, MSG_DONTWAIT, NULL);
  if (count < 0) return -errno;
  for (int i = 0; i < count; i++) tell(s->meta + i * META, &msgs[i]);
  return count;
}

/* One call into JavaScript per batch: (count, errno). An exception there ends the process as any
 * uncaught one does. */
static void call_back(struct sock *s, int count, int error) {
  napi_env env = s->env;
  napi_handle_scope scope;
  napi_value callback, receiver, argv[2], exception;
  napi_open_handle_scope(env, &scope);
  napi_get_reference_value(env, s->callback, &callback);
  napi_get_global(env, &receiver);
  napi_create_int32(env, count, &argv[0]);
  napi_create_int32(env, error, &argv[1]);
  if (napi_make_callback(env, NULL, receiver, callback, 2, argv, NULL) == napi_pending_exception) {
    napi_get_and_clear_last_exception(env, &exception);
    napi_fatal_exception(env, exception);
  }
  napi_close_handle_scope(env, scope);
}

static void read_up_to(struct sock *s, uint32_t most) {
  for (uint32_t wanted; s->fd >= 0 && most > 0; most -= wanted) {
    wanted = most < s->slots ? most : s->slots;
    int count = receive_batch(s, wanted);
    if (count == -EAGAIN || count == -EINTR) return;
    call_back(s, count < 0 ? 0 : count, count < 0 ? -count : 0);
    if (count >= 0 && (uint32_t)count < wanted) return;
  }
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  (void)events;
  struct sock *s = poll->data;
  /* libuv answers EPOLLERR (a netlink overrun, a port going down) with UV_EBADF and stops polling,
   * though the socket lives on: start again, and let recvmmsg say what it really was. */
  if (status < 0) uv_poll_start(&s->poll, UV_READABLE, on_readable);
  uint32_t most = s->slots * s->max_batches;
  if (s->is_packet) {
    uint64_t now = uv_hrtime();
    s->at_once = now - s->read_at > QUIET_NS ? FIRST : 4 * s->at_once;
    if (s->at_once < most) most = s->at_once;
    else s->at_once = most;
    s->read_at = now;
  }
  read_up_to(s, most);
}

/* ---- the methods ---- */

static napi_value number(napi_env env, int64_t value) {
  napi_value result;
  napi_create_int64(env, value, &result);
  return result;
}

/* `this` and the arguments of a call; NULL, and an exception, if an argument is missing. */
static struct sock *unpack(napi_env env, napi_callback_info info, size_t needed, napi_value *argv) {
  size_t argc = 5;
  napi_value receiver;
  struct sock *s = NULL;
  napi_get_cb_info(env, info, &argc, argv, &receiver, NULL);
  if (argc < needed || napi_unwrap(env, receiver, (void **)&s) != napi_ok) {
    napi_throw_type_error(env, NULL, "Cannot call a socket method with these arguments");
    return NULL;
  }
  return s;
}

static bool bytes_of(napi_env env, napi_value value, uint8_t **data, size_t *length) {
  napi_typedarray_type type;
  size_t count;
  if (napi_get_typedarray_info(env, value, &type, &count, (void **)data, NULL, NULL) != napi_ok ||
      (type != napi_uint8_array && type != napi_int32_array)) {
    napi_throw_type_error(env, NULL, "Cannot use a value which is neither a Uint8Array nor an Int32Array");
    return false;
  }
  *length = type == napi_uint8_array ? count : count * sizeof(int32_t);
  return true;
}

static int32_t int_of(napi_env env, napi_value value) {
  int32_t result = -1;
  napi_get_value_int32(env, value, &result);
  return result;
}

/* new Socket(family, type, protocol); an errno is thrown as the `errno` of an Error. */
static napi_value construct(napi_env env, napi_callback_info info) {
  napi_value argv[5], receiver;
  size_t argc = 3;
  napi_get_cb_info(env, info, &argc, argv, &receiver, NULL);
  int fd = argc < 3 ? -1 : socket(int_of(env, argv[0]), int_of(env, argv[1]) | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                  int_of(env, argv[2]));
  if (fd < 0) {
    napi_value message, error;
    int code = argc < 3 ? EINVAL : errno;
    napi_create_string_utf8(env, "Cannot open socket", NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, NULL, message, &error);
    napi_set_named_property(env, error, "errno", number(env, code));
    napi_throw(env, error);
    return NULL;
  }
  struct sock *s = calloc(1, sizeof *s);
  if (s == NULL) abort();
  s->env = env;
  s->fd = fd;
  s->is_packet = int_of(env, argv[0]) == AF_PACKET;
  napi_wrap(env, receiver, s, on_finalize, NULL, NULL);
  return receiver;
}

static napi_value bind_to(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  uint8_t *address;
  size_t length;
  struct sock *s = unpack(env, info, 1, argv);
  if (s == NULL || !bytes_of(env, argv[0], &address, &length)) return NULL;
  return number(env, bind(s->fd, (struct sockaddr *)address, (socklen_t)length) < 0 ? -errno : 0);
}

static napi_value set_option(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  uint8_t *value;
  size_t length;
  struct sock *s = unpack(env, info, 3, argv);
  if (s == NULL || !bytes_of(env, argv[2], &value, &length)) return NULL;
  int level = int_of(env, argv[0]), name = int_of(env, argv[1]);
  if (level == SOL_SOCKET && name == SO_ATTACH_FILTER) {
    /* The one option whose value holds a pointer: the caller gives the instructions alone. */
    struct { unsigned short count; void *code; } program = {(unsigned short)(length / 8), value};
    return number(env, setsockopt(s->fd, level, name, &program, sizeof program) < 0 ? -errno : 0);
  }
  return number(env, setsockopt(s->fd, level, name, value, (socklen_t)length) < 0 ? -errno : 0);
}

static napi_value get_option(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  uint8_t *value;
  size_t length;
  struct sock *s = unpack(env, info, 3, argv);
  if (s == NULL || !bytes_of(env, argv[2], &value, &length)) return NULL;
  socklen_t size = (socklen_t)length;
  int result = getsockopt(s->fd, int_of(env, argv[0]), int_of(env, argv[1]), value, &size);
  return number(env, result < 0 ? -errno : (int64_t)size);
}

/* start(slab, slotSize, meta, callback, maxBatches) */
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  size_t slab_length, meta_length;
  uint8_t *meta;
  uv_loop_t *loop;
  struct sock *s = unpack(env, info, 5, argv);
  if (s == NULL || !bytes_of(env, argv[0], &s->slab, &slab_length) ||
      !bytes_of(env, argv[2], &meta, &meta_length)) return NULL;
  int32_t slot_size = int_of(env, argv[1]);
  if (s->fd < 0) return number(env, -EBADF);
  if (s->polling) return number(env, -EALREADY);
  if (slot_size <= 0 || meta_length / (META * 4) < 1 || slab_length < (size_t)slot_size) return number(env, -EINVAL);
  s->meta = (int32_t *)meta;
  s->slot_size = (uint32_t)slot_size;
  size_t slots = slab_length / s->slot_size;
  if (slots > meta_length / (META * 4)) slots = meta_length / (META * 4);
  s->slots = slots > BATCH ? BATCH : (uint32_t)slots;
  s->max_batches = (uint32_t)int_of(env, argv[4]);
  napi_get_uv_event_loop(env, &loop);
  int error = uv_poll_init(loop, &s->poll, s->fd);
  if (error < 0) return number(env, error);
  s->polling = true;
  s->poll.data = s;
  napi_create_reference(env, argv[0], 1, &s->slab_ref);
  napi_create_reference(env, argv[2], 1, &s->meta_ref);
  napi_create_reference(env, argv[3], 1, &s->callback);
  napi_add_async_cleanup_hook(env, on_environment_end, s, &s->cleanup);
  return number(env, uv_poll_start(&s->poll, UV_READABLE, on_readable));
}

/* What is there already is received now, rather than when the event loop comes to it. */
static napi_value receive_now(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  struct sock *s = unpack(env, info, 0, argv);
  if (s == NULL || !s->polling || s->fd < 0) return NULL;
  /* Nearly always nothing is there, which poll says in a fraction of the time. */
  struct pollfd asked = {.fd = s->fd, .events = POLLIN};
  if (poll(&asked, 1, 0) > 0) read_up_to(s, s->slots * s->max_batches);
  return NULL;
}

/* What comes is left in the kernel until resume(). */
static napi_value pause_it(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  struct sock *s = unpack(env, info, 0, argv);
  if (s != NULL && s->polling && s->fd >= 0) uv_poll_stop(&s->poll);
  return NULL;
}

static napi_value resume(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  struct sock *s = unpack(env, info, 0, argv);
  if (s != NULL && s->polling && s->fd >= 0) uv_poll_start(&s->poll, UV_READABLE, on_readable);
  return NULL;
}

static napi_value receive(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  uint8_t *into;
  size_t length;
  struct sock *s = unpack(env, info, 1, argv);
  if (s == NULL || !bytes_of(env, argv[0], &into, &length)) return NULL;
  /* MSG_TRUNC: answer the length the datagram had, so that the caller sees when it was cut. */
  ssize_t got = recv(s->fd, into, length, MSG_DONTWAIT | MSG_TRUNC);
  return number(env, got < 0 ? -errno : got);
}

static napi_value send_one(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  uint8_t *bytes;
  size_t length;
  struct sock *s = unpack(env, info, 1, argv);
  if (s == NULL || !bytes_of(env, argv[0], &bytes, &length)) return NULL;
  ssize_t sent = send(s->fd, bytes, length, MSG_DONTWAIT);
  return number(env, sent < 0 ? -errno : sent);
}

static napi_value close_it(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  struct sock *s = unpack(env, info, 0, argv);
  if (s != NULL) shut(s);
  return NULL;
}

static napi_value detach(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  struct sock *s = unpack(env, info, 0, argv);
  return s == NULL ? NULL : number(env, let_go(s));
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor methods[] = {
      {"bind", NULL, bind_to, NULL, NULL, NULL, napi_default_method, NULL},
      {"setsockopt", NULL, set_option, NULL, NULL, NULL, napi_default_method, NULL},
      {"getsockopt", NULL, get_option, NULL, NULL, NULL, napi_default_method, NULL},
      {"start", NULL, start, NULL, NULL, NULL, napi_default_method, NULL},
      {"receiveNow", NULL, receive_now, NULL, NULL, NULL, napi_default_method, NULL},
      {"pause", NULL, pause_it, NULL, NULL, NULL, napi_default_method, NULL},
      {"resume", NULL, resume, NULL, NULL, NULL, napi_default_method, NULL},
      {"recv", NULL, receive, NULL, NULL, NULL, napi_default_method, NULL},
      {"send", NULL, send_one, NULL, NULL, NULL, napi_default_method, NULL},
      {"detach", NULL, detach, NULL, NULL, NULL, napi_default_method, NULL},
      {"close", NULL, close_it, NULL, NULL, NULL, napi_default_method, NULL},
  };
  napi_value constructor;
  napi_define_class(env, "Socket", NAPI_AUTO_LENGTH, construct, NULL, sizeof methods / sizeof *methods, methods,
                    &constructor);
  napi_set_named_property(env, exports, "Socket", constructor);
  return exports;
}
