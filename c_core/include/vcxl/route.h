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

#ifdef __cplusplus
extern "C" {
#endif

/* A CXL Fixed Memory Window (CFMWS). base and size are multiples of 256 MiB. */
struct vcxl_window {
	uint64_t base, size;
	struct vcxl_interleave interleave;
	struct vcxl_port *targets[VCXL_MAX_WAYS]; /* host bridges in interleave order; borrowed */
};

/* base, size aligned, ways and granularity legal, no wrap; else VCXL_E_CONFIG. */
enum vcxl_status vcxl_window_check(const struct vcxl_window *window);

/* Index of the host bridge in window->targets. hpa must lie in the window. */
static inline unsigned vcxl_window_target(const struct vcxl_window *window, uint64_t hpa)
{
	return vcxl_interleave_position(window->interleave, hpa);
}

/* Windows of one host; plain data, the arrays are borrowed. */
struct vcxl_host {
	const struct vcxl_window *windows;
	unsigned n_windows;
};

/* Which device an address goes to. VCXL_E_UNROUTED when a hop has no answer. */
enum vcxl_status vcxl_route(const struct vcxl_host *host, uint64_t hpa, struct vcxl_memdev **out);

/* The whole line. xfer->len must not cross a granule of any hop (VCXL_E_GRANULE at the endpoint).
 */
enum vcxl_status vcxl_host_access(const struct vcxl_host *host, uint64_t hpa,
				  struct vcxl_xfer *xfer);

#ifdef __cplusplus
}
#endif
#endif
