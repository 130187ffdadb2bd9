// Lays filters out for products, with the output channels side by side. Include inside an ISA pass, after
// matmul_core.h and vector_transpose.h.
//
// In memory the taps of a pair of channels lie side by side, and forward also those of all input channels of an output
// channel. Such stretches of memory are transposed in registers, for as many output channels at a time as there are lanes.

#ifndef SB_CONVOLUTION_FILTERS_H
#define SB_CONVOLUTION_FILTERS_H

enum { STRETCH_TAPS = 256, STRETCH_AHEAD = 6 };

/// Input channels `first` ..< `first` + `count` of a convolution's filters.
typedef struct {
    const sb_convolution *convolution;
    intptr_t first, count;
    intptr_t rows[STRETCH_TAPS];   // for each of the filter's taps the first row of a panel that it goes to, or -1
} sb_filter_rows;

/// Whether the taps lie side by side; only then are there rows.
static inline bool sb_find_filter_rows(sb_filter_rows *filters) {
    const sb_convolution *c = filters->convolution;
    const sb_filter *filter = &c->filter;
    const intptr_t taps = filter->size[0] * filter->size[1];
    if (filter->tap[1] != 1 || filter->tap[0] != filter->size[1] || taps > STRETCH_TAPS) return false;
    for (intptr_t tap = 0; tap < taps; ++tap) filters->rows[tap] = -1;
    for (intptr_t i = 0; i < c->axis[0].taps; ++i)
        for (intptr_t j = 0; j < c->axis[1].taps; ++j) {
            const intptr_t tap = (c->axis[0].tap_first + i * c->axis[0].tap_step) * filter->size[1] +
                                 c->axis[1].tap_first + j * c->axis[1].tap_step;
            filters->rows[tap] = (i * c->axis[1].taps + j) * filters->count;
        }
    return true;
}

#endif

#undef store_stretch
#undef pack_filter_lanes
#undef pack_filter_panel

#define store_stretch KERNEL(store_stretch)
/// Stores the taps of `channels` input channels, which follow each other in memory, to rows for `channel` and following.
static inline void store_stretch(const sb_filter_rows *filters, const float *from, intptr_t lanes, intptr_t channel,
                                 intptr_t channels, intptr_t ahead, float *to) {
    const sb_filter *filter = &filters->convolution->filter;
    const intptr_t taps = filter->size[0] * filter->size[1], count = channels * taps;
    for (intptr_t begin = 0, tap = 0; begin < count; begin += LANES) {
        vf lines[LANES];
        gather_lines(from + begin, filter->output, lanes, count - begin, ahead, lines);
        const intptr_t rest = count - begin;
        for (intptr_t i = 0; i < LANES && i < rest; ++i) {
            if (filters->rows[tap] >= 0) vf_store(to + (filters->rows[tap] + channel) * MATMUL_PANEL, lines[i]);
            if (++tap < taps) continue;
            tap = 0;
            ++channel;
        }
    }
}

#define pack_filter_lanes KERNEL(pack_filter_lanes)
/// As store_stretch, for one input channel and filters that lie in any way.
static inline void pack_filter_lanes(const sb_filter_rows *filters, const float *from, intptr_t lanes, intptr_t channel,
                                     float *to) {
    const sb_convolution *c = filters->convolution;
    for (intptr_t i = 0; i < c->axis[0].taps; ++i)
        for (intptr_t j = 0; j < c->axis[1].taps; ++j, to += filters->count * MATMUL_PANEL) {
            const float *tap = from + (c->axis[0].tap_first + i * c->axis[0].tap_step) * c->filter.tap[0] +
                               (c->axis[1].tap_first + j * c->axis[1].tap_step) * c->filter.tap[1];
            vf row = {0};
            if (c->filter.output == 1 && lanes > 0) row = vf_load_or(tap, lanes, 0);
            else for (intptr_t l = 0; l < LANES && l < lanes; ++l) row[l] = tap[l * c->filter.output];
            vf_store(to + channel * MATMUL_PANEL, row);
        }
}

#define pack_filter_panel KERNEL(pack_filter_panel)
/// One panel of the filters, of input channels `first` ..< `first` + `count`: rows for each tap and input channel, the
/// input channel running fastest, and a column for each output channel.
static inline void pack_filter_panel(const sb_convolution *c, intptr_t panel, intptr_t first, intptr_t count, float *to) {
    sb_filter_rows filters = {.convolution = c, .first = first, .count = count};
    const sb_filter *filter = &c->filter;
    const intptr_t taps = filter->size[0] * filter->size[1];
    const bool together = filter->output != 1 && sb_find_filter_rows(&filters);
    for (intptr_t half = 0; half < MATMUL_PANEL; half += LANES) {
        const intptr_t output = panel * MATMUL_PANEL + half, lanes = c->out.channels - output;
        const float *from = filter->data + output * filter->output + first * filter->input;
        if (together && lanes > 0 && filter->input == taps) {
            store_stretch(&filters, from, lanes, 0, count, STRETCH_AHEAD * LANES, to + half);
            continue;
        }
        for (intptr_t channel = 0; channel < count; ++channel, from += filter->input) {
            if (together && lanes > 0)
                store_stretch(&filters, from, lanes, channel, 1, STRETCH_AHEAD * filter->input, to + half);
            else pack_filter_lanes(&filters, from, lanes, channel, to + half);
        }
    }
}
