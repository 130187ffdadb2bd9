#ifndef ISA_PASS
#include "pooling.h"

#include <stdbool.h>

#include "foundation/pieces.h"
#include "threads.h"

enum { AHEAD = 6 };   // memory is asked for so many windows before it is needed

// One axis of the windows. kernel 0 means adaptive windows.
typedef struct {
    intptr_t size, out, kernel, stride, padding, dilation;
} pool_axis;

// The positions start, start + step, … below end.
typedef struct {
    intptr_t start, end, step;
} pool_window;

typedef struct {
    sb_pieces pieces;
    intptr_t channels;
    pool_axis vertical, horizontal;
    bool count_include_pad;
    intptr_t divisor_override;
    const float *x;        // forward: the image; backward: the gradient of the output
    float *y;              // forward: the output; backward: the gradient of the image
    int32_t *index;        // written by the forward function of max pooling
    const int32_t *chosen; // the same, read by its backward function
} pool_job;

static inline pool_window window_at(const pool_axis *axis, intptr_t position) {
    if (axis->kernel == 0)
        return (pool_window){position * axis->size / axis->out,
                             ((position + 1) * axis->size + axis->out - 1) / axis->out, 1};
    intptr_t start = position * axis->stride - axis->padding;
    intptr_t end = start + (axis->kernel - 1) * axis->dilation + 1;
    if (start < 0) start += (-start + axis->dilation - 1) / axis->dilation * axis->dilation;
    if (end > axis->size) end = axis->size;
    return (pool_window){start, end, axis->dilation};
}

// The windows that may hold a position.
static inline pool_window windows_around(const pool_axis *axis, intptr_t position) {
    if (axis->kernel == 0)
        return (pool_window){position * axis->out / axis->size, ((position + 1) * axis->out - 1) / axis->size + 1, 1};
    const intptr_t last = position + axis->padding, first = last - (axis->kernel - 1) * axis->dilation;
    const intptr_t end = last / axis->stride + 1;
    return (pool_window){first > 0 ? first / axis->stride : 0, end < axis->out ? end : axis->out, 1};
}

static inline bool window_holds(pool_window window, intptr_t position) {
    return position >= window.start && position < window.end && (position - window.start) % window.step == 0;
}

// How many positions average pooling counts along an axis: those in the image, or in the image and its padding.
static inline intptr_t window_extent(const pool_axis *axis, intptr_t position, bool count_include_pad) {
    if (axis->kernel == 0 || !count_include_pad) {
        const pool_window window = window_at(axis, position);
        return window.end - window.start;
    }
    const intptr_t start = position * axis->stride - axis->padding, last = axis->size + axis->padding;
    return start + axis->kernel < last ? axis->kernel : last - start;
}

static inline float window_scale(const pool_job *job, intptr_t row, intptr_t column) {
    if (job->divisor_override) return 1.0f / job->divisor_override;
    return 1.0f / (window_extent(&job->vertical, row, job->count_include_pad) *
                   window_extent(&job->horizontal, column, job->count_include_pad));
}
#endif

#define SOURCE "convolution/pooling.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"
#include "foundation/lanes.h"

#define INLINE static inline __attribute__((always_inline))

#undef vi_load_or
#undef vi_store_some
#define vi_load_or KERNEL(vi_load_or)
static inline vi vi_load_or(const int32_t *p, intptr_t count, int32_t fill) {
    if (count < LANES) {
        vi lanes = fill - (vi){0};
        memcpy(&lanes, p, count * sizeof *p);
        return lanes;
    }
    return (vi)vf_load((const float *)p);
}

#define vi_store_some KERNEL(vi_store_some)
static inline void vi_store_some(int32_t *p, vi v, intptr_t count) {
    if (count < LANES) memcpy(p, &v, count * sizeof *p);
    else vf_store((float *)p, (vf)v);
}

// The largest of a window. Height and width are constants after inlining, or those of the ranges; the same with `indexed`.
INLINE void KERNEL(max_window)(const int height, const int width, const bool indexed, const pool_job *job,
                               const float *image, pool_window rows, pool_window columns, float *y, int32_t *index) {
    const intptr_t channels = job->channels, below = rows.step * job->horizontal.size, right = columns.step;
    const intptr_t first = rows.start * job->horizontal.size + columns.start;
    FOR_LANES(c, count, channels) {
        const float *corner = image + first * channels + c;
        vf highest = vf_set(-INFINITY);
        vi position = (int32_t)first - (vi){0};
        for (int i = 0; i < height; ++i)
            for (int j = 0; j < width; ++j) {
                const intptr_t place = i * below + j * right;
                const vf value = vf_load_or(corner + place * channels, count, 0);
                const vi take = (value > highest) | (value != value);
                highest = vf_select(take, value, highest);
                if (indexed) position = (take & (int32_t)(first + place)) | (~take & position);
            }
        vf_store_some(y + c, highest, count);
        if (indexed) vi_store_some(index + c, position, count);
    }
}

// The mean of a window, in the same way.
INLINE void KERNEL(mean_window)(const int height, const int width, const pool_job *job, const float *image,
                                pool_window rows, pool_window columns, float scale, float *y) {
    const intptr_t channels = job->channels, below = job->horizontal.size * channels;
    const float *first = image + rows.start * below + columns.start * channels;
    FOR_LANES(c, count, channels) {
        vf sum = {0};
        for (int i = 0; i < height; ++i)
            for (int j = 0; j < width; ++j) sum += vf_load_or(first + i * below + j * channels + c, count, 0);
        vf_store_some(y + c, sum * scale, count);
    }
}

static inline int KERNEL(positions)(pool_window window) {
    const intptr_t extent = window.end - window.start;
    return (int)(window.step == 1 ? extent : (extent + window.step - 1) / window.step);   // a division takes a window's time
}

// Calls function(…, height, width, …) with the sizes of the most frequent windows as constants.
#define EACH_SIZE(function, height, width, ...) \
    do { \
        if (height == 2 && width == 2) function(2, 2, __VA_ARGS__); \
        else if (height == 3 && width == 3) function(3, 3, __VA_ARGS__); \
        else function(height, width, __VA_ARGS__); \
    } while (0)

// Asks for what windows further to the right will read first: the processor cannot guess it, because a window's rows lie
// far apart.
static void KERNEL(prefetch_windows)(const pool_job *job, const float *image, pool_window rows, intptr_t column) {
    const pool_axis *horizontal = &job->horizontal;
    const intptr_t next = column + AHEAD * horizontal->stride, channels = job->channels;
    if (horizontal->kernel == 0 || next + horizontal->stride > horizontal->size) return;
    for (intptr_t row = rows.start; row < rows.end; row += rows.step) {
        const float *pixel = image + (row * horizontal->size + next) * channels;
        for (intptr_t c = 0; c < horizontal->stride * channels; c += 16) __builtin_prefetch(pixel + c);
    }
}

// A row of the pieces is one row of one output image.
static void KERNEL(pool_rows)(const pool_job *job, intptr_t piece, bool maximum) {
    const pool_axis *vertical = &job->vertical, *horizontal = &job->horizontal;
    const intptr_t end = sb_piece_end(job->pieces, piece), plane = vertical->size * horizontal->size;
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        const intptr_t image = row / vertical->out, line = row % vertical->out;
        const float *x = job->x + image * plane * job->channels;
        const pool_window rows = window_at(vertical, line);
        const int height = KERNEL(positions)(rows);
        for (intptr_t column = 0; column < horizontal->out; ++column) {
            const pool_window columns = window_at(horizontal, column);
            const int width = KERNEL(positions)(columns);
            const intptr_t offset = (row * horizontal->out + column) * job->channels;
            float *y = job->y + offset;
            KERNEL(prefetch_windows)(job, x, rows, columns.start);
            if (maximum && job->index)
                EACH_SIZE(KERNEL(max_window), height, width, true, job, x, rows, columns, y, job->index + offset);
            else if (maximum) EACH_SIZE(KERNEL(max_window), height, width, false, job, x, rows, columns, y, NULL);
            else
                EACH_SIZE(KERNEL(mean_window), height, width, job, x, rows, columns, window_scale(job, line, column), y);
        }
    }
}

static void KERNEL(max_pool_rows)(void *context, intptr_t piece) { KERNEL(pool_rows)(context, piece, true); }
static void KERNEL(mean_pool_rows)(void *context, intptr_t piece) { KERNEL(pool_rows)(context, piece, false); }

// Adds to one image row, gx, what reaches it from one output row's windows. `position` is that of gx's first pixel.
static void KERNEL(max_row_backward)(const pool_job *job, const float *gy, const int32_t *chosen, int32_t position,
                                     float *gx) {
    const intptr_t channels = job->channels;
    for (intptr_t out = 0; out < job->horizontal.out; ++out, gy += channels, chosen += channels) {
        const pool_window columns = window_at(&job->horizontal, out);
        FOR_LANES(c, count, channels) {
            __builtin_prefetch(gy + AHEAD * channels + c);
            __builtin_prefetch(chosen + AHEAD * channels + c);
            const vf g = vf_load_or(gy + c, count, 0);
            const vi winner = vi_load_or(chosen + c, count, -1) - position;
            for (intptr_t column = columns.start; column < columns.end; column += columns.step) {
                float *target = gx + column * channels + c;
                const vf won = vf_select(winner == (int32_t)column, g, (vf){0});
                vf_store_some(target, vf_load_or(target, count, 0) + won, count);
            }
        }
    }
}

static void KERNEL(mean_row_backward)(const pool_job *job, const float *gy, intptr_t line, float *gx) {
    const intptr_t channels = job->channels;
    for (intptr_t out = 0; out < job->horizontal.out; ++out, gy += channels) {
        const pool_window columns = window_at(&job->horizontal, out);
        const float scale = window_scale(job, line, out);
        FOR_LANES(c, count, channels) {
            __builtin_prefetch(gy + AHEAD * channels + c);
            const vf g = vf_load_or(gy + c, count, 0) * scale;
            for (intptr_t column = columns.start; column < columns.end; ++column) {
                float *target = gx + column * channels + c;
                vf_store_some(target, vf_load_or(target, count, 0) + g, count);
            }
        }
    }
}

// Adds to one image row, gx, what reaches it from all output rows whose windows hold it.
static void KERNEL(gather_row)(const pool_job *job, intptr_t image, intptr_t line, float *gx) {
    const pool_axis *vertical = &job->vertical;
    const intptr_t width = job->horizontal.size, out_width = job->horizontal.out * job->channels;
    memset(gx, 0, width * job->channels * sizeof *gx);
    const pool_window around = windows_around(vertical, line);
    for (intptr_t out = around.start; out < around.end; ++out) {
        if (!window_holds(window_at(vertical, out), line)) continue;
        const intptr_t offset = (image * vertical->out + out) * out_width;
        const float *gy = job->x + offset;
        if (job->chosen) KERNEL(max_row_backward)(job, gy, job->chosen + offset, (int32_t)(line * width), gx);
        else KERNEL(mean_row_backward)(job, gy, out, gx);
    }
}

// A row of the pieces is one row of one image: the piece gathers all that reaches it, so that no two pieces write to
// the same place. Rows that are streamed are gathered elsewhere first.
static void KERNEL(pool_rows_backward)(void *context, intptr_t piece) {
    const pool_job *job = context;
    const intptr_t end = sb_piece_end(job->pieces, piece), row_size = job->horizontal.size * job->channels;
    const intptr_t bytes = job->pieces.rows * row_size * (intptr_t)sizeof(float);
    const bool streamed = is_streamed(job->y, row_size, bytes);
    float *gathered = streamed ? sb_scratch(row_size * sizeof *gathered) : NULL;
    for (intptr_t row = sb_piece_begin(job->pieces, piece); row < end; ++row) {
        float *gx = job->y + row * row_size;
        KERNEL(gather_row)(job, row / job->vertical.size, row % job->vertical.size, streamed ? gathered : gx);
        if (streamed)
            FOR_LANES(i, count, row_size) vf_store_result(gx + i, vf_load(gathered + i), count, true);
    }
    if (streamed) end_of_stream();
}

static void KERNEL(max_pool)(pool_job *job) { sb_parallel(job->pieces.count, KERNEL(max_pool_rows), job); }
static void KERNEL(mean_pool)(pool_job *job) { sb_parallel(job->pieces.count, KERNEL(mean_pool_rows), job); }
static void KERNEL(pool_backward)(pool_job *job) { sb_parallel(job->pieces.count, KERNEL(pool_rows_backward), job); }

#undef INLINE
#undef EACH_SIZE

#else

static const sb_pool2d adaptive = {.kernel = {0, 0}};

static pool_job pool_of(sb_pool2d p, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow) {
    return (pool_job){
        .channels = c,
        .vertical = {h, oh, p.kernel[0], p.stride[0], p.padding[0], p.dilation[0]},
        .horizontal = {w, ow, p.kernel[1], p.stride[1], p.padding[1], p.dilation[1]},
        .count_include_pad = p.count_include_pad,
        .divisor_override = p.divisor_override,
    };
}

void sb_max_pool2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_pool2d p,
                   const float *x, float *y, int32_t *index) {
    pool_job job = pool_of(p, c, h, w, oh, ow);
    job.pieces = sb_cut_rows(n * oh, w * c), job.x = x, job.y = y, job.index = index;
    DISPATCH(max_pool, &job);
}

void sb_max_pool2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_pool2d p,
                            const float *gy, const int32_t *index, float *gx) {
    pool_job job = pool_of(p, c, h, w, oh, ow);
    job.pieces = sb_cut_rows(n * h, w * c), job.x = gy, job.y = gx, job.chosen = index;
    DISPATCH(pool_backward, &job);
}

void sb_avg_pool2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_pool2d p,
                   const float *x, float *y) {
    pool_job job = pool_of(p, c, h, w, oh, ow);
    job.pieces = sb_cut_rows(n * oh, w * c), job.x = x, job.y = y;
    DISPATCH(mean_pool, &job);
}

void sb_avg_pool2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, sb_pool2d p,
                            const float *gy, float *gx) {
    pool_job job = pool_of(p, c, h, w, oh, ow);
    job.pieces = sb_cut_rows(n * h, w * c), job.x = gy, job.y = gx;
    DISPATCH(pool_backward, &job);
}

void sb_adaptive_avg_pool2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, const float *x,
                            float *y) {
    sb_avg_pool2d(n, c, h, w, oh, ow, adaptive, x, y);
}

void sb_adaptive_avg_pool2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow,
                                     const float *gy, float *gx) {
    sb_avg_pool2d_backward(n, c, h, w, oh, ow, adaptive, gy, gx);
}

void sb_adaptive_max_pool2d(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow, const float *x,
                            float *y, int32_t *index) {
    sb_max_pool2d(n, c, h, w, oh, ow, adaptive, x, y, index);
}

void sb_adaptive_max_pool2d_backward(intptr_t n, intptr_t c, intptr_t h, intptr_t w, intptr_t oh, intptr_t ow,
                                     const float *gy, const int32_t *index, float *gx) {
    sb_max_pool2d_backward(n, c, h, w, oh, ow, adaptive, gy, index, gx);
}

#endif
