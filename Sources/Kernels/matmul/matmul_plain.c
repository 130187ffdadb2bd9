// Products of float64 and int64 matrices: each row of the result grows by multiples of the rows of b. Less elaborate
// than float32's, because these types serve checks and counting.
#ifndef ISA_PASS
#include "matmul.h"

typedef struct {
    intptr_t batch, m, n, k;
    const void *a, *b;
    void *c;
    intptr_t a_batch, a_row, a_col, b_batch, b_row, b_col, c_batch, c_row;
    double alpha, beta;   // read by the float64 product only
} plain_job;
#endif

#define SOURCE "matmul/matmul_plain.c"
#include "foundation/per_isa.h"
#ifdef ISA_PASS

// c[0 ..< n] += factor · b[0 ..< n]
#define ADD_MULTIPLE(name, element) \
    static void KERNEL(name)(intptr_t n, element factor, const element *b, intptr_t b_col, element *c) { \
        if (b_col == 1) for (intptr_t j = 0; j < n; ++j) c[j] += factor * b[j]; \
        else for (intptr_t j = 0; j < n; ++j) c[j] += factor * b[j * b_col]; \
    }

ADD_MULTIPLE(add_multiple_f64, double)
ADD_MULTIPLE(add_multiple_i64, uint64_t)   // unsigned, because its overflow wraps around

// A piece is one row of one of the results.
static void KERNEL(row_f64)(void *context, intptr_t piece) {
    const plain_job *job = context;
    const intptr_t matrix = piece / job->m, row = piece % job->m;
    const double *a = (const double *)job->a + matrix * job->a_batch + row * job->a_row;
    const double *b = (const double *)job->b + matrix * job->b_batch;
    double *c = (double *)job->c + matrix * job->c_batch + row * job->c_row;
    for (intptr_t j = 0; j < job->n; ++j) c[j] = job->beta != 0 ? job->beta * c[j] : 0;
    for (intptr_t i = 0; i < job->k; ++i)
        KERNEL(add_multiple_f64)(job->n, job->alpha * a[i * job->a_col], b + i * job->b_row, job->b_col, c);
}

static void KERNEL(row_i64)(void *context, intptr_t piece) {
    const plain_job *job = context;
    const intptr_t matrix = piece / job->m, row = piece % job->m;
    const uint64_t *a = (const uint64_t *)job->a + matrix * job->a_batch + row * job->a_row;
    const uint64_t *b = (const uint64_t *)job->b + matrix * job->b_batch;
    uint64_t *c = (uint64_t *)job->c + matrix * job->c_batch + row * job->c_row;
    memset(c, 0, sizeof *c * (size_t)job->n);
    for (intptr_t i = 0; i < job->k; ++i)
        KERNEL(add_multiple_i64)(job->n, a[i * job->a_col], b + i * job->b_row, job->b_col, c);
}

static void KERNEL(rows_f64)(intptr_t rows, plain_job *job) { sb_parallel(rows, KERNEL(row_f64), job); }
static void KERNEL(rows_i64)(intptr_t rows, plain_job *job) { sb_parallel(rows, KERNEL(row_i64), job); }

#undef ADD_MULTIPLE

#else

void sb_matmul_batched_f64(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, double alpha, const double *a,
                           intptr_t a_batch, intptr_t a_row, intptr_t a_col, const double *b, intptr_t b_batch,
                           intptr_t b_row, intptr_t b_col, double beta, double *c, intptr_t c_batch, intptr_t c_row) {
    if (batch <= 0 || m <= 0 || n <= 0) return;
    plain_job job = {batch, m, n, k, a, b, c, a_batch, a_row, a_col, b_batch, b_row, b_col, c_batch, c_row, alpha, beta};
    DISPATCH(rows_f64, batch * m, &job);
}

void sb_matmul_batched_i64(intptr_t batch, intptr_t m, intptr_t n, intptr_t k, const int64_t *a, intptr_t a_batch,
                           intptr_t a_row, intptr_t a_col, const int64_t *b, intptr_t b_batch, intptr_t b_row,
                           intptr_t b_col, int64_t *c, intptr_t c_batch, intptr_t c_row) {
    if (batch <= 0 || m <= 0 || n <= 0) return;
    plain_job job = {batch, m, n, k, a, b, c, a_batch, a_row, a_col, b_batch, b_row, b_col, c_batch, c_row, 1, 0};
    DISPATCH(rows_i64, batch * m, &job);
}

#endif
