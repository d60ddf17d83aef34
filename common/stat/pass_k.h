/* What a row that passed C of N times says about K tries. */
#ifndef PASS_K_H
#define PASS_K_H

#include "../base/base.h"

/* Passes at least once, always; unbiased, K <= N. */
double pass_at_k(uint64_t n, uint64_t c, uint64_t k);
double pass_hat_k(uint64_t n, uint64_t c, uint64_t k);

#endif
