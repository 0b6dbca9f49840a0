#include "loader.h"

#include <elf.h>

#include "mappings.h"
#include "sys.h"
#include "text.h"
#include "unseen.h"

enum { PAGE = 4096, PHDRS_MOST = 128, PROT_READ_ = 1, PROT_WRITE_ = 2, PROT_EXEC_ = 4, PRIVATE = 2, FIXED = 0x10, ANONYMOUS = 0x20, FIXED_NEW = 0x100000 };

static uint64_t down(uint64_t address) { return address & ~(uint64_t)(PAGE - 1); }
static uint64_t up(uint64_t address) { return down(address + PAGE - 1); }

struct extent {
    uint64_t low, high, align;
};

static struct extent extent_of(const Elf64_Phdr *headers, unsigned count) {
    struct extent extent = {~0ull, 0, PAGE};
    for (unsigned i = 0; i < count; i++) {
        if (headers[i].p_type != PT_LOAD) continue;
        if (down(headers[i].p_vaddr) < extent.low) extent.low = down(headers[i].p_vaddr);
        if (up(headers[i].p_vaddr + headers[i].p_memsz) > extent.high) extent.high = up(headers[i].p_vaddr + headers[i].p_memsz);
        if (headers[i].p_align > extent.align && !(headers[i].p_align & (headers[i].p_align - 1))) extent.align = headers[i].p_align;
    }
    return extent;
}

/* Address space for the whole image, so that its segments come to lie as they should; what alignment took is given back. */
static long reserve(const struct extent *extent, bool fixed, uint64_t *bias) {
    const uint64_t size = extent->high - extent->low, more = fixed ? 0 : extent->align - PAGE;
    const long at = SYS(mmap, fixed ? extent->low : 0, size + more, 0, PRIVATE | ANONYMOUS | (fixed ? FIXED_NEW : 0), -1, 0);
    if (at < 0) return at;
    if (fixed && (uint64_t)at != extent->low) return -ENOMEM; /* a kernel before 4.17 takes it as a hint */
    const uint64_t begin = fixed ? (uint64_t)at : ((uint64_t)at + extent->align - 1) & ~(extent->align - 1);
    if (begin > (uint64_t)at) SYS(munmap, at, begin - (uint64_t)at);
    if ((uint64_t)at + size + more > begin + size) SYS(munmap, begin + size, (uint64_t)at + more - begin);
    *bias = begin - extent->low;
    return 0;
}

static long map_segment(int fd, const Elf64_Phdr *header, uint64_t bias) {
    const int protection = (header->p_flags & PF_R ? PROT_READ_ : 0) | (header->p_flags & PF_W ? PROT_WRITE_ : 0) | (header->p_flags & PF_X ? PROT_EXEC_ : 0);
    const uint64_t begin = header->p_vaddr + bias, page = down(begin), file_end = begin + header->p_filesz, end = begin + header->p_memsz;
    uint64_t zeros = page;
    if (header->p_filesz) {
        const long result = SYS(mmap, page, file_end - page, protection, PRIVATE | FIXED, fd, down(header->p_offset));
        if (result < 0) return result;
        const long refused = protection & PROT_EXEC_ ? mapping_rewrite(fd, page, down(header->p_offset), file_end - page, protection) : 0;
        if (refused < 0 && !(refused == -ENOEXEC && unseen_trap(page, file_end - page))) return refused;
        zeros = up(file_end);
        if (end > file_end && protection & PROT_WRITE_) bytes_zero((void *)file_end, zeros - file_end);
    }
    if (end <= zeros) return 0;
    const long result = SYS(mmap, zeros, up(end) - zeros, protection, PRIVATE | FIXED | ANONYMOUS, -1, 0);
    return result < 0 ? result : 0;
}

static void note(struct image *image, const Elf64_Ehdr *file, const Elf64_Phdr *header, uint64_t bias) {
    const uint64_t begin = header->p_vaddr + bias, end = begin + header->p_filesz;
    if (file->e_phoff >= header->p_offset && file->e_phoff < header->p_offset + header->p_filesz) image->headers = file->e_phoff - header->p_offset + begin;
    if (header->p_flags & PF_X) {
        if (!image->code_begin || begin < image->code_begin) image->code_begin = begin;
        if (end > image->code_end) image->code_end = end;
    }
    if (begin > image->data_begin) image->data_begin = begin;
    if (end > image->data_end) image->data_end = end;
}

long image_load(int fd, struct image *image) {
    Elf64_Ehdr file;
    Elf64_Phdr headers[PHDRS_MOST];
    image->headers = image->code_begin = image->code_end = image->data_begin = image->data_end = 0;
    image->executable_stack = true; /* unless the file says otherwise; here the engine's own process has none, and the kernel decides by PT_GNU_STACK alone */
    if (SYS(pread64, fd, &file, sizeof file, 0) != (long)sizeof file || !bytes_equal(file.e_ident, ELFMAG, SELFMAG)) return -ELIBBAD;
    if (file.e_phnum > PHDRS_MOST || file.e_phentsize != sizeof *headers) return -ELIBBAD;
    const size_t size = file.e_phnum * sizeof *headers;
    if (SYS(pread64, fd, headers, size, file.e_phoff) != (long)size) return -ELIBBAD;
    const struct extent extent = extent_of(headers, file.e_phnum);
    if (extent.low >= extent.high) return -ELIBBAD;
    long result = reserve(&extent, file.e_type == ET_EXEC, &image->bias);
    for (unsigned i = 0; result == 0 && i < file.e_phnum; i++) {
        if (headers[i].p_type == PT_LOAD) {
            result = map_segment(fd, &headers[i], image->bias);
            note(image, &file, &headers[i], image->bias);
        } else if (headers[i].p_type == PT_GNU_STACK) {
            image->executable_stack = headers[i].p_flags & PF_X;
        }
    }
    /* The gaps between segments are not mapped, as with the kernel: a guard, and what `dlopen` of glibc counts on. */
    for (unsigned i = 0; result == 0 && i < file.e_phnum; i++) {
        if (headers[i].p_type != PT_LOAD) continue;
        const uint64_t end = up(headers[i].p_vaddr + headers[i].p_memsz);
        uint64_t next = extent.high;
        for (unsigned k = 0; k < file.e_phnum; k++)
            if (headers[k].p_type == PT_LOAD && down(headers[k].p_vaddr) >= end && down(headers[k].p_vaddr) < next) next = down(headers[k].p_vaddr);
        if (next > end) SYS(munmap, end + image->bias, next - end);
    }
    image->entry = file.e_entry + image->bias;
    image->header_count = file.e_phnum;
    return result;
}
