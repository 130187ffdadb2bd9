#define SOURCE "arrangement/sort.c"
#include "foundation/blocks.h"
#include "foundation/loop.h"
#include "sort.h"
#include "foundation/per_isa.h"

#ifdef ISA_PASS

#include "foundation/blocks.h"

// Elements become keys: unsigned numbers in the order wanted, beside the places that the elements came from. Sorting
// keys by radix is stable and asks nothing about the element type.

typedef struct {
    uint64_t key;
    int64_t place;
} KERNEL(entry);
#define entry KERNEL(entry)

typedef struct {
    sb_loop lines;       // over the first elements of all lines: x, then values, then indices
    intptr_t length, k;  // elements of a line, and how many of them to give
    intptr_t steps[3];   // bytes along a line of each
    int descending;
    const sb_array *values, *indices;
} KERNEL(sort_plan);
#define sort_plan KERNEL(sort_plan)

/// Negative numbers have their bits turned round, the others go above them. All zeros are one, and so are all NaNs.
static inline uint64_t KERNEL(key_of_double)(double x) {
    const double plain = x == 0 ? 0 : x != x ? NAN : x;
    uint64_t bits;
    memcpy(&bits, &plain, sizeof bits);
    if (x != x) bits = UINT64_MAX >> 1;
    return bits >> 63 ? ~bits : bits | 1ull << 63;
}

/// The keys of a line of x, from which larger ones come later, or earlier where descending.
static void KERNEL(make_keys)(const sort_plan *plan, const char *x, entry *entries) {
    const int dtype = plan->lines.dtype[0];
    const uint64_t turn = plan->descending ? UINT64_MAX : 0;
    for (intptr_t start = 0; start < plan->length; start += BLOCK) {
        const intptr_t count = plan->length - start < BLOCK ? plan->length - start : BLOCK;
        sb_block block;
        load_wide_block(dtype, x + start * plan->steps[0], plan->steps[0], &block, count);
        for (intptr_t i = 0; i < count; ++i) {
            const uint64_t key =
                sb_wide_type(dtype) == SB_INT64 ? (uint64_t)block.i[i] ^ 1ull << 63 : KERNEL(key_of_double)(block.d[i]);
            entries[start + i] = (entry){key ^ turn, start + i};
        }
    }
}

static void KERNEL(insertion_sort)(entry *entries, intptr_t count) {
    for (intptr_t i = 1; i < count; ++i) {
        const entry moved = entries[i];
        intptr_t j = i;
        for (; j && entries[j - 1].key > moved.key; --j) entries[j] = entries[j - 1];
        entries[j] = moved;
    }
}

/// Sorts by one byte of the key after another, the lowest first. Bytes that are the same everywhere cost nothing.
static void KERNEL(radix_sort)(entry *entries, entry *spare, intptr_t count) {
    enum { DIGITS = 8, VALUES = 256 };
    uint32_t counts[DIGITS][VALUES] = {{0}};
    for (intptr_t i = 0; i < count; ++i)
        for (int d = 0; d < DIGITS; ++d) ++counts[d][entries[i].key >> 8 * d & 0xff];
    entry *from = entries, *to = spare;
    for (int d = 0; d < DIGITS; ++d) {
        if (counts[d][from[0].key >> 8 * d & 0xff] == count) continue;
        uint32_t position[VALUES];
        for (uint32_t value = 0, sum = 0; value < VALUES; ++value) {
            position[value] = sum;
            sum += counts[d][value];
        }
        for (intptr_t i = 0; i < count; ++i) to[position[from[i].key >> 8 * d & 0xff]++] = from[i];
        entry *const sorted = to;
        to = from;
        from = sorted;
    }
    if (from != entries) memcpy(entries, from, (size_t)count * sizeof(entry));
}

static inline bool KERNEL(comes_later)(entry a, entry b) {
    return a.key > b.key || (a.key == b.key && a.place > b.place);
}

/// Lets the entry at `root` sink in a heap whose top comes last of all.
static void KERNEL(sink)(entry *heap, intptr_t count, intptr_t root) {
    const entry moved = heap[root];
    for (intptr_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && KERNEL(comes_later)(heap[child + 1], heap[child])) ++child;
        if (!KERNEL(comes_later)(heap[child], moved)) break;
        heap[root] = heap[child];
    }
    heap[root] = moved;
}

/// Brings the first k in order to the front, through a heap of the best k so far.
static void KERNEL(select)(entry *entries, intptr_t count, intptr_t k) {
    for (intptr_t i = k / 2; i-- > 0;) KERNEL(sink)(entries, k, i);
    for (intptr_t i = k; i < count; ++i) {
        if (entries[i].key >= entries[0].key) continue;
        entries[0] = entries[i];
        KERNEL(sink)(entries, k, 0);
    }
    for (intptr_t last = k - 1; last > 0; --last) {
        const entry latest = entries[0];
        entries[0] = entries[last];
        entries[last] = latest;
        KERNEL(sink)(entries, last, 0);
    }
}

static void KERNEL(order)(const sort_plan *plan, entry *entries) {
    enum { FEW = 48 };
    if (plan->k < plan->length / 8) KERNEL(select)(entries, plan->length, plan->k);
    else if (plan->length <= FEW) KERNEL(insertion_sort)(entries, plan->length);
    else KERNEL(radix_sort)(entries, entries + plan->length, plan->length);
}

static void KERNEL(sort_range)(void *context, intptr_t start, intptr_t end) {
    const sort_plan *plan = context;
    const int size = plan->lines.size[0];
    entry *entries = sb_scratch((size_t)(2 * plan->length) * sizeof(entry));
    sb_cursor cursor;
    sb_cursor_seek(&plan->lines, start, &cursor);
    for (; start < end; ++start) {
        const char *x = cursor.data[0];
        KERNEL(make_keys)(plan, x, entries);
        KERNEL(order)(plan, entries);
        for (intptr_t i = 0; i < plan->k; ++i) {
            const intptr_t place = entries[i].place;
            if (plan->values) memcpy(cursor.data[1] + i * plan->steps[1], x + place * plan->steps[0], (size_t)size);
            if (plan->indices) *(int64_t *)(cursor.data[2] + i * plan->steps[2]) = place;
        }
        sb_cursor_advance(&plan->lines, 1, &cursor);
    }
}

static void KERNEL(sort)(
    const sb_array *x, int dim, intptr_t k, int descending, const sb_array *values, const sb_array *indices) {
    enum { ELEMENTS = 4 * 1024 };
    // An output that is not wanted is walked as x is, and not written.
    sb_array lines[] = {*x, values ? *values : *x, indices ? *indices : *x};
    sort_plan plan = {.length = x->rank ? x->shape[dim] : 1, .descending = descending};
    plan.k = x->rank ? k : 1;
    plan.values = values;
    plan.indices = indices;
    for (int i = 0; i < 3 && x->rank; ++i) {
        plan.steps[i] = lines[i].strides[dim] * sb_element_size(lines[i].dtype);
        lines[i].shape[dim] = 1;
    }
    if (!plan.length || !plan.k) return;
    sb_plan_loop(&plan.lines, 3, (const sb_array *const[]){&lines[0], &lines[1], &lines[2]});
    sb_parallel_ranges(plan.lines.count, 1 + ELEMENTS / plan.length, KERNEL(sort_range), &plan);
}

#undef entry
#undef sort_plan

#else

void sb_sort(const sb_array *x, int dim, int descending, const sb_array *values, const sb_array *indices) {
    DISPATCH(sort, x, dim, x->rank ? x->shape[dim] : 1, descending, values, indices);
}

void sb_top_k(const sb_array *x, int dim, intptr_t k, int largest, const sb_array *values, const sb_array *indices) {
    DISPATCH(sort, x, dim, k, largest, values, indices);
}

#endif
