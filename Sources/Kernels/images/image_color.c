#ifndef ISA_PASS
#include "image.h"

// Pixels are taken apart into this many of each channel.
enum { COLOR_BLOCK = 64 };
#endif

#define SOURCE "images/image_color.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS
#include "foundation/vector.h"

#undef hsv_block
#undef channel
#define hsv_block KERNEL(hsv_block)
#define channel KERNEL(channel)

// A channel of the color with hue `h` (in sixths of the circle), value `v` and chroma `c`: v - c · max(0, min(k, 4 - k, 1))
// with k = (n + h) mod 6.
static inline __attribute__((always_inline)) vf channel(float n, vf h, vf v, vf c) {
    vf k = h + n;
    k = vf_select(k >= 6, k - 6, k);
    const vf ramp = vf_max((vf){0}, vf_min(vf_min(k, 4 - k), vf_set(1)));
    return v - c * ramp;
}

// r, g and b in, and out, from 0 to 255.
static void hsv_block(float turn, float saturation, float value, float *red, float *green, float *blue) {
    for (intptr_t i = 0; i < COLOR_BLOCK; i += LANES) {
        const vf r = vf_load(red + i), g = vf_load(green + i), b = vf_load(blue + i);
        const vf high = vf_max(r, vf_max(g, b)), low = vf_min(r, vf_min(g, b)), chroma = high - low;
        const vf inverse = 1 / vf_max(chroma, vf_set(1));
        vf hue = vf_select(high == r, (g - b) * inverse, vf_select(high == g, (b - r) * inverse + 2,
                                                                       (r - g) * inverse + 4));
        hue += turn;   // from -1 to 11
        hue = vf_select(hue < 0, hue + 6, hue);
        hue = vf_select(hue >= 6, hue - 6, hue);
        // The factors of saturation and value, where neither may exceed what there is.
        const vf bright = vf_min(high * value, vf_set(255));
        const vf strength = vf_min(chroma * saturation / vf_max(high, vf_set(1)), vf_set(1));
        const vf c = bright * strength;
        vf_store(red + i, channel(5, hue, bright, c));
        vf_store(green + i, channel(3, hue, bright, c));
        vf_store(blue + i, channel(1, hue, bright, c));
    }
}

static void KERNEL(image_hsv)(intptr_t count, float turn, float saturation, float value, uint8_t *pixels) {
    float red[COLOR_BLOCK] = {0}, green[COLOR_BLOCK] = {0}, blue[COLOR_BLOCK] = {0};
    for (intptr_t start = 0; start < count; start += COLOR_BLOCK) {
        const intptr_t n = count - start < COLOR_BLOCK ? count - start : COLOR_BLOCK;
        uint8_t *block = pixels + 3 * start;
        for (intptr_t i = 0; i < n; ++i) {
            red[i] = block[3 * i];
            green[i] = block[3 * i + 1];
            blue[i] = block[3 * i + 2];
        }
        hsv_block(turn, saturation, value, red, green, blue);
        for (intptr_t i = 0; i < n; ++i) {
            block[3 * i] = (uint8_t)(red[i] + 0.5f);
            block[3 * i + 1] = (uint8_t)(green[i] + 0.5f);
            block[3 * i + 2] = (uint8_t)(blue[i] + 0.5f);
        }
    }
}

static void KERNEL(image_fractions)(intptr_t count, const uint8_t *x, float *y) {
    for (intptr_t i = 0; i < count; ++i) y[i] = x[i] / 255.0f;
}

#else

void sb_image_hsv(intptr_t count, float turn, float saturation, float value, uint8_t *pixels) {
    const float sixths = 6 * (turn - floorf(turn));
    DISPATCH(image_hsv, count, sixths, saturation < 0 ? 0 : saturation, value < 0 ? 0 : value, pixels);
}

void sb_image_fractions(intptr_t count, const uint8_t *x, float *y) { DISPATCH(image_fractions, count, x, y); }

#endif
