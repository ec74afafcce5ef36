/* SPDX-License-Identifier: Apache-2.0 */
/* Memory backends with tags, which several devices may share; see vcxl/dc.h. */
#include <stdlib.h>
#include <string.h>

#include "dc.h"
#include "memdev.h"

enum vcxl_status vcxl_dc_pool_create(unsigned max_backends, struct vcxl_dc_pool **out)
{
	struct vcxl_dc_pool *pool;

	*out = NULL;
	if (!max_backends)
		return VCXL_E_CONFIG;
	pool = calloc(1, sizeof(*pool) + max_backends * sizeof(pool->backends[0]));
	if (!pool)
		return VCXL_E_NOMEM;
	pool->max = max_backends;
	pool->backends = (struct vcxl_dc_backend *)(pool + 1);
	*out = pool;
	return VCXL_OK;
}

void vcxl_dc_pool_destroy(struct vcxl_dc_pool *pool)
{
	free(pool);
}

struct vcxl_dc_backend *vcxl_dc_pool_find(struct vcxl_dc_pool *pool, const uint8_t tag[VCXL_DC_TAG])
{
	for (unsigned i = 0; pool && i < pool->max; i++)
		if (pool->backends[i].present && !memcmp(pool->backends[i].tag, tag, VCXL_DC_TAG))
			return &pool->backends[i];
	return NULL;
}

enum vcxl_dc_error vcxl_dc_pool_attach(struct vcxl_dc_pool *pool, const uint8_t tag[VCXL_DC_TAG],
				       const struct vcxl_media *media)
{
	if (!vcxl_dc_tagged(tag))
		return VCXL_DC_E_TAG;
	if (!media->size || !vcxl_media_valid(media))
		return VCXL_DC_E_SIZE;
	if (vcxl_dc_pool_find(pool, tag))
		return VCXL_DC_E_BUSY;
	for (unsigned i = 0; i < pool->max; i++) {
		struct vcxl_dc_backend *backend = &pool->backends[i];

		if (backend->present)
			continue;
		*backend = (struct vcxl_dc_backend){ .present = true, .media = *media };
		memcpy(backend->tag, tag, VCXL_DC_TAG);
		pool->generation++;
		return VCXL_DC_OK;
	}
	return VCXL_DC_E_POOL;
}

enum vcxl_dc_error vcxl_dc_pool_detach(struct vcxl_dc_pool *pool, const uint8_t tag[VCXL_DC_TAG])
{
	struct vcxl_dc_backend *backend = vcxl_dc_pool_find(pool, tag);

	if (!backend)
		return VCXL_DC_E_TAG;
	if (backend->n_extents || backend->fm_reference)
		return VCXL_DC_E_BUSY;
	backend->present = false;
	pool->generation++;
	return VCXL_DC_OK;
}

enum vcxl_dc_error vcxl_dc_backend_clean(struct vcxl_dc_backend *backend)
{
	if (!backend->sanitize || backend->n_extents || backend->fm_reference)
		return VCXL_DC_OK;
	if (vcxl_media_fill(&backend->media, 0, backend->media.size, 0) ||
	    vcxl_media_flush(&backend->media, 0, backend->media.size))
		return VCXL_DC_E_MEDIA;
	backend->sanitize = false;
	return VCXL_DC_OK;
}
