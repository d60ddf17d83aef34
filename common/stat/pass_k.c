/* pass@k: M. Chen et al., "Evaluating Large Language Models Trained on Code",
 * 2021: 1 - C(n - c, k) / C(n, k).  pass^k: S. Yao et al., "tau-bench", 2024:
 * C(c, k) / C(n, k).  It refuses to know what passed. */
#include "pass_k.h"

/* C(c, k) / C(n, k), as a product of k factors below 1. */
double
pass_hat_k(uint64_t n, uint64_t c, uint64_t k)
{
	double all = 1;

	if (c < k)
		return 0;
	for (uint64_t i = 0; i < k; i++)
		all *= (double)(c - i) / (double)(n - i);
	return all;
}

double
pass_at_k(uint64_t n, uint64_t c, uint64_t k)
{
	return 1 - pass_hat_k(n, n - c, k);
}
