/* What the files of the library share. Everything runs in any thread, with the rights of the caller, and needs of the place only what its comment names. */
#ifndef LICHEN_UNION_INNER_H
#define LICHEN_UNION_INNER_H

#include "sys.h"
#include "text.h"
#include "union.h"

enum { UPPER = 0, NOWHERE = -1, DISK_NAME = NAME_MAX + 1 };
enum { OPEN_PATH = O_PATH | O_NOFOLLOW | O_CLOEXEC };

/* Answered inside the library only: the tree changed under us, resolve again. */
#define EMOVED 4094
/* Whether a call is to be tried again. An end, for what keeps moving is damaged. */
static inline bool is_moved(long *result, int *tries) {
    if (*result != -EMOVED) return false;
    if (++*tries < 100) return true;
    *result = -ESTALE;
    return false;
}

#define ORIGIN "user.lichen.origin"
#define IMPURE "user.overlay.impure"
#define OPAQUE "user.overlay.opaque"
#define OPAQUE_FILE ".wh..wh..opq"

/* masks: sets of layers */
static inline bool mask_has(const struct union_mask *mask, int layer) { return mask->bits[layer >> 6] >> (layer & 63) & 1; }
static inline void mask_add(struct union_mask *mask, int layer) { mask->bits[layer >> 6] |= 1ULL << (layer & 63); }
static inline void mask_drop(struct union_mask *mask, int layer) { mask->bits[layer >> 6] &= ~(1ULL << (layer & 63)); }
static inline bool mask_empty(const struct union_mask *mask) { return !(mask->bits[0] | mask->bits[1]); }
/* The first layer after `layer`, or -1. */
static inline int mask_next(const struct union_mask *mask, int layer) {
    for (int i = layer + 1; i < UNION_LAYERS; i = (i | 63) + 1) {
        uint64_t left = mask->bits[i >> 6] >> (i & 63);
        if (left) return i + __builtin_ctzll(left);
    }
    return NOWHERE;
}
static inline int mask_first(const struct union_mask *mask) { return mask_next(mask, -1); }
static inline bool mask_single(const struct union_mask *mask) { return mask_next(mask, mask_first(mask)) < 0; }

static inline unsigned bind_count(const struct union_config *u) { return u->bind_count ? __atomic_load_n(u->bind_count, __ATOMIC_ACQUIRE) : 0; }

/* cache.c */
uint64_t cache_generation(const struct union_config *u); /* 0: do not use it now */
bool cache_get(const struct union_config *u, uint64_t generation, uint64_t hash, struct union_mask *mask);
void cache_put(const struct union_config *u, uint64_t generation, uint64_t hash, const struct union_mask *mask);
void cache_begin(const struct union_config *u); /* around whatever changes what a directory's path means */
void cache_end(const struct union_config *u);

/* names.c: how names look in a layer */
size_t name_on_disk(enum union_encoding encoding, const char *name, size_t size, char disk[DISK_NAME]);
void name_of_whiteout(const char *name, size_t size, char disk[DISK_NAME]); /* aufs */
bool name_is_escaped(const char *name, size_t size);                       /* both: begins with `.wh.` */
bool name_whiteout_is_escaped(const char *name, size_t size);
/* Makes sure that directory `parent` says what the name behind an escaped one is. */
long name_note(const struct union_config *u, int parent, const char *name, size_t size);
enum entry_kind { ENTRY_NONE, ENTRY_FILE, ENTRY_WHITEOUT };
/* What a name found in an aufs layer's directory means; the guest's name goes to `name`. */
enum entry_kind name_from_disk(int parent, const char *disk, char name[DISK_NAME], size_t *size);

/* layers.c: single layers */
struct spot {
    int dir; /* AT_FDCWD, or to be closed */
    const char *path;
};
/* Where guest[0, size) is in a layer, or for NOWHERE in the bind that is there; `extra`: a name on disk below it. Uses place->host. */
long spot_open(const struct union_config *u, struct union_place *place, int layer, size_t size, const char *extra, struct spot *spot);
void spot_close(const struct spot *spot);
long spot_getxattr(const struct spot *spot, const char *name, void *value, size_t size);
int bind_of(const struct union_config *u, const char *guest, size_t size);
bool bind_is_below(const struct union_config *u, const char *guest, size_t size); /* at that path, or deeper */
/* Looks for guest[0, size) in the layers of `in` (NULL: in the bind that is there): found, layer, self, status. */
long look_for(const struct union_config *u, struct union_place *place, const struct union_mask *in);
/* The layers of the directory guest[0, size); -ENOENT, -ENOTDIR. Not for binds. Changes found, layer, self, status. */
long layers_of(const struct union_config *u, struct union_place *place, size_t size, struct union_mask *mask);
/* Opens guest[0, size), a directory of the upper or of place's bind, for changes in it: never through a link. O_PATH. */
long enter(const struct union_config *u, struct union_place *place, size_t size);
/* The last name of a place as it is called in the layer that changes. */
void last_on_disk(const struct union_config *u, const struct union_place *place, char disk[DISK_NAME]);

/* walk.c: union_resolve() within a call that may hold the lock; place->lock and ->dir are set */
long resolve(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned flags);

/* The same without trying again; `path` may be place->guest. */
long walk_once(const struct union_config *u, struct union_place *place, int dir, const char *path, size_t size, unsigned flags);
/* Sets place->dir and ->path. */
long locate(const struct union_config *u, struct union_place *place);

/* fd.c */
/* The guest path, layer and bind of a descriptor, without looking whether it is still there. -ENOENT: deleted. */
long stands_for(const struct union_config *u, struct union_place *place, int fd);
/* As if its path had been resolved, if that is still what the descriptor was opened as. */
long resolve_fd(const struct union_config *u, struct union_place *place, int fd);

/* whiteout.c */
enum look { LOOK_ABSENT, LOOK_WHITEOUT, LOOK_OTHER, LOOK_DIRECTORY, LOOK_OPAQUE };
/* What one layer has at guest[0, size); whether a directory is opaque, or an absent thing whited out, is found out only when layers below matter. */
long look_in(const struct union_config *u, struct union_place *place, int layer, bool below_matters, struct union_status *status);
long whiteout_make(int dir, const char *name); /* encoding overlay: a device, in work or upper */
/* Hides what lowers have of a name in directory `parent` (aufs); does nothing where that is hidden already. */
long whiteout_beside(const struct union_config *u, int parent, const char *name, size_t size);
/* Keeps a directory of the upper from being merged with what lowers have. */
long make_opaque(const struct union_config *u, int parent, const char *disk);
/* Removes whiteouts and notes from a directory that shows nothing. */
long whiteouts_clear(const struct union_config *u, int directory);

/* work.c */
struct temporary {
    int work; /* the work directory */
    char name[48];
};
long lock_take(const struct union_config *u, struct union_place *place); /* place->lock; 1: it was held already */
void lock_drop(struct union_place *place);
long temporary_open(const struct union_config *u, struct temporary *temporary);
void temporary_next(struct temporary *temporary); /* another name: the last one is taken */
void temporary_close(const struct temporary *temporary);
void temporary_remove(const struct union_config *u, const struct temporary *temporary); /* whatever it has become */

/* content.c */
long content_copy(int from, int to, int64_t size);
long attributes_copy(int from, int to);

/* copyup.c */
/* Brings what place found into the upper. -EMOVED: it is not there any more, resolve again. `empty`: without the content. */
long copy_up(const struct union_config *u, struct union_place *place, bool empty);
long copy_up_parents(const struct union_config *u, struct union_place *place);
/* Marks the directory above a place if a file that was copied up has come to it. */
void mark_impure(const struct union_config *u, struct union_place *place);

/* change.c: what all changes of names begin with */
/* Resolves for a change of the last name. Where lowers matter, takes the lock of the union first; -errno, or 0: release_change() in any case. */
long resolve_change(const struct union_config *u, struct union_place *place, int dir, const char *path);
void release_change(struct union_place *place);
bool is_pure(const struct union_config *u, const struct union_place *place); /* nothing but the upper, or a bind, has names in the directory above */
bool is_read_only(const struct union_config *u, const struct union_place *place); /* the directory above */
bool is_mount_point(const struct union_config *u, const struct union_place *place);
/* Whether a lower has something at the place that the upper hides or could lay bare. Keeps the place's own findings. */
long is_below(const struct union_config *u, struct union_place *place);
/* Whether the directory at place shows nothing; 1 or 0. Keeps the place's own findings. */
long is_empty(const struct union_config *u, struct union_place *place);
/* Opens the directory above a place for a change in it, with parents copied up and a name that has to be escaped noted; tells the last name's form on disk. */
long enter_parent(const struct union_config *u, struct union_place *place, char disk[DISK_NAME]);
/* Opens what a place found, in the upper or a bind, so that nothing else can be opened in its stead. -EMOVED: it has gone meanwhile. */
long open_object(const struct union_config *u, struct union_place *place, int flags);

/* identity.c */
struct origin {
    uint64_t self, origin, links;
};
void identify(const struct union_config *u, struct union_place *place); /* place->status as a guest sees it */
/* The record on a file of the upper whose inode number is `self`; false: none, or not its own. */
bool origin_get(const struct spot *spot, uint64_t self, struct origin *origin);

#endif
