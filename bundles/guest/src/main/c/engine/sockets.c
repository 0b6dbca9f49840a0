/* Calls with names of Unix sockets: paths like any other, but only 108 bytes long on the way into the kernel. */
#include "engine.h"

#include <linux/un.h>

enum { FAMILY_UNIX = 1, ADDRESS_MOST = 128, PATH_AT = 2, SOCKET_LEVEL = 1, PEER_CREDENTIALS = 17, CREDENTIALS_MESSAGE = 2 };

/* A control message's head, and what is in one that tells who has sent it. */
struct control {
    uint64_t size;
    int32_t level, kind;
};
struct peer {
    int32_t pid;
    uint32_t uid, gid;
};
static bool tells_sender(const struct control *control) {
    return control->level == SOCKET_LEVEL && control->kind == CREDENTIALS_MESSAGE && control->size >= sizeof *control + sizeof(struct peer);
}

struct address {
    union {
        struct sockaddr_un un;
        char bytes[ADDRESS_MOST];
    };
    unsigned size;
    long held; /* a descriptor that the address leads through, or -1 */
};

static bool is_path(const struct address *address) { return address->size > PATH_AT && address->un.sun_family == FAMILY_UNIX && address->un.sun_path[0]; }

static void address_close(const struct address *address) { sys_close(address->held); }

/* The path of what is bound, or NULL for any other address. */
static long address_read(struct address *address, uint64_t from, uint64_t size) {
    address->held = -1;
    if (size > ADDRESS_MOST) return -EINVAL;
    bytes_zero(address->bytes, sizeof address->bytes);
    address->size = (unsigned)size;
    return size ? guest_read(address->bytes, from, size) : 0;
}

static long guest_path(const struct address *address, char *path) {
    const unsigned size = address->size - PATH_AT;
    if (size > sizeof address->un.sun_path) return -EINVAL;
    bytes_copy(path, address->un.sun_path, size);
    path[size] = 0;
    return 0;
}

static long put_path(struct address *address, const char *path) {
    const size_t size = text_size(path);
    if (size >= sizeof address->un.sun_path) return -ENAMETOOLONG;
    bytes_copy(address->un.sun_path, path, size + 1);
    address->size = (unsigned)(PATH_AT + size + 1);
    return 0;
}

/* A link to a directory, in a directory of the container's own whose name is short: so the address that the kernel keeps can be told again. */
static const char SHORT[] = "/to/";

static long link_to(const char *directory, char *link) {
    if (!engine.config->own) return -ENOENT;
    char *end = put_text(put_text(link, engine.config->own), SHORT);
    end[-1] = 0;
    const long made = SYS(mkdir, link, 0700);
    if (made < 0 && made != -EEXIST) return made;
    end[-1] = '/';
    put_hex(end, hash_add(HASH_START, directory, text_size(directory)), 12);
    const long result = SYS(symlink, directory, link);
    return result == -EEXIST ? 0 : result;
}

/* A host path that fits into an address. `room` is PATH_ROOM bytes. */
static long shorten(struct address *address, struct union_place *place, char *room) {
    const size_t size = text_size(place->path);
    size_t name = size;
    if (place->dir == AT_FDCWD && size < sizeof address->un.sun_path) return put_path(address, place->path);
    while (name && place->path[name - 1] != '/') name--;
    if (name > 1 && place->dir == AT_FDCWD && text_size(place->path) < UNION_PATH) {
        char directory[PATH_ROOM];
        bytes_copy(directory, place->path, name - 1);
        directory[name - 1] = 0;
        if (link_to(directory, room) == 0) {
            char *end = room + text_size(room);
            *end++ = '/';
            bytes_copy(end, place->path + name, size - name + 1);
            if (put_path(address, room) == 0) return 0;
        }
    }
    /* Or through a descriptor; what the kernel then tells others is a name without a directory. */
    bytes_copy(room, place->path, name);
    room[name ? name : 1] = 0;
    if (!name) *room = '.';
    address->held = sys_openat(place->dir, room, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (address->held < 0) return address->held;
    union_name_of_fd((int)address->held, room);
    char *end = room + text_size(room);
    *end++ = '/';
    bytes_copy(end, place->path + name, size - name + 1);
    return put_path(address, room);
}

/* Of a union: the directory is copied up, and nothing hides the name, by something else being made there and removed, so that the kernel can make the socket. */
static long make_room(struct scratch *scratch) {
    long result = union_mknod(&engine.tree, &scratch->place, AT_FDCWD, scratch->path, S_IFIFO | 0600, 0);
    if (result == 0) result = union_resolve(&engine.tree, &scratch->place, AT_FDCWD, scratch->path, UNION_NOFOLLOW);
    if (result < 0) return result == -EEXIST ? -EADDRINUSE : result;
    return SYS(unlinkat, scratch->place.dir, scratch->place.path, 0);
}

/* Makes the address the host's. */
static long translate(struct call *call, struct address *address, bool create) {
    struct scratch *scratch = scratch_of(call);
    if (!is_path(address)) return 0;
    long result = guest_path(address, scratch->path);
    if (result == 0 && create && engine.tree.layer_count > 1) {
        result = make_room(scratch);
        if (result == 0) result = shorten(address, &scratch->place, scratch->other_path);
        union_release(&scratch->place);
        return result;
    }
    if (result == 0) result = resolve_path(call, &scratch->place, AT_FDCWD, scratch->path, create ? UNION_PARENT : 0U);
    if (result < 0) return create && result == -EEXIST ? -EADDRINUSE : result;
    result = create && scratch->place.found ? -EADDRINUSE : shorten(address, &scratch->place, scratch->other_path);
    union_release(&scratch->place);
    return result;
}

long call_bind(struct call *call) {
    struct scratch *scratch = scratch_of(call);
    struct address address;
    struct caller caller;
    long result = address_read(&address, call->rsi, call->rdx);
    if (result < 0) return result;
    if (!is_path(&address)) return WINDOW(call, bind, call->rdi, call->rsi, call->rdx);
    find_caller(call, &caller);
    if (caller.emulated && !caller.almighty && guest_path(&address, scratch->path) == 0) {
        if (union_resolve(&engine.tree, &scratch->place, AT_FDCWD, scratch->path, UNION_PARENT) == 0) result = may_create(&caller, call, &scratch->place);
        union_release(&scratch->place);
    }
    if (result == 0) result = translate(call, &address, true);
    if (result == 0) result = WINDOW(call, bind, call->rdi, address.bytes, address.size);
    address_close(&address);
    if (result == 0 && caller.emulated) {
        address_read(&address, call->rsi, call->rdx);
        if (guest_path(&address, scratch->path) == 0) made(call, &caller, AT_FDCWD, scratch->path, S_IFSOCK | 0777, 0);
    }
    return result;
}

long call_connect(struct call *call) {
    struct address address;
    long result = address_read(&address, call->rsi, call->rdx);
    if (result < 0) return result;
    if (!is_path(&address)) return WINDOW(call, connect, call->rdi, call->rsi, call->rdx);
    result = translate(call, &address, false);
    if (result == 0) result = WINDOW(call, connect, call->rdi, address.bytes, address.size);
    address_close(&address);
    return result;
}

long call_sendto(struct call *call) {
    struct address address;
    if (!call->r8 || !call->r9) return WINDOW(call, sendto, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
    long result = address_read(&address, call->r8, call->r9);
    if (result < 0) return result;
    if (!is_path(&address)) return WINDOW(call, sendto, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
    result = translate(call, &address, false);
    if (result == 0) result = WINDOW(call, sendto, call->rdi, call->rsi, call->rdx, call->r10, address.bytes, address.size);
    address_close(&address);
    return result;
}

struct message {
    uint64_t name;
    uint32_t name_size, pad;
    uint64_t vectors, vector_count, control, control_size;
    int32_t flags, pad2;
};

/* Who sends has to be told to the kernel with the host's ids; readers in the container look the sender up again. Copies the control messages to `room` if one of them is changed. */
static bool has_credentials(const struct message *message, char *control, uint64_t room) {
    bool changed = false;
    struct control head;
    if (!engine.full || !message->control || message->control_size < sizeof head + sizeof(struct peer) || message->control_size > room) return false;
    if (guest_read(control, message->control, message->control_size) < 0) return false;
    for (uint64_t at = 0; at + sizeof head <= message->control_size; at += (head.size + 7) & ~7ull) {
        bytes_copy(&head, control + at, sizeof head);
        if (head.size < sizeof head || head.size > message->control_size - at) break;
        if (!tells_sender(&head)) continue;
        const uint32_t own[2] = {engine.config->host_uid, engine.config->host_gid};
        bytes_copy(control + at + sizeof head + offsetof(struct peer, uid), own, sizeof own);
        changed = true;
    }
    return changed;
}

long call_sendmsg(struct call *call) {
    struct scratch *scratch = scratch_of(call);
    struct address address;
    struct message message;
    if (guest_read(&message, call->rsi, sizeof message) < 0) return -EFAULT;
    address.held = -1;
    bool changed = false;
    if (message.name && message.name_size) {
        long result = address_read(&address, message.name, message.name_size);
        if (result < 0) return result;
        if (is_path(&address)) {
            result = translate(call, &address, false);
            if (result < 0) {
                address_close(&address);
                return result;
            }
            message.name = (uint64_t)address.bytes;
            message.name_size = address.size;
            changed = true;
        }
    }
    if (has_credentials(&message, scratch->text, sizeof scratch->text)) { /* last: translating uses that room */
        message.control = (uint64_t)scratch->text;
        changed = true;
    }
    const long result = WINDOW(call, sendmsg, call->rdi, changed ? (uint64_t)&message : call->rsi, call->rdx);
    address_close(&address);
    return result;
}

/* ---- names that the kernel tells */

/* What a link of ours stands for: the size of the path. */
static size_t long_again(char *path, size_t size, char *room) {
    const char *own = engine.config->own;
    size_t name = size;
    if (!own || !begins(path, size, own) || !begins(path + text_size(own), size - text_size(own), SHORT)) return size;
    while (path[name - 1] != '/') name--;
    path[name - 1] = 0;
    const long length = SYS(readlink, path, room, PATH_ROOM);
    path[name - 1] = '/';
    if (length <= 0 || (size_t)length + size - name + 2 > PATH_ROOM) return size;
    bytes_copy(room + length, path + name - 1, size - name + 2);
    bytes_copy(path, room, (size_t)length + size - name + 2);
    return (size_t)length + size - name + 1;
}

/* What the kernel tells becomes the guest's path, if it is one of the container's. */
static void as_guest(struct call *call, struct address *address) {
    struct scratch *scratch = scratch_of(call);
    if (is_path(address)) {
        const size_t most = address->size - PATH_AT;
        size_t size = 0;
        while (size < most && size < sizeof address->un.sun_path && address->un.sun_path[size]) size++;
        bytes_copy(scratch->path, address->un.sun_path, size);
        scratch->path[size] = 0;
        size = long_again(scratch->path, size, scratch->other_path);
        if (begins(scratch->path, size, "/proc/self/task/")) { /* shortened: the directory was a descriptor, which is closed; the name is what is left */
            size_t name = size;
            while (name && scratch->path[name - 1] != '/') name--;
            bytes_copy(address->un.sun_path, scratch->path + name, size - name + 1);
            address->size = (unsigned)(PATH_AT + size - name + 1);
        } else if (union_detranslate(&engine.tree, &scratch->place, scratch->path, size) == 0 && scratch->place.size < sizeof address->un.sun_path) {
            scratch->place.guest[scratch->place.size] = 0;
            bytes_copy(address->un.sun_path, scratch->place.guest, scratch->place.size + 1);
            address->size = (unsigned)(PATH_AT + scratch->place.size + 1);
        }
    }
}

static long tell(struct call *call, struct address *address, uint64_t to, uint64_t size_to) {
    uint32_t room;
    if (guest_read(&room, size_to, sizeof room) < 0) return -EFAULT;
    if ((int)room < 0) return -EINVAL;
    as_guest(call, address);
    const uint32_t told = address->size; /* of it the guest gets what it has room for */
    if (guest_write(to, address->bytes, told < room ? told : room) < 0) return -EFAULT;
    return guest_write(size_to, &told, sizeof told);
}

static long name_of(struct call *call, uint64_t number) {
    struct address address;
    address.size = sizeof address.bytes;
    bytes_zero(address.bytes, sizeof address.bytes);
    const long result = window(call, number, call->rdi, (uint64_t)address.bytes, (uint64_t)&address.size, 0, 0, 0);
    return result < 0 ? result : tell(call, &address, call->rsi, call->rdx);
}
long call_getsockname(struct call *call) { return name_of(call, __NR_getsockname); }
long call_getpeername(struct call *call) { return name_of(call, __NR_getpeername); }

static long accept_call(struct call *call, uint64_t number, uint64_t flags) {
    struct address address;
    uint32_t room;
    if (!call->rsi || !call->rdx) return window(call, number, call->rdi, call->rsi, call->rdx, flags, 0, 0);
    if (guest_read(&room, call->rdx, sizeof room) < 0) return -EFAULT;
    address.size = sizeof address.bytes;
    bytes_zero(address.bytes, sizeof address.bytes);
    const long fd = window(call, number, call->rdi, (uint64_t)address.bytes, (uint64_t)&address.size, flags, 0, 0);
    if (fd < 0) return fd;
    const long result = tell(call, &address, call->rsi, call->rdx);
    if (result == 0) return fd;
    SYS(close, fd);
    return result;
}
long call_accept(struct call *call) { return accept_call(call, __NR_accept, 0); }
long call_accept4(struct call *call) { return accept_call(call, __NR_accept4, call->r10); }

long call_recvfrom(struct call *call) {
    struct address address;
    if (!call->r8 || !call->r9) return WINDOW(call, recvfrom, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
    address.size = sizeof address.bytes;
    bytes_zero(address.bytes, sizeof address.bytes);
    const long result = WINDOW(call, recvfrom, call->rdi, call->rsi, call->rdx, call->r10, address.bytes, &address.size);
    if (result < 0) return result;
    const long error = tell(call, &address, call->r8, call->r9);
    return error < 0 ? error : result;
}

/* ---- who is at the other end, where root is emulated: as that process is now */

static void show_peer(struct call *call, struct peer *peer) {
    struct root_credentials credentials;
    if (peer->pid <= 0 || root_book_who(engine.config->book, peer->pid, &credentials, scratch_of(call)->text) < 0) return;
    peer->uid = credentials.user.effective;
    peer->gid = credentials.group.effective;
}

long call_getsockopt(struct call *call) {
    struct peer peer = {0};
    uint32_t size = sizeof peer, room;
    if (call->rsi != SOCKET_LEVEL || call->rdx != PEER_CREDENTIALS) return WINDOW(call, getsockopt, call->rdi, call->rsi, call->rdx, call->r10, call->r8);
    if (guest_read(&room, call->r8, sizeof room) < 0) return -EFAULT;
    if ((int)room < 0) return -EINVAL;
    const long result = SYS(getsockopt, call->rdi, SOCKET_LEVEL, PEER_CREDENTIALS, &peer, &size);
    if (result < 0) return result;
    show_peer(call, &peer);
    if (room < size) size = room;
    if (guest_write(call->r10, &peer, size) < 0) return -EFAULT;
    return guest_write(call->r8, &size, sizeof size);
}

/* Control messages that tell who has sent them, in the guest's memory. */
static void show_senders(struct call *call, const struct message *message) {
    struct control control;
    struct peer peer;
    for (uint64_t at = 0; at + sizeof control + sizeof peer <= message->control_size; at += (control.size + 7) & ~7ull) {
        if (guest_read(&control, message->control + at, sizeof control) < 0 || control.size < sizeof control) return;
        if (!tells_sender(&control)) continue;
        if (guest_read(&peer, message->control + at + sizeof control, sizeof peer) < 0) return;
        show_peer(call, &peer);
        guest_write(message->control + at + sizeof control, &peer, sizeof peer);
    }
}

long call_recvmsg(struct call *call) {
    struct address address;
    struct message message;
    if (guest_read(&message, call->rsi, sizeof message) < 0) return -EFAULT;
    const uint64_t name = message.name;
    const uint32_t room = message.name_size;
    bytes_zero(address.bytes, sizeof address.bytes);
    if (name) message.name = (uint64_t)address.bytes, message.name_size = sizeof address.bytes;
    const long result = WINDOW(call, recvmsg, call->rdi, &message, call->rdx);
    if (result < 0) return result;
    if (name) {
        address.size = message.name_size;
        as_guest(call, &address);
        if (guest_write(name, address.bytes, address.size < room ? address.size : room) < 0) return -EFAULT;
        message.name = name, message.name_size = address.size;
    }
    if (message.control && message.control_size) show_senders(call, &message);
    return guest_write(call->rsi, &message, sizeof message) < 0 ? -EFAULT : result;
}
