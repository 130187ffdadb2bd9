#ifndef ISA_PASS
// Networks are trained and measured on what OpenCV makes of an image, and a mask of a few pixels can turn on one gray level.
// Hence its arithmetic: weights in parts of 2048, rows mixed across exactly, then cut by 4 bits and mixed down.
#include "image_bilinear.h"

#include "foundation/workspace.h"

enum { WEIGHT_BITS = 11, CUT_BITS = 4 };

// For each output along an axis two inputs and their weights, in parts of 1 << WEIGHT_BITS.
typedef struct {
    intptr_t out;
    int32_t *first, *second, *first_weight, *second_weight;
} byte_taps;

typedef struct {
    intptr_t channels, width;   // of x
    byte_taps vertical, horizontal;
    intptr_t whole;             // so many outputs of a row do not use its last pixel
    const uint8_t *from;
    uint8_t *to;
} bilinear_job;

typedef int32_t pixel_sums __attribute__((vector_size(16)));
typedef int32_t pixel_sums_stored __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint8_t pixel_loaded __attribute__((vector_size(4), aligned(1), may_alias));
#endif

#define SOURCE "images/image_bilinear.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"

#undef mix_across
#undef mix_down
#undef vb
#define mix_across KERNEL(mix_across)
#define mix_down KERNEL(mix_down)
#define vb KERNEL(vb)

typedef uint8_t vb __attribute__((vector_size(LANES), aligned(1), may_alias));

// A row of x in the width of y. Of 3 or 4 channels, four bytes are mixed at a time, of which the next pixel overwrites
// what is too much; the last pixel of x may be the last byte that can be read.
static void mix_across(const bilinear_job *job, const uint8_t *x, int32_t *sums) {
    const byte_taps *taps = &job->horizontal;
    const intptr_t channels = job->channels;
    intptr_t o = 0;
    if (channels == 3 || channels == 4)
        for (; o < job->whole; ++o) {
            const pixel_loaded first = *(const pixel_loaded *)(x + taps->first[o] * channels);
            const pixel_loaded second = *(const pixel_loaded *)(x + taps->second[o] * channels);
            *(pixel_sums_stored *)(sums + o * channels) =
                __builtin_convertvector(first, pixel_sums) * taps->first_weight[o] +
                __builtin_convertvector(second, pixel_sums) * taps->second_weight[o];
        }
    for (; o < taps->out; ++o) {
        const uint8_t *first = x + taps->first[o] * channels, *second = x + taps->second[o] * channels;
        for (intptr_t c = 0; c < channels; ++c)
            sums[o * channels + c] = first[c] * taps->first_weight[o] + second[c] * taps->second_weight[o];
    }
}

// Two rows of sums, n numbers each, to one of bytes.
static void mix_down(intptr_t n, const int32_t *a, int32_t a_weight, const int32_t *b, int32_t b_weight, uint8_t *y) {
    const int32_t down = 2 * WEIGHT_BITS - CUT_BITS - 2;   // two more bits stay until the sum is rounded
    intptr_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vi first, second;
        memcpy(&first, a + i, sizeof first);
        memcpy(&second, b + i, sizeof second);
        const vi sum = ((first >> CUT_BITS) * a_weight >> down) + ((second >> CUT_BITS) * b_weight >> down);
        *(vb *)(y + i) = __builtin_convertvector((sum + 2) >> 2, vb);
    }
    for (; i < n; ++i) {
        const int32_t sum = ((a[i] >> CUT_BITS) * a_weight >> down) + ((b[i] >> CUT_BITS) * b_weight >> down);
        y[i] = (uint8_t)((sum + 2) >> 2);
    }
}

static void KERNEL(bilinear)(const bilinear_job *job) {
    const byte_taps *taps = &job->vertical;
    const intptr_t row = job->channels * job->width, out_row = job->channels * job->horizontal.out;
    int32_t *sums = sb_scratch(2 * (out_row + 1) * sizeof *sums);
    int32_t *lines[2] = {sums, sums + out_row + 1};   // the sums of two rows of x: neighbors share them
    intptr_t numbers[2] = {-1, -1};
    for (intptr_t o = 0; o < taps->out; ++o) {
        const intptr_t needed[2] = {taps->first[o], taps->second[o]};
        if (numbers[1] == needed[0]) {
            int32_t *line = lines[0];
            lines[0] = lines[1];
            lines[1] = line;
            numbers[1] = numbers[0];
            numbers[0] = needed[0];
        }
        for (int i = 0; i < 2; ++i) {
            if (numbers[i] == needed[i]) continue;
            mix_across(job, job->from + needed[i] * row, lines[i]);
            numbers[i] = needed[i];
        }
        mix_down(out_row, lines[0], taps->first_weight[o], lines[1], taps->second_weight[o], job->to + o * out_row);
    }
}

#else

// Beyond the edge is its pixel. Across, it alone counts there; down, the weights stay, which rounding shows.
static byte_taps make_taps(intptr_t size, intptr_t out, bool across, int32_t *memory) {
    const byte_taps taps = {out, memory, memory + out, memory + 2 * out, memory + 3 * out};
    const double step = 1 / ((double)out / size);
    for (intptr_t o = 0; o < out; ++o) {
        const float place = (float)((o + 0.5) * step - 0.5);
        const intptr_t below = (intptr_t)floorf(place);
        const bool is_beyond = below < 0 || below >= size - 1;
        const float share = across && is_beyond ? 0 : place - below;
        taps.first[o] = (int32_t)(below < 0 ? 0 : below < size ? below : size - 1);
        taps.second[o] = (int32_t)(below < 0 ? 0 : below + 1 < size ? below + 1 : size - 1);
        taps.first_weight[o] = (int32_t)lrintf((1 - share) * (1 << WEIGHT_BITS));
        taps.second_weight[o] = (int32_t)lrintf(share * (1 << WEIGHT_BITS));
    }
    return taps;
}

void sb_image_resize_bilinear(intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, const uint8_t *x,
                              uint8_t *y) {
    const size_t bytes = 4 * (oh + ow) * sizeof(int32_t);
    int32_t *memory = sb_workspace(bytes);
    bilinear_job job = {.channels = c, .width = w, .vertical = make_taps(h, oh, false, memory),
                        .horizontal = make_taps(w, ow, true, memory + 4 * oh), .from = x, .to = y};
    while (job.whole < ow && job.horizontal.second[job.whole] < w - 1) ++job.whole;
    DISPATCH(bilinear, &job);
    sb_free(memory, bytes);
}

#endif
