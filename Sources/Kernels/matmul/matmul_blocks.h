// How a batch of products is cut into pieces: some rows and columns of one matrix, or several small matrices.
#ifndef SB_MATMUL_BLOCKS_H
#define SB_MATMUL_BLOCKS_H

#include <stdint.h>

enum {
    SMALL_WORK = 50 * 1000,   // multiply-adds that are not worth waking another thread
    BLOCK_COLUMNS = 512,
    WANTED_PIECES = 8,
    LEAST_ROWS = 56,          // a piece packs its columns of b, which fewer rows do not make up for
};

typedef struct {
    intptr_t batch, m, n;
    intptr_t row_blocks, column_blocks, matrices;   // matrices: how many belong to one piece
} sb_product_blocks;

/// What one piece computes of the matrices `first_matrix` ..< `end_matrix`.
typedef struct {
    intptr_t first_matrix, end_matrix, row, rows, column, columns;
} sb_product_block;

static inline intptr_t sb_quotient_up(intptr_t a, intptr_t b) { return (a + b - 1) / b; }

/// Blocks as large as the caches like, but enough of them that several threads have work. A block has at most
/// `most_rows`: the faster a product is, the more of them it takes to make up for packing columns of b.
static inline sb_product_blocks sb_cut_products(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, intptr_t most_rows) {
    const double work = (double)m * (double)n * (double)(k ? k : 1);
    sb_product_blocks blocks = {batch, m, n, sb_quotient_up(m, most_rows), sb_quotient_up(n, BLOCK_COLUMNS),
                                work >= SMALL_WORK ? 1 : (intptr_t)(SMALL_WORK / work) + 1};
    while (batch * blocks.row_blocks * blocks.column_blocks < WANTED_PIECES &&
           work / (double)(blocks.row_blocks * blocks.column_blocks) > 4 * SMALL_WORK) {
        const intptr_t rows = m / blocks.row_blocks, columns = n / blocks.column_blocks;
        if (columns >= 64 && (columns >= rows || rows < 2 * LEAST_ROWS)) blocks.column_blocks *= 2;
        else if (rows >= 2 * LEAST_ROWS) blocks.row_blocks *= 2;
        else break;
    }
    return blocks;
}

static inline intptr_t sb_product_pieces(const sb_product_blocks *blocks) {
    return sb_quotient_up(blocks->batch, blocks->matrices) * blocks->row_blocks * blocks->column_blocks;
}

/// The block of a piece; its columns are those of whole panels of `panel` columns.
static inline sb_product_block sb_product_block_at(const sb_product_blocks *all, intptr_t piece, intptr_t panel) {
    const intptr_t blocks = all->row_blocks * all->column_blocks;
    const intptr_t row_block = piece % blocks / all->column_blocks, column_block = piece % all->column_blocks;
    const intptr_t first = piece / blocks * all->matrices, panels = (all->n + panel - 1) / panel;
    const intptr_t row = all->m * row_block / all->row_blocks, row_end = all->m * (row_block + 1) / all->row_blocks;
    const intptr_t column = panels * column_block / all->column_blocks * panel;
    const intptr_t column_end = panels * (column_block + 1) / all->column_blocks * panel;
    return (sb_product_block){first, first + all->matrices < all->batch ? first + all->matrices : all->batch,
                              row, row_end - row, column, (column_end < all->n ? column_end : all->n) - column};
}

#endif
