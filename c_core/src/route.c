/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The straight line from a host address to a device: window, host bridge, any number of ports,
 * memory device. CXL r3.1 9.13; windows: 9.18.1.3 (CFMWS).
 */
#include <stddef.h>

#include <vcxl/route.h>

/* The k-th bit of a target is selected by the k-th map, and the maps applied twice change nothing.
 * They are linear: what holds for each bit of an address holds for all addresses. */
bool vcxl_xor_possible(const struct vcxl_xor *arithmetic, struct vcxl_interleave interleave)
{
	if (arithmetic->n != 0 && arithmetic->n != interleave.ways_shift)
		return false;
	for (unsigned k = 0; k < arithmetic->n; k++)
		if ((arithmetic->map[k] & -arithmetic->map[k]) !=
		    VCXL_BIT(interleave.granule_shift + k))
			return false;
	for (unsigned bit = 0; bit < 64; bit++)
		if (vcxl_xor_apply(arithmetic, vcxl_xor_apply(arithmetic, VCXL_BIT(bit))) !=
		    VCXL_BIT(bit))
			return false;
	return true;
}

enum vcxl_status vcxl_window_check(const struct vcxl_window *window)
{
	const struct vcxl_interleave il = window->interleave;
	struct vcxl_interleave legal;

	if (!window->size || window->base % VCXL_HDM_ALIGN || window->size % VCXL_HDM_ALIGN)
		return VCXL_E_CONFIG;
	if (window->size - 1 > UINT64_MAX - window->base)
		return VCXL_E_CONFIG;
	if (il.granule_shift < 8 || il.ways_shift > 4 ||
	    vcxl_interleave_decode(vcxl_interleave_eiw(il), vcxl_interleave_eig(il), &legal))
		return VCXL_E_CONFIG;
	/* CXL r3.1 9.18.1.3: the size is a multiple of ways x 256 MiB */
	if (window->size % (VCXL_HDM_ALIGN * vcxl_interleave_ways(il)))
		return VCXL_E_CONFIG;
	for (unsigned i = 0; i < vcxl_interleave_ways(il); i++)
		if (!window->targets[i])
			return VCXL_E_CONFIG;
	return vcxl_xor_possible(&window->arithmetic, il) ? VCXL_OK : VCXL_E_CONFIG;
}

static const struct vcxl_window *find_window(const struct vcxl_host *host, uint64_t spa)
{
	for (unsigned w = 0; w < host->n_windows; w++)
		if (spa - host->windows[w].base < host->windows[w].size)
			return &host->windows[w];
	return NULL;
}

enum vcxl_status vcxl_route(const struct vcxl_host *host, uint64_t spa, struct vcxl_memdev **out,
			    uint64_t *hpa)
{
	const struct vcxl_window *window = find_window(host, spa);
	const struct vcxl_port *port;

	*out = NULL;
	if (!window)
		return VCXL_E_UNROUTED;
	*hpa = vcxl_window_hpa(window, spa);
	port = window->targets[vcxl_window_target(window, *hpa)];
	while (port) { /* host bridge, root port, [upstream port, downstream port]* */
		unsigned dport;
		const enum vcxl_status status = vcxl_port_target(port, *hpa, &dport);

		if (status)
			return status;
		*out = vcxl_port_child_memdev(port, dport);
		if (*out)
			return VCXL_OK;
		port = vcxl_port_child_port(port, dport);
	}
	return VCXL_E_UNROUTED;
}

enum vcxl_status vcxl_host_access(const struct vcxl_host *host, uint64_t spa,
				  struct vcxl_xfer *xfer)
{
	struct vcxl_memdev *memdev;
	uint64_t hpa;
	const enum vcxl_status status = vcxl_route(host, spa, &memdev, &hpa);

	return status ? status : vcxl_memdev_access(memdev, hpa, xfer);
}
