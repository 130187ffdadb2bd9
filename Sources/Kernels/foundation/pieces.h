// How kernels over rows cut their work: into pieces that depend on the problem's size only, never on the threads.
#ifndef SB_PIECES_H
#define SB_PIECES_H

#include <stdint.h>

/// `rows` rows cut into `count` pieces of `rows_each` rows; the last piece may be shorter.
typedef struct {
    intptr_t rows, rows_each, count;
} sb_pieces;

/// Pieces of about `piece_cost` units of work, where one row costs `row_cost` units; at most `limit` pieces.
static inline sb_pieces sb_cut(intptr_t rows, intptr_t row_cost, intptr_t piece_cost, intptr_t limit) {
    if (row_cost < 1) row_cost = 1;
    intptr_t each = (piece_cost + row_cost - 1) / row_cost;
    const intptr_t least = rows > 0 ? (rows - 1) / limit + 1 : 1;   // `limit` may be the largest number there is
    if (each < least) each = least;
    return (sb_pieces){rows, each, (rows + each - 1) / each};
}

/// Pieces of at most `most` rows that differ as little as can be.
static inline sb_pieces sb_cut_evenly(intptr_t rows, intptr_t most) {
    const intptr_t count = (rows + most - 1) / most;
    return sb_cut(rows, 1, count > 0 ? (rows + count - 1) / count : 1, INTPTR_MAX);
}

/// Pieces of about 16,384 elements: large enough to hide the hand-over to a thread, small enough to balance.
static inline sb_pieces sb_cut_rows(intptr_t rows, intptr_t elements_in_row) {
    return sb_cut(rows, elements_in_row, 16384, INTPTR_MAX);
}

/// The pieces from last to first: for a pass over memory that another has just passed over, whose end may still lie in
/// a cache while its beginning does not.
static inline intptr_t sb_backwards(sb_pieces pieces, intptr_t piece) { return pieces.count - 1 - piece; }

static inline intptr_t sb_piece_begin(sb_pieces pieces, intptr_t piece) { return piece * pieces.rows_each; }

static inline intptr_t sb_piece_end(sb_pieces pieces, intptr_t piece) {
    const intptr_t end = (piece + 1) * pieces.rows_each;
    return end < pieces.rows ? end : pieces.rows;
}

#endif
