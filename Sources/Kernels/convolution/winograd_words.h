// The elements of Winograd's products. Include inside an ISA pass, after vector.h and matmul_core.h.
//
// They are floats; or, with ROUNDED, words of two numbers of bfloat16 that are neighbors along the depth of the product
// (matmul/pair_words.h).

#undef PER_WORD
#undef words_for
#undef store_channels
#undef store_in_word
#undef left_in_place
#undef begin_products
#undef end_products
#define words_for KERNEL(words_for)
#define store_channels KERNEL(store_channels)
#define store_in_word KERNEL(store_in_word)
#define left_in_place KERNEL(left_in_place)

#ifdef ROUNDED
#include "matmul/pair_words.h"
#define PER_WORD 2
// As the instruction has it, on processors without it, too.
#define begin_products() const uint64_t mode = sb_flush_denormals()
#define end_products() sb_restore_denormals(mode)
#else
#define PER_WORD 1
#define begin_products()
#define end_products()
#endif

/// How many words, or floats, hold so many numbers along the depth.
static inline intptr_t words_for(intptr_t numbers) { return (numbers + PER_WORD - 1) / PER_WORD; }

/// Stores LANES channels from number `channel` on, where the depth runs through the channels.
static inline __attribute__((always_inline)) void store_channels(float *channels, intptr_t channel, vf value) {
#ifdef ROUNDED
    vf_store_bfloats((uint16_t *)(void *)channels + channel, value);
#else
    vf_store(channels + channel, value);
#endif
}

/// Stores the number `index` along the depth of each lane, at `p` and its neighbors. Of those that share a word the first is to
/// be stored first.
static inline __attribute__((always_inline)) void store_in_word(float *p, intptr_t index, vf value) {
#ifdef ROUNDED
    const vu high = rounded_highs(value);
    // By masks and not by branches, of which each caller would be compiled twice.
    const uint32_t second = -(uint32_t)(index & 1);
    vf_store(p, (vf)(high >> (16 & ~second) | ((vu)vf_load(p) & second)));
#else
    (void)index;
    vf_store(p, value);
#endif
}

/// The left operand of a product of such elements that is read where it lies.
static inline sb_left left_in_place(const sb_windows *windows) {
    return (sb_left){.windows = windows, .pairs = PER_WORD == 2};
}
