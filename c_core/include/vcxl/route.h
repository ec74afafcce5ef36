/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The straight line: HPA -> window -> host bridge decoder -> root port -> [switch decoder ->
 * downstream port]* -> endpoint decoder -> DPA -> partition -> media bytes, as one function.
 * The TLM modules are the same steps, one socket hop each, and are tested against it.
 */
#ifndef VCXL_ROUTE_H
#define VCXL_ROUTE_H

#include <vcxl/memdev.h>
#include <vcxl/port.h>
#include <vcxl/xor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A CXL Fixed Memory Window (CFMWS). base and size are multiples of 256 MiB. */
struct vcxl_window {
	uint64_t base, size;
	struct vcxl_interleave interleave;
	struct vcxl_xor arithmetic;
	struct vcxl_port *targets[VCXL_MAX_WAYS]; /* host bridges in interleave order; borrowed */
};

/* XOR maps for an interleave: none, or as many as ways have factors 2, the k-th with granularity <<
 * k as its lowest bit, together their own inverse. */
bool vcxl_xor_possible(const struct vcxl_xor *arithmetic, struct vcxl_interleave interleave);

/* base, size aligned, ways and granularity legal, no wrap, XOR maps possible; else VCXL_E_CONFIG.
 */
enum vcxl_status vcxl_window_check(const struct vcxl_window *window);

/* The address that ports and devices see of the host's, and the other way round. Both lie in the
 * same window, and in the same block of granularity x ways (less a factor 3) bytes. */
static inline uint64_t vcxl_window_hpa(const struct vcxl_window *window, uint64_t spa)
{
	return vcxl_xor_apply(&window->arithmetic, spa);
}

/* Index of the host bridge in window->targets. hpa: from vcxl_window_hpa(). */
static inline unsigned vcxl_window_target(const struct vcxl_window *window, uint64_t hpa)
{
	return vcxl_interleave_position(window->interleave, hpa);
}

/* Windows of one host; plain data, the arrays are borrowed. */
struct vcxl_host {
	const struct vcxl_window *windows;
	unsigned n_windows;
};

/* Which device an address of the host goes to, and as which HPA. VCXL_E_UNROUTED when a hop has no
 * answer. */
enum vcxl_status vcxl_route(const struct vcxl_host *host, uint64_t spa, struct vcxl_memdev **out,
			    uint64_t *hpa);

/* The whole line. xfer->len must not cross a granule of any hop (VCXL_E_GRANULE at the endpoint).
 */
enum vcxl_status vcxl_host_access(const struct vcxl_host *host, uint64_t spa,
				  struct vcxl_xfer *xfer);

#ifdef __cplusplus
}
#endif
#endif
