#define SOURCE "elementwise/random.c"
#include "foundation/blocks.h"
#include "foundation/loop.h"
#include "random.h"
#include "foundation/special_functions.h"

#ifndef ISA_PASS

typedef enum { UNIFORM, NORMAL, INTEGERS } distribution;

typedef struct {
    sb_loop loop;         // in logical order
    distribution kind;
    uint64_t seed, offset;
    double first, second; // low and high, or mean and standard deviation
    int64_t low;
    uint64_t span;        // of integers: high - low
    int compute;          // the type that values are made in
    int per_counter;      // values made from one counter: 4 of 32 bits or 2 of 64
} random_plan;

#endif

#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"
#include "foundation/vector.h"
#include "foundation/vector_math.h"

#define vu KERNEL(vu)
#define vu_wide KERNEL(vu_wide)
typedef uint32_t vu __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t vu_wide __attribute__((vector_size(2 * VECTOR_BYTES)));

/// The two halves of the product of each lane and a constant.
static inline vu KERNEL(multiply)(vu x, uint32_t factor, vu *high) {
    const vu_wide product = __builtin_convertvector(x, vu_wide) * factor;
    *high = __builtin_convertvector(product >> 32, vu);
    return __builtin_convertvector(product, vu);
}

/// Ten rounds of Philox4x32 on the counters first, first + 1, …, one to a lane. words[k] has each one's k-th word.
static inline void KERNEL(philox)(uint64_t seed, uint64_t first, vu words[4]) {
    vu_wide counters = {0};
    for (int i = 0; i < LANES; ++i) counters[i] = first + (uint64_t)i;
    words[0] = __builtin_convertvector(counters, vu);
    words[1] = __builtin_convertvector(counters >> 32, vu);
    words[2] = words[3] = (vu){0};
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        vu high0, high1;
        const vu low0 = KERNEL(multiply)(words[0], 0xD2511F53, &high0);
        const vu low1 = KERNEL(multiply)(words[2], 0xCD9E8D57, &high1);
        words[0] = high1 ^ words[1] ^ key0;
        words[1] = low1;
        words[2] = high0 ^ words[3] ^ key1;
        words[3] = low0;
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
}

/// Random words of BLOCK / 4 counters from `first` on, in order.
static void KERNEL(random_words)(uint64_t seed, uint64_t first, uint32_t *words) {
    for (int counter = 0; counter < BLOCK / 4; counter += LANES) {
        vu lanes[4];
        KERNEL(philox)(seed, first + (uint64_t)counter, lanes);
        for (int i = 0; i < LANES; ++i)
            for (int k = 0; k < 4; ++k) words[4 * (counter + i) + k] = lanes[k][i];
    }
}

/// Multiples of 2^-bits in [0, 1), where `bits` are as many as y's type holds, stretched to [low, high).
static void KERNEL(uniform_floats)(const random_plan *plan, const uint32_t *words, float *y) {
    const int dtype = plan->loop.dtype[0], bits = dtype == SB_FLOAT32 ? 24 : dtype == SB_FLOAT16 ? 11 : 8;
    const float low = (float)plan->first, high = (float)plan->second, unit = ldexpf(1, -bits);
    const float range = (float)(plan->second - plan->first), last = nextafterf(high, low);
    for (int i = 0; i < BLOCK; ++i) {
        const float x = fmaf((float)(int32_t)(words[i] >> (32 - bits)) * unit, range, low);
        y[i] = x < high ? x : last;   // rounding may have reached high
    }
}

static void KERNEL(uniform_doubles)(const random_plan *plan, const uint64_t *words, double *y) {
    const double low = plan->first, high = plan->second, last = nextafter(high, low);
    for (int i = 0; i < BLOCK; ++i) {
        const double x = fma((double)(int64_t)(words[i] >> 11) * 0x1p-53, high - low, low);
        y[i] = x < high ? x : last;
    }
}

/// Two uniform numbers make two normal ones: a radius from the first, in (0, 1], and an angle from the second.
static void KERNEL(normal_floats)(const random_plan *plan, const uint32_t *words, float *y) {
    const float mean = (float)plan->first, deviation = (float)plan->second;
    for (int i = 0; i < BLOCK; i += 2 * LANES) {
        vf radius, angle;
        for (int k = 0; k < LANES; ++k) {
            radius[k] = ((float)words[i + 2 * k] + 1) * 0x1p-32f;
            angle[k] = (float)(int32_t)(words[i + 2 * k + 1] >> 8) * (float)(0x1p-23 * 3.14159265358979323846);
        }
        radius = v_sqrt(-2 * v_log(radius)) * deviation;
        const vf cosines = radius * v_sin_shifted(angle, 1) + mean, sines = radius * v_sin_shifted(angle, 0) + mean;
        for (int k = 0; k < LANES; ++k) {
            y[i + 2 * k] = cosines[k];
            y[i + 2 * k + 1] = sines[k];
        }
    }
}

static void KERNEL(normal_doubles)(const random_plan *plan, const uint64_t *words, double *y) {
    for (int i = 0; i < BLOCK; i += 2) {
        const double u = ((double)(words[i] >> 11) + 1) * 0x1p-53;
        const double angle = (double)(words[i + 1] >> 11) * 0x1p-52 * SB_PI;
        const double radius = sqrt(-2 * log(u)) * plan->second;
        y[i] = radius * cos(angle) + plan->first;
        y[i + 1] = radius * sin(angle) + plan->first;
    }
}

/// The high half of span * (64 random bits): each integer's share is off by at most span / 2^64.
static void KERNEL(integers)(const random_plan *plan, const uint64_t *words, int64_t *y) {
    for (int i = 0; i < BLOCK; ++i)
        y[i] = (int64_t)((uint64_t)plan->low + (uint64_t)((unsigned __int128)words[i] * plan->span >> 64));
}

/// The values of elements first ..< first + BLOCK.
static void KERNEL(make_block)(const random_plan *plan, uint64_t first, sb_block *y) {
    union {
        uint32_t half[2 * BLOCK];
        uint64_t whole[BLOCK];
    } words;
    const uint64_t counter = plan->offset + first / (uint64_t)plan->per_counter;
    KERNEL(random_words)(plan->seed, counter, words.half);
    if (plan->per_counter == 2) KERNEL(random_words)(plan->seed, counter + BLOCK / 4, words.half + BLOCK);
    const bool doubles = plan->compute == SB_FLOAT64;
    switch (plan->kind) {
    case UNIFORM:
        if (doubles) KERNEL(uniform_doubles)(plan, words.whole, y->d);
        else KERNEL(uniform_floats)(plan, words.half, y->f);
        break;
    case NORMAL:
        if (doubles) KERNEL(normal_doubles)(plan, words.whole, y->d);
        else KERNEL(normal_floats)(plan, words.half, y->f);
        break;
    case INTEGERS: KERNEL(integers)(plan, words.whole, y->i); break;
    }
}

/// `start` is a multiple of BLOCK.
static void KERNEL(random_range)(void *context, intptr_t start, intptr_t end) {
    const random_plan *plan = context;
    const sb_loop *loop = &plan->loop;
    sb_cursor cursor;
    sb_cursor_seek(loop, start, &cursor);
    for (; start < end; start += BLOCK) {
        sb_block block;
        KERNEL(make_block)(plan, (uint64_t)start, &block);
        const char *from = (const char *)&block;
        intptr_t rest = end - start < BLOCK ? end - start : BLOCK;
        while (rest > 0) {
            intptr_t count = sb_cursor_run(loop, &cursor);
            if (count > rest) count = rest;
            store_block(plan->compute, from, loop->dtype[0], cursor.data[0], loop->steps[0][0], count);
            sb_cursor_advance(loop, count, &cursor);
            from += count * sb_element_size(plan->compute);
            rest -= count;
        }
    }
}

static void KERNEL(run_random)(random_plan *plan) {
    sb_parallel_ranges(plan->loop.count, 32 * BLOCK, KERNEL(random_range), plan);
}

#else

static void run_random(distribution kind, uint64_t seed, uint64_t offset, const sb_array *y, random_plan *plan) {
    sb_plan_logical_loop(&plan->loop, 1, &y);
    plan->kind = kind;
    plan->seed = seed;
    plan->offset = offset;
    plan->compute = kind == INTEGERS ? SB_INT64 : sb_compute_type(y->dtype);
    const bool wide = kind == INTEGERS || sb_element_size(y->dtype) == 8;
    plan->per_counter = wide ? 2 : 4;
    DISPATCH(run_random, plan);
}

void sb_random_uniform(uint64_t seed, uint64_t offset, double low, double high, const sb_array *y) {
    random_plan plan = {.first = low, .second = high};
    run_random(UNIFORM, seed, offset, y, &plan);
}

void sb_random_normal(uint64_t seed, uint64_t offset, double mean, double std, const sb_array *y) {
    random_plan plan = {.first = mean, .second = std};
    run_random(NORMAL, seed, offset, y, &plan);
}

void sb_random_integers(uint64_t seed, uint64_t offset, int64_t low, int64_t high, const sb_array *y) {
    random_plan plan = {.low = low, .span = (uint64_t)high - (uint64_t)low};
    run_random(INTEGERS, seed, offset, y, &plan);
}

#endif
